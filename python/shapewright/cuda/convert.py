"""What happens to elements on their way: the type of the result, scale and bias as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapewright.arrays.element import ROWS, ItemType, item_type
from shapewright.errors import LayoutError

MOST_TAG_BYTES = 1024
NEUTRAL_SCALE, NEUTRAL_BIAS = 1.0, -0.0  # x * 1 + -0.0 is x, even for -0.0


@dataclass(frozen=True, slots=True)
class Conversion:
    """A cast by name, and what is applied before it."""

    src: str
    item: ItemType
    op: str  # of kernels/cast.py
    shape: tuple[int, ...]  # that scale and bias have in common
    scale: bytes  # in the compute type, dense; empty where there are none
    bias: bytes

    @property
    def compute(self) -> str:
        """NumPy's name of the type in which scale and bias are applied."""
        return "float64" if self.item.name == "f64" else "float32"

    def strides(self, rank: int) -> tuple[int, ...]:
        """Elements of scale and bias from one index of the result to the next."""
        strides, step = [0] * rank, 1
        for axis in range(len(self.shape) - 1, -1, -1):
            if self.shape[axis] != 1:
                strides[axis + rank - len(self.shape)] = step
            step *= self.shape[axis]
        return tuple(strides)

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuses scales and biases that do not broadcast to the result."""
        if not self.shape:
            return
        import numpy as np

        try:
            fits = np.broadcast_shapes(self.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            message = (
                f"scale and bias of shape {list(self.shape)} do not broadcast to {list(shape)}"
            )
            facts = {"scale": str(list(self.shape)), "result": str(list(shape))}
            raise LayoutError(message, code="scale-shape", facts=facts)


def conversion(
    source: ItemType, element: int | None, scale: Any, bias: Any, normalize: bool
) -> Conversion | None:
    """None where the elements stay as they are. `element` numbers those of `ROWS`."""
    item = source if element is None else item_type(ROWS[element][0])
    has_params = scale is not None or bias is not None
    if item == source and not has_params:
        return None
    if source.element is None or item.element is None:
        message = f"no cast from {source.name} to {item.name}"
        facts = {"from": source.name, "to": item.name}
        raise LayoutError(message, code="cast-unsupported", facts=facts)
    if not has_params:
        return Conversion(source.name, item, "plain", (), b"", b"")
    import numpy as np

    compute = np.float64 if item.name == "f64" else np.float32
    scales = _host(NEUTRAL_SCALE if scale is None else scale, "scale", compute)
    biases = _host(NEUTRAL_BIAS if bias is None else bias, "bias", compute)
    try:
        scales, biases = np.broadcast_arrays(scales, biases)
    except ValueError:
        message = f"scale {list(scales.shape)} and bias {list(biases.shape)} do not broadcast"
        facts = {"scale": str(list(scales.shape)), "bias": str(list(biases.shape))}
        raise LayoutError(message, code="scale-shape", facts=facts) from None
    op = "normalize" if normalize else "affine"
    return Conversion(
        source.name, item, op, tuple(scales.shape), scales.tobytes(), biases.tobytes()
    )


def value_tag(values: Any) -> Any:
    """What a scale or a bias is told from others by; None for what would take long to look at."""
    import numpy as np

    if values is None or isinstance(values, (int, float)):
        return repr(values)  # which tells -0.0 from 0.0
    if type(values) is np.ndarray and values.nbytes <= MOST_TAG_BYTES:
        return values.dtype.str, values.shape, values.tobytes()
    return None


def _host(values: Any, argument: str, dtype: Any) -> Any:
    import numpy as np

    from shapewright.arrays.device import is_on_gpu

    if is_on_gpu(values):
        message = f"{argument} is on a GPU; it is passed by value, from the machine's memory"
        raise LayoutError(message, code="array-device", hint=f"give {argument}.cpu()")
    return np.asarray(values).astype(dtype)
