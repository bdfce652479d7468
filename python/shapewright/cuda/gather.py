"""Many arrays of one call, read together: those of equal layout are one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

import numpy as np

from shapewright import _core
from shapewright.arrays.element import ItemType
from shapewright.cuda.backend import current
from shapewright.cuda.result import byte_range
from shapewright.cuda.view import GpuArray, dense_strides, make_like, read
from shapewright.errors import LayoutError

ALIGNMENT = 16  # of each of several results in one allocation
Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Gathered:
    """`firsts[g]` is one array of group g; the others differ from it in their address alone."""

    addresses: Numbers  # u64, by array
    groups: Numbers  # by array
    firsts: tuple[GpuArray, ...]
    known: _core.ArrayList | None = None  # as the core reads them, where it can

    def members(self, group: int) -> Numbers:
        """Which arrays are of a group."""
        return np.flatnonzero(self.groups == group)

    def ranges(self) -> tuple[Numbers, Numbers]:
        """First and last address of each array."""
        spans = [byte_range(first) for first in self.firsts]
        low = np.array([span[0] - a.address for span, a in zip(spans, self.firsts, strict=True)])
        high = np.array([span[1] - a.address for span, a in zip(spans, self.firsts, strict=True)])
        at = self.addresses.astype(np.int64)
        return at + low[self.groups], at + high[self.groups]

    def array(self, i: int) -> GpuArray:
        """One of the arrays."""
        first = self.firsts[self.groups[i]]
        return GpuArray(
            first.owner, first.kind, int(self.addresses[i]), first.shape, first.strides,
            first.item, first.device, first.stream, first.read_only, first.is_lent,
        )  # fmt: skip


def gathered(xs: Sequence[Any], name: str) -> Gathered:
    """Reads arrays of one device. Raises `LayoutError` naming the first that will not do."""
    known = current().known
    found = known.read(xs) if known is not None else None
    if found is not None:
        firsts = np.frombuffer(found.firsts, np.uint32)
        return _of_one_device(
            Gathered(
                np.frombuffer(found.addresses, np.uint64),
                np.frombuffer(found.groups, np.uint32),
                tuple(read(xs[i], f"{name}[{i}]") for i in firsts),
                found,
            ),
            name,
        )
    arrays = [read(x, f"{name}[{i}]") for i, x in enumerate(xs)]
    numbers: dict[Any, int] = {}
    first_arrays: list[GpuArray] = []
    group_of = []
    for array in arrays:
        key = (
            array.shape,
            array.strides,
            array.item,
            array.device,
            array.address % ALIGNMENT,
            array.read_only,
            array.is_lent,
        )
        group = numbers.setdefault(key, len(numbers))
        if group == len(first_arrays):
            first_arrays.append(array)
        group_of.append(group)
    return _of_one_device(
        Gathered(
            np.array([array.address for array in arrays], np.uint64),
            np.array(group_of, np.uint32),
            tuple(first_arrays),
        ),
        name,
    )


def _of_one_device(found: Gathered, name: str) -> Gathered:
    devices = [first.device for first in found.firsts]
    for group, device in enumerate(devices):
        if device != devices[0]:
            i = int(found.members(group)[0])
            message = f"{name}[{i}] is on cuda:{device} and {name}[0] on cuda:{devices[0]}"
            raise LayoutError(message, code="array-device", hint="move one of them")
    return found


def make_many(
    like: GpuArray, count: int, shape: tuple[int, ...], item: ItemType
) -> tuple[list[Any], Numbers, GpuArray]:
    """So many new dense arrays: the arrays, their addresses, and one of them as a kernel sees it.

    Those of PyTorch are views of one allocation, which lives as long as any of them: making 4,096
    tensors by themselves takes longer than to move them.
    """
    if like.kind != "torch" or 0 in shape:
        results = [make_like(like, shape, item) for _ in range(count)]
        seen = [read(result, "the result") for result in results]
        return results, np.array([array.address for array in seen], np.uint64), seen[0]
    import torch

    aligned = ALIGNMENT // gcd(ALIGNMENT, item.bytes)  # the fewest items that keep the alignment
    step = -(-prod(shape) // aligned) * aligned
    whole = make_like(like, (count * step,), item)
    if shape and step == prod(shape):  # parts of one axis, which PyTorch makes a third quicker
        # Parts of their own and not views of `whole`, which nobody else has.
        axis = whole.view(count * shape[0], *shape[1:])
        results = list(axis.unsafe_split_with_sizes(shape[:1] * count))
    else:
        strides = (step, *dense_strides(shape, 1))
        results = list(torch.as_strided(whole, (count, *shape), strides).unbind(0))
    first = read(results[0], "the result")
    steps = np.arange(count, dtype=np.uint64) * np.uint64(step * item.bytes)
    return results, np.uint64(first.address) + steps, first
