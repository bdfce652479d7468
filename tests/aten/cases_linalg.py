"""Factorizations and what is solved with them; all outputs lead to the loss, or one."""

from .one_call import of_matrices

A, TALL, WIDE, B = "f32[3, 20, 20]", "f32[3, 30, 20]!", "f32[3, 20, 30]!", "f32[3, 20, 7]"

CASES = [
    of_matrices("linalg_cholesky_ex.default", A + "!"),
    of_matrices("linalg_cholesky_ex.default", A + "!", upper=True),
    of_matrices("linalg_cholesky_ex.default", "f32[20, 20]!"),
    of_matrices("linalg_cholesky_ex.default", A, note="no gradient"),
    of_matrices("cholesky.default", A + "!"),
    of_matrices("linalg_lu_factor_ex.default", A + "!", every=False),
    of_matrices("linalg_lu_factor_ex.default", "f32[20, 20]!", every=False),
    of_matrices("linalg_lu.default", A + "!"),
    of_matrices("linalg_lu.default", A, note="no gradient"),
    *(of_matrices("linalg_qr.default", matrix) for matrix in (A + "!", TALL, WIDE, "f32[20, 20]!")),
    *(of_matrices("linalg_qr.default", matrix, every=False, note="Q alone")
      for matrix in (A + "!", TALL, WIDE)),
    *(of_matrices("_linalg_svd.default", matrix) for matrix in (A + "!", TALL, WIDE)),
    *(of_matrices("_linalg_svd.default", matrix, every=False, note="U alone")
      for matrix in (A + "!", TALL, WIDE, "f32[3, 20, 30]")),
    of_matrices("_linalg_svd.default", TALL, True, every=False, note="full, U alone"),
    of_matrices("linalg_svdvals.default", A + "!"),
    of_matrices("linalg_svdvals.default", WIDE),
    of_matrices("_linalg_eigh.default", A + "!"),
    of_matrices("_linalg_eigh.default", A + "!", every=False, note="eigenvalues alone"),
    of_matrices("_linalg_eigh.default", A, note="no gradient"),
    of_matrices("linalg_inv_ex.default", A + "!"),
    of_matrices("linalg_inv_ex.default", "f32[20, 20]!"),
    of_matrices("linalg_inv_ex.default", A, note="no gradient"),
    of_matrices("_linalg_solve_ex.default", A + "!", B + "!", every=False),
    of_matrices("_linalg_solve_ex.default", A, B + "!", every=False),
    of_matrices("_linalg_solve_ex.default", A + "!", B, every=False),
    of_matrices("_linalg_solve_ex.default", "f32[20, 20]!", "f32[20]!", every=False),
    of_matrices("linalg_solve_triangular.default", A + "!", B + "!", upper=False),
    of_matrices("linalg_solve_triangular.default", A, B + "!", upper=False),
    of_matrices("linalg_solve_triangular.default", A + "!", B, upper=True),
]  # fmt: skip
