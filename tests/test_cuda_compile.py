"""Every kernel compiled for every target, without a GPU: what the machine code is like."""

from __future__ import annotations

import re
from functools import cache

import pytest

pytest.importorskip("numba.cuda")
pytest.importorskip("cuda.bindings.nvjitlink")

from cuda_ptx import BITS, accesses, parameter_bits, per_vector
from shapewright.cuda.build import TARGETS, assemble, compile_ptx
from shapewright.cuda.kernels import all_names, kernel_named

REGISTERS = 65536  # of a multiprocessor, on each target
LEAST_BLOCKS = 2  # that must fit at once
SHARED_BYTES = 48 << 10  # what a kernel has without asking

# PTX instructions for each 16 bytes a thread moves. A tile goes through shared memory, so its
# budget is several times that of the copy; what is held here is that it does not grow.
BUDGET = {"copy_16": 10, "tile_16": 50, "tile_8": 50, "tile_4": 48, "tile_2": 42, "tile_1": 42}


@cache
def ptx_of(name: str) -> str:
    return compile_ptx(kernel_named(name))


@pytest.mark.parametrize("name", all_names())
def test_ptx(name: str) -> None:
    kernel, ptx = kernel_named(name), ptx_of(name)
    expected = [BITS[p.kind] for p in kernel.launch_params for _ in range(max(1, p.count))]
    assert parameter_bits(ptx) == expected
    assert f".entry {name}(" in ptx
    assert f".maxntid {kernel.threads}" in ptx
    assert ".local" not in ptx
    assert not re.search(r"\b(div|rem)\.", ptx)
    assert not re.search(r"\bcall\b", ptx)
    widths = {access.width for access in accesses(ptx.splitlines()) if access.space == "global"}
    ends = {1} if name.startswith("copy") else set()  # head and tail
    assert widths == {kernel.vector_bytes} | ends
    assert kernel.shared_words * 4 <= SHARED_BYTES


@pytest.mark.parametrize("name", all_names())
def test_machine_code(name: str) -> None:
    kernel, ptx = kernel_named(name), ptx_of(name)
    for target in TARGETS:
        log = assemble(ptx, target).log
        assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in log, target
        used = re.search(r"Used (\d+) registers", log)
        assert used is not None
        assert int(used[1]) * kernel.threads * LEAST_BLOCKS <= REGISTERS, target


@pytest.mark.parametrize("name", [n for n in all_names() if n.startswith("tile") or n == "copy_16"])
def test_instructions(name: str) -> None:
    family = "_".join(name.split("_")[:2])
    count = per_vector(ptx_of(name), kernel_named(name).reg_words // 4)
    assert 4 < count <= BUDGET[family] * (1 if name.endswith("_3") or family == "copy_16" else 1.5)
