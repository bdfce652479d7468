"""Faults of the operators of random."""

from ops.defect import GONE, broken, twin

DEFECTS = [
    *twin(
        "Multinomial",
        ["f32[2, 3]"],
        broken(0, "f32[3]", "rank-mismatch", "input of rank 2, not rank 1"),
        broken(0, "u8[2, 3]", "dtype-unsupported", "input of u8 at opset 20: one of f64 f32 f16"),
        broken("sample_size", 0, "attr-value", "draws at least 1 sample, not sample_size 0"),
        broken(0, None, "input-missing", "its input input"),
        broken("sample_size", [5], "attr-kind", "sample_size is of kind ints, not int"),
        sample_size=5,
    ),
    *twin(
        "Multinomial",
        ["f32[2, 3]"],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        opset=7,
        dtype=7,
    ),
    *twin(
        "RandomNormal",
        [],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken("shape", [-1, 3], "negative-dim", "shape is -1 at entry 0"),
        broken("shape", GONE, "attr-missing", "the attribute shape"),
        broken("dtype", [11], "attr-kind", "dtype is of kind ints, not int"),
        shape=(2, 3),
        dtype=11,
    ),
    *twin(
        "RandomNormalLike",
        ["i64[2, 3]"],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken(0, None, "input-missing", "its input input"),
        broken("dtype", [1], "attr-kind", "dtype is of kind ints, not int"),
        dtype=1,
    ),
    *twin(
        "RandomUniform",
        [],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken("shape", [-1, 3], "negative-dim", "shape is -1 at entry 0"),
        broken("shape", GONE, "attr-missing", "the attribute shape"),
        broken("dtype", [11], "attr-kind", "dtype is of kind ints, not int"),
        shape=(2, 3),
        dtype=11,
    ),
    *twin(
        "RandomUniformLike",
        ["i64[2, 3]"],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken(0, None, "input-missing", "its input input"),
        broken("dtype", [1], "attr-kind", "dtype is of kind ints, not int"),
        dtype=1,
    ),
]
