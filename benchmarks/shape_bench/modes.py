"""The same model asked in three ways, each knowing less of what goes in.

A  inputs as constants of the model
B  inputs by their sizes, of a sequence how long it is too
C  inputs by their rank: every size is a symbol of its own, and the answers are bound afterwards
"""

from dataclasses import dataclass

import onnx

import shapewright as sw

from .cases import Array
from .judged import DTYPES, arrays_in


@dataclass(frozen=True)
class Answer:
    """What was said of the outputs; `refused` is why nothing was, `code` of the finding."""

    types: dict[str, sw.TensorType]
    refused: str = ""
    code: str = ""
    crash: bool = False


def bare(model):
    """The model without what it declares of its results."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    del proto.graph.value_info[:]
    for value in proto.graph.output:
        value.ClearField("type")
    return proto


def as_constants(model, run):
    proto = with_dims(model, run, lambda i, axis, size: size)
    graph = proto.graph
    tensors = {name: v for name, v in run.inputs.items() if isinstance(v, Array)}
    kept = [value for value in graph.input if value.name not in tensors]
    del graph.input[:]
    graph.input.extend(kept)
    for name, array in tensors.items():
        tensor = graph.initializer.add()
        tensor.CopyFrom(array.proto)
        tensor.name = name
    proto.ir_version = max(proto.ir_version, 4)  # before, initializers were inputs too
    return proto


def set_dims(tensor_type, dims):
    tensor_type.ClearField("shape")
    tensor_type.shape.SetInParent()
    for given in dims:
        dim = tensor_type.shape.dim.add()
        if isinstance(given, str):
            dim.dim_param = given
        elif given is not None:
            dim.dim_value = given


def with_dims(model, run, dim_of):
    """The model with the dims of its inputs set by `dim_of(input, axis, size)`.

    A sequence has the sizes that its elements share.
    """
    proto = bare(model)
    for i, value in enumerate(proto.graph.input):
        if value.name not in run.inputs:
            continue
        kind, arrays = value.type, arrays_in(run.inputs[value.name])
        while not kind.HasField("tensor_type"):
            inner = kind.WhichOneof("value")
            if inner not in ("sequence_type", "optional_type"):
                break
            kind = getattr(kind, inner).elem_type
        if not kind.HasField("tensor_type"):
            continue
        if not arrays or len({len(array.shape) for array in arrays}) > 1:
            kind.tensor_type.ClearField("shape")
            continue
        sizes = zip(*(array.shape for array in arrays), strict=True)
        set_dims(
            kind.tensor_type,
            [
                dim_of(i, axis, among[0]) if len(set(among)) == 1 else None
                for axis, among in enumerate(sizes)
            ],
        )
    return proto


def lengths(proto, run):
    """Types that say how long the sequences of a run are, which a file has no words for."""
    types = {}
    for value in proto.graph.input:
        held = run.inputs.get(value.name)
        if value.type.HasField("sequence_type") and isinstance(held, list):
            tensor = value.type.sequence_type.elem_type.tensor_type
            element = DTYPES[tensor.elem_type] + shape_text(tensor)
            types[value.name] = f"seq({element}, {len(held)})"
    return types


def shape_text(tensor_type) -> str:
    if not tensor_type.HasField("shape"):
        return "[...]"
    dims = [str(d.dim_value) if d.HasField("dim_value") else "?" for d in tensor_type.shape.dim]
    return f"[{', '.join(dims)}]"


def asked(proto, names, dims=None, binding=None, inputs=None) -> Answer:
    try:
        report = sw.check(proto.SerializeToString(), inputs, dims=dims)
        errors = [f for f in report.findings if f.severity == "error"]
        if errors:
            return Answer({}, f"{errors[0].code}: {errors[0].message}", errors[0].code)
        if binding:
            # Sizes of the elements of a sequence are not shared, and so no symbols.
            free = {symbol.name for symbol in report.symbols}
            report.at(**{name: size for name, size in binding.items() if name in free})
        return Answer({name: bound(report.values[name], binding or {}) for name in names})
    except sw.ConstraintError as error:
        return Answer({}, f"contract: {error}", error.code)
    except Exception as error:
        return Answer({}, refused=f"{type(error).__name__}: {error}", crash=True)


def bound(tensor, binding):
    if tensor.shape is None:
        return tensor
    return sw.TensorType(tensor.dtype, tuple(at(dim, binding) for dim in tensor.shape))


def at(dim, binding):
    if not isinstance(dim, sw.Dim):
        return dim
    return dim.bind(**{name: size for name, size in binding.items() if name in dim.symbols})


def answer_a(model, run) -> Answer:
    proto = as_constants(model, run)
    return asked(proto, run.outputs, inputs=lengths(proto, run) or None)


def answer_b(model, run) -> Answer:
    proto = with_dims(model, run, lambda i, axis, size: size)
    return asked(proto, run.outputs, inputs=lengths(proto, run) or None)


def answer_c(model, run) -> Answer:
    binding = {}

    def symbol(i, axis, size):
        binding[f"s{i}_{axis}"] = size
        return f"s{i}_{axis}"

    proto = with_dims(model, run, symbol)
    empty = {name: (0, None) for name, size in binding.items() if size == 0}
    return asked(proto, run.outputs, empty or None, binding)


MODES = {"A": answer_a, "B": answer_b, "C": answer_c}
