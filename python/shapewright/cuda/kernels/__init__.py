"""The kernels by name: families, and the ranks they are built for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from shapewright.cuda.kernel import Kernel
from shapewright.cuda.kernels.batched import batched_kernel
from shapewright.cuda.kernels.cast import cast_kernel
from shapewright.cuda.kernels.copy import copy_kernel
from shapewright.cuda.kernels.direct import direct_kernel
from shapewright.cuda.kernels.image import image_kernel
from shapewright.cuda.kernels.packed import VECTORS, packed_kernel
from shapewright.cuda.kernels.span import STEPS, gather_kernel, scatter_kernel
from shapewright.cuda.kernels.tile import SHAPES, tile_kernel
from shapewright.cuda.kernels.walk import walk_kernel
from shapewright.cuda.kernels.weave import ITEMS, STREAMS, join_kernel, split_kernel
from shapewright.cuda.target import ITEM_BYTES

DIRECT_RANKS = (3, 4, 5, 6, 12, 24)  # digits that direct is built for
# (digits in a tile, digits among blocks) that packed is built for, smallest first.
RANKS = ((3, 6), (5, 8), (12, 24))
WEAVE_RANKS = (3, 6)
TILE_OUTER_RANKS = (3, 6)


IMAGES = tuple((item, channels) for item in (1, 2, 4) for channels in (1, 2, 3, 4))

MAKERS: dict[str, Callable[..., Kernel]] = {
    "batched": batched_kernel,
    "cast": cast_kernel,
    "copy": copy_kernel,
    "direct": direct_kernel,
    "gather": gather_kernel,
    "image": image_kernel,
    "join": join_kernel,
    "packed": packed_kernel,
    "scatter": scatter_kernel,
    "split": split_kernel,
    "tile": tile_kernel,
    "walk": walk_kernel,
}


def direct_rank_for(rank: int) -> int | None:
    """The smallest rank of direct that holds so many digits; None past all of them."""
    return next((most for most in DIRECT_RANKS if rank <= most), None)


def ranks_for(tile_rank: int, outer_rank: int) -> tuple[int, int]:
    """The smallest ranks that hold so many digits."""
    return next(row for row in RANKS if tile_rank <= row[0] and outer_rank <= row[1])


@cache
def kernel_named(name: str) -> Kernel:
    """The kernel of a name such as `packed_4_16_3_6`.

    >>> kernel_named("tile_2_16_8_16_3").threads
    128
    """
    family, *rest = name.split("_")
    return MAKERS[family](*(int(text) if text.isdigit() else text for text in rest))


def all_names() -> list[str]:
    """Every kernel but those that cast, of which there is one for each pair of types."""
    ranks = [f"{tile}_{outer}" for tile, outer in RANKS]
    return [
        *(f"copy_{n}" for n in ITEM_BYTES),
        *(f"direct_{n}_{rank}" for n in ITEM_BYTES for rank in DIRECT_RANKS),
        *(f"packed_{n}_{v}_{row}" for n in ITEM_BYTES for v in (*VECTORS[n], n) for row in ranks),
        *(
            f"{family}_{n}_{m}_{WEAVE_RANKS[0]}_{WEAVE_RANKS[1]}"
            for family in ("join", "split")
            for n in ITEMS
            for m in STREAMS
        ),
        *(
            f"tile_{item}_{vector}_{cols}_{rows}_{rank}"
            for (item, vector), shapes in SHAPES.items()
            for cols, rows in shapes
            for rank in TILE_OUTER_RANKS
        ),
        *(
            f"{family}_{n}_{step}"
            for family in ("gather", "scatter")
            for n, steps in STEPS.items()
            for step in steps
        ),
        *(f"walk_{n}" for n in ITEM_BYTES if n < 16),
        *(f"batched_{n}" for n in ITEM_BYTES),
        *(f"image_{item}_{channels}" for item, channels in IMAGES),
    ]
