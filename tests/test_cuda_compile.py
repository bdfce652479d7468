"""Every kernel compiled for every target, without a GPU: what the machine code is like."""

from __future__ import annotations

import ctypes
import re
from functools import cache
from typing import Any

import pytest

pytest.importorskip("numba.cuda")
pytest.importorskip("cuda.bindings.nvjitlink")

from cuda_ptx import BITS, accesses, basic_blocks, parameter_bits, per_vector, per_word_vector
from driver_entry import ENTRY
from shapewright import _core
from shapewright.cuda.build import TARGETS, assemble, compile_ptx
from shapewright.cuda.kernels import all_names, kernel_named
from shapewright.cuda.kernels.element import BYTES
from shapewright.cuda.kernels.walk import AT_ONCE
from shapewright.cuda.step import Step

REGISTERS = 65536  # of a multiprocessor, on each target
LEAST_BLOCKS = 2  # that must fit at once
SHARED_BYTES = 48 << 10  # what a kernel has without asking

# PTX instructions for each 16 bytes a thread moves; what is held here is that they do not grow.
# They do not decide the speed: a copy of four vectors a thread needs 10 where one of a single
# vector needs 26, and is slower by 4% on an H200.
BUDGET = {"copy_16": 26, "tile_16": 54, "tile_8": 51, "tile_4": 49, "tile_2": 42, "tile_1": 42}


# Of the casts, some: every decoder, encoder and operation is in one of them.
CASTS = [
    "cast_bool_u8_plain_3_6", "cast_u8_i8_plain_3_6", "cast_i8_u16_plain_3_6",
    "cast_u16_i16_plain_3_6", "cast_i16_i32_plain_3_6", "cast_i32_i64_plain_3_6",
    "cast_i64_f16_plain_3_6", "cast_f16_bf16_plain_3_6", "cast_bf16_f32_plain_3_6",
    "cast_f32_f64_affine_3_6", "cast_f64_bool_plain_3_6", "cast_f64_f16_plain_3_6",
    "cast_u8_f16_normalize_3_6", "cast_u8_f64_normalize_3_6", "cast_f32_f16_affine_12_24",
]  # fmt: skip
NAMES = [*all_names(), *CASTS]
LARGE = [name for name in NAMES if name.endswith("_12_24")]
# The same for the words of lines, from shared memory to global or back, of whole words.
WORDS_BUDGET = {"1_1": 46, "1_2": 41, "1_4": 35, "2_2": 36, "2_4": 29, "4_4": 45}
SPANS = [name for name in NAMES if name.startswith(("gather", "scatter"))]
VECTORIZED = ["copy_16", *(n for n in NAMES if re.match(r"tile_\d+_16_", n))]


@cache
def ptx_of(name: str) -> str:
    return compile_ptx(kernel_named(name))


def besides(name: str) -> set[int]:
    """Widths of accesses other than the kernel's own."""
    family, *rest = name.split("_")
    if family == "cast":
        dst, op = rest[1:3]
        params = set() if op == "plain" else {8 if dst == "f64" else 4}
        return {BYTES[dst]} | params
    # Head and tail of a run; rows and map of a batch; the table of images.
    return {"copy": {1}, "batched": {4, 8}, "image": {4}}.get(family, set())


@pytest.mark.parametrize("name", NAMES)
def test_ptx(name: str) -> None:
    kernel, ptx = kernel_named(name), ptx_of(name)
    expected = [BITS[p.kind] for p in kernel.params for _ in range(max(1, p.count))]
    assert parameter_bits(ptx) == expected
    assert f".entry {name}(" in ptx
    assert f".maxntid {kernel.threads}" in ptx
    assert ".local" not in ptx
    assert not re.search(r"\b(div|rem)\.[usb]", ptx), "a division of integers"
    assert not re.search(r"\bcall\b", ptx)
    widths = {access.width for access in accesses(ptx.splitlines()) if access.space == "global"}
    assert widths == {kernel.vector_bytes} | besides(name)
    assert kernel.shared_words * 4 <= SHARED_BYTES


@pytest.mark.parametrize(
    "name",
    [
        "copy_16",
        "tile_4_16_16_16_3",
        "packed_2_8_5_8",
        "direct_1_12",
        "join_1_3_3_6",
        "scatter_1_1",
        "walk_4",
    ],
)
def test_launches_pass_what_the_kernel_takes(name: str) -> None:
    """In order and in width, through the core to an entry point that only looks."""
    pytest.importorskip("cuda.core")
    from shapewright.cuda import cuda_core

    kernel = kernel_named(name)
    numbers = [param for param in kernel.params if param.kind != "memory"]
    values = tuple(tuple(range(p.count)) if p.count else 7 for p in numbers)
    data, offsets = cuda_core.packed_numbers(Step(name, 20_000, 0, 0, values))
    widths = [ctypes.c_uint64 if b == 64 else ctypes.c_uint32 for b in parameter_bits(ptx_of(name))]
    found: list[Any] = []

    def look(function: int, *rest: Any) -> int:
        params = ctypes.cast(rest[8], ctypes.POINTER(ctypes.c_void_p))
        read = [ctypes.cast(params[i], ctypes.POINTER(w))[0] for i, w in enumerate(widths)]
        found.extend([function, rest[:6], rest[7], read])
        return 3

    entry = ENTRY(look)
    address = ctypes.cast(entry, ctypes.c_void_p).value
    assert address is not None
    launch = _core.Launch(address, 99, 20_000, kernel.threads, data, offsets)
    assert launch(5, (11, 12)) == 3
    flat = [n for value in values for n in (value if isinstance(value, tuple) else (value,))]
    assert found == [99, (20_000, 1, 1, kernel.threads, 1, 1), 5, [11, 12, *flat]]


def targets_of(name: str) -> list[tuple[int, int]]:
    """All of them; of the largest kernels, which take a second each, every third in turns."""
    first, step = (LARGE.index(name) % 3, 3) if name in LARGE else (0, 1)
    return list(TARGETS[first::step])


@pytest.mark.parametrize("name", NAMES)
def test_machine_code(name: str) -> None:
    kernel, ptx = kernel_named(name), ptx_of(name)
    for target in targets_of(name):
        log = assemble(ptx, target).log
        assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in log, target
        used = re.search(r"Used (\d+) registers", log)
        assert used is not None
        assert int(used[1]) * kernel.threads * LEAST_BLOCKS <= REGISTERS, target


def test_every_target_has_large_kernels() -> None:
    assert {target for name in LARGE for target in targets_of(name)} == set(TARGETS)


@pytest.mark.parametrize("name", VECTORIZED)
def test_instructions(name: str) -> None:
    family = "_".join(name.split("_")[:2])
    count = per_vector(ptx_of(name), kernel_named(name).reg_words // 4)
    assert 4 < count <= BUDGET[family] * (1 if name.endswith("_3") or family == "copy_16" else 1.5)


@pytest.mark.parametrize("name", SPANS)
def test_instructions_of_words(name: str) -> None:
    _, item, step = name.split("_")
    count = per_word_vector(ptx_of(name), 4 // int(item))
    assert 4 < count <= WORDS_BUDGET[f"{item}_{step}"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("walk")])
def test_instructions_of_items(name: str) -> None:
    """An item, with those of a block by the way, where `direct` of twelve digits has 250."""
    assert sum(map(len, basic_blocks(ptx_of(name)))) <= 73 * AT_ONCE
