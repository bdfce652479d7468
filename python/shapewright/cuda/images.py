"""Images of bytes by look-up: when the kernel of kernels/image.py serves, and its table."""

from __future__ import annotations

from typing import Any

from shapewright.cuda.convert import Conversion
from shapewright.cuda.kernels import kernel_named
from shapewright.cuda.kernels.image import PIXELS, VALUES, VECTOR
from shapewright.cuda.kernels.outer import magic_of
from shapewright.cuda.layout import Digit, Layout
from shapewright.cuda.step import MOST_BLOCKS, Step, values_of

MOST_CHANNELS = 4
MOST_PIXELS = 1 << 28  # of an image


def plan_images(
    layout: Layout, convert: Conversion, src_address: int, dst_address: int
) -> tuple[Step, bytes] | None:
    """The launch and its table, where the layout is that of images, channels last, into planes."""
    item = convert.item.bytes
    if convert.src != "u8" or item > 4:
        return None
    digits = list(layout.digits)
    channel = next((d for d in digits if d.src == 1 and d.size <= MOST_CHANNELS), Digit(1, 1, 0))
    if channel in digits:
        digits.remove(channel)
    pixel = next((d for d in digits if d.src == channel.size and d.dst == item), None)
    if pixel is None:
        return None
    digits.remove(pixel)
    image = digits.pop() if len(digits) == 1 else Digit(1, 0, 0)
    addresses = (
        src_address + layout.src_offset,
        dst_address + layout.dst_offset,
        pixel.size,
        channel.dst,
        image.src,
        image.dst,
    )
    groups = -(-pixel.size // PIXELS)
    fits = (
        not digits
        and not any(address % VECTOR for address in addresses)
        and not (pixel.param or image.param or layout.param_offset)
        and pixel.size < MOST_PIXELS
        and groups * image.size < MOST_BLOCKS
    )
    if not fits:
        return None
    kernel = kernel_named(f"image_{item}_{channel.size}")
    magic, shift = magic_of(groups)
    named = {
        "pixels": pixel.size,
        "groups": groups,
        "magic": magic,
        "shift": shift,
        "src_image": image.src,
        "dst_image": image.dst,
        "dst_plane": channel.dst,
    }
    step = Step(
        kernel=kernel.name,
        blocks=groups * image.size,
        src_offset=layout.src_offset,
        dst_offset=layout.dst_offset,
        values=values_of(kernel, named),
    )
    return step, table_of(convert, channel)


def table_of(convert: Conversion, channel: Digit) -> bytes:
    """For each byte, its value in each channel, as words of 32 bits."""
    import numpy as np

    f4 = np.float32
    x: Any = np.repeat(np.arange(VALUES, dtype=f4)[:, None], channel.size, axis=1)
    if convert.op != "plain":
        scales = np.frombuffer(convert.scale, convert.compute)
        biases = np.frombuffer(convert.bias, convert.compute)
        index = np.arange(channel.size) * channel.param
        scale, bias = scales[index], biases[index]
        with np.errstate(all="ignore"):
            x = (x / f4(255) - bias) / scale if convert.op == "normalize" else x * scale + bias
    return _words(x, convert.item.name).tobytes()


def _words(x: Any, name: str) -> Any:
    """The bits of float32 values once they are cast, as uint32."""
    import numpy as np

    if name == "bf16":
        bits = x.astype(np.float32).view(np.uint32)
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        return np.where(np.isnan(x), (bits >> 16) | 0x40, rounded).astype(np.uint32)
    names = {
        "bool": "?",
        "u8": "u1",
        "i8": "i1",
        "u16": "u2",
        "i16": "i2",
        "i32": "i4",
        "f16": "f2",
    }
    with np.errstate(all="ignore"):
        cast = np.ascontiguousarray(x.astype(names.get(name, "f4")))
    return cast.view(f"u{cast.itemsize}").astype(np.uint32)
