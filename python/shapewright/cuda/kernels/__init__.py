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
from shapewright.cuda.kernels.packed import packed_kernel
from shapewright.cuda.kernels.tile import SHAPES, tile_kernel
from shapewright.cuda.target import ITEM_BYTES

# (digits in a tile, digits among blocks) that direct and packed are built for, smallest first.
RANKS = ((2, 4), (3, 6), (4, 8), (12, 24))
TILE_OUTER_RANKS = (3, 6)


IMAGES = tuple((item, channels) for item in (1, 2, 4) for channels in (1, 2, 3, 4))

MAKERS: dict[str, Callable[..., Kernel]] = {
    "batched": batched_kernel,
    "cast": cast_kernel,
    "copy": copy_kernel,
    "direct": direct_kernel,
    "image": image_kernel,
    "packed": packed_kernel,
    "tile": tile_kernel,
}


def ranks_for(tile_rank: int, outer_rank: int) -> tuple[int, int]:
    """The smallest ranks that hold so many digits."""
    return next(row for row in RANKS if tile_rank <= row[0] and outer_rank <= row[1])


@cache
def kernel_named(name: str) -> Kernel:
    """The kernel of a name such as `packed_4_2_4`.

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
        *(f"direct_{n}_{row}" for n in ITEM_BYTES for row in ranks),
        *(f"packed_{n}_{row}" for n in ITEM_BYTES for row in ranks),
        *(
            f"tile_{item}_{vector}_{cols}_{rows}_{rank}"
            for (item, vector), shapes in SHAPES.items()
            for cols, rows in shapes
            for rank in TILE_OUTER_RANKS
        ),
        *(f"batched_{n}" for n in ITEM_BYTES),
        *(f"image_{item}_{channels}" for item, channels in IMAGES),
    ]
