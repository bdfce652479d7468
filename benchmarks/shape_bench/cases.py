"""Models with the arrays that went in and came out: the backend tests of the onnx package."""

import contextlib
import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WHEEL = Path(onnx.__file__).parent / "backend" / "test" / "data"


@dataclass(frozen=True)
class Array:
    """A tensor by its ONNX dtype and shape; `proto` is the tensor itself."""

    dtype: int
    shape: tuple[int, ...]
    proto: TensorProto = field(repr=False, compare=False)


# A tensor, a sequence of values, or None for an optional that holds nothing.
Value = Array | list | None


@dataclass(frozen=True)
class Run:
    inputs: dict[str, Value]
    outputs: dict[str, Value]


@dataclass(frozen=True)
class Model:
    suite: str
    name: str
    proto: onnx.ModelProto = field(repr=False)
    runs: tuple[Run, ...] = field(repr=False)


def value_of(raw) -> Value:
    if raw is None:
        return None
    if isinstance(raw, TensorProto):
        return Array(raw.data_type, tuple(raw.dims), raw)
    if isinstance(raw, (list, tuple)):
        return [value_of(element) for element in raw]
    array = np.asarray(raw)
    if array.dtype.kind in "OUS":
        array = array.astype(object)
    proto = numpy_helper.from_array(array)
    return Array(proto.data_type, tuple(array.shape), proto)


def entries(graph) -> list[str]:
    """Names of the inputs that a run feeds."""
    constants = {tensor.name for tensor in graph.initializer}
    return [value.name for value in graph.input if value.name not in constants]


def run_of(graph, inputs, outputs) -> Run:
    names = entries(graph), [value.name for value in graph.output]
    fed, given = (
        {name: value_of(raw) for name, raw in zip(among, raws, strict=False)}
        for among, raws in zip(names, (inputs, outputs), strict=True)
    )
    return Run(fed, given)


def node_tests() -> list[Model]:
    """Those of single operators, which the package makes in memory."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    return [
        Model(
            "node",
            test.name,
            test.model,
            tuple(run_of(test.model.graph, *sets) for sets in test.data_sets),
        )
        for test in tests
    ]


def read_value(path: Path, declared: onnx.TypeProto) -> Value:
    data = path.read_bytes()
    if declared.HasField("sequence_type"):
        return value_of(numpy_helper.to_list(onnx.SequenceProto.FromString(data)))
    if declared.HasField("optional_type"):
        return value_of(numpy_helper.to_optional(onnx.OptionalProto.FromString(data)))
    return value_of(TensorProto.FromString(data))


def folder_tests(suite: str) -> list[Model]:
    """Models that lie in the package with their arrays beside them."""
    models = []
    for path in sorted((WHEEL / suite).glob("*/model.onnx")):
        proto = onnx.load(path)
        graph = proto.graph
        fed = set(entries(graph))
        inputs = [value for value in graph.input if value.name in fed]
        runs = []
        for folder in sorted(path.parent.glob("test_data_set_*")):
            sides = (
                {
                    value.name: read_value(file, value.type)
                    for i, value in enumerate(values)
                    if (file := folder / f"{kind}_{i}.pb").exists()
                }
                for kind, values in (("input", inputs), ("output", graph.output))
            )
            runs.append(Run(*sides))
        models.append(Model(suite, path.parent.name, proto, tuple(runs)))
    return models


def light_networks() -> list[Model]:
    """Whole networks without weights; their inputs are what they declare, zeros."""
    models = []
    for path in sorted((WHEEL / "light").glob("*.onnx")):
        proto = onnx.load(path)
        graph = proto.graph
        fed = set(entries(graph))
        inputs = [
            np.zeros(
                [d.dim_value for d in v.type.tensor_type.shape.dim],
                helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type),
            )
            for v in graph.input
            if v.name in fed
        ]
        answers = [
            TensorProto.FromString(file.read_bytes())
            for file in sorted(path.parent.glob(f"{path.stem}_output_*.pb"))
        ]
        models.append(Model("light", path.stem, proto, (run_of(graph, inputs, answers),)))
    return models


def all_models() -> list[Model]:
    folders = ("simple", "pytorch-converted", "pytorch-operator")
    stored = [model for suite in folders for model in folder_tests(suite)]
    return node_tests() + stored + light_networks()
