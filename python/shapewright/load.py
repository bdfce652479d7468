"""From whatever holds a model to a graph."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from shapewright import _core
from shapewright.errors import FormatError, ShapewrightError
from shapewright.graph import Graph
from shapewright.inputs import InputTexts, SymbolBounds, input_texts

_SUPPORTED = (
    "an .onnx or .pt2 file, its bytes, an onnx.ModelProto, a torch.nn.Module, "
    "a torch.export.ExportedProgram, or a sw.Graph"
)
_ZIP = b"PK\x03\x04"


@dataclass(slots=True)  # not frozen: see options.AskedOptions
class Asked:
    """What an importer that runs a model has to know beside it."""

    inputs: Any = None
    bounds: SymbolBounds = field(default_factory=list)
    train: bool = False
    loss: Callable[[Any], Any] | None = None
    records: bool = True  # whether gradients are on while the model runs
    halves: str | None = None  # the dtype that a module is traced in, if not its own
    autocast: bool = False  # whether it runs under torch.autocast
    at: Mapping[str, int] | None = None  # the sizes of all symbols of a module: no others are open
    hides: bool = False  # whether masks hide something, where the module asks


def read_model(source: Any, asked: Asked) -> tuple[_core.Graph, str, InputTexts]:
    """The graph of a source, what to call it in messages, and types that replace declared ones.

    What `inputs` says of a graph that was traced is added to `asked.bounds` instead.
    """
    if is_module(source):
        from shapewright.importers.torch import import_module

        bounds = {name: (low, high) for name, low, high in asked.bounds}
        graph = import_module(
            source,
            asked.inputs,
            bounds=bounds,
            train=asked.train,
            loss=asked.loss,
            records=asked.records,
            halves=asked.halves,
            autocast=asked.autocast,
            at=asked.at,
            hides=asked.hides,
        )
        return graph, graph.name, []
    if is_program(source):
        from shapewright.importers.torch_program import import_program

        graph = import_program(source, input_texts(asked.inputs))
        return graph, graph.name, []
    given = input_texts(asked.inputs)
    archive = _archive_of(source)
    if archive is not None:
        from shapewright.importers.pt2 import read_pt2

        return read_pt2(archive, given), archive if isinstance(archive, str) else "", []
    if isinstance(source, Graph):
        given = [row for row in source.given if row[0] not in dict(given)] + given
    graph, name = core_graph(source)
    if given and any(domain == "aten" for domain, _ in graph.opsets):
        from shapewright.importers.torch_given import sizes_given

        asked.bounds.extend((symbol, size, size) for symbol, size in sizes_given(graph, given))
        given = []
    return graph, name, given


def is_module(source: Any) -> bool:
    """A torch.nn.Module; without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.nn.Module)


def traced_halves(source: Any, precision: str) -> str | None:
    """The dtype that a module is traced in; None where the core casts what a graph declares."""
    dtype = {"bf16": "bf16", "fp16": "f16"}.get(precision)
    if dtype is None or not is_module(source):
        return None
    from shapewright.importers.torch_halves import can_recast
    from shapewright.importers.torch_wrappers import unwrapped

    return dtype if can_recast(unwrapped(source)[0]) else None


def is_program(source: Any) -> bool:
    """A torch.export.ExportedProgram; without importing torch."""
    program = sys.modules.get("torch.export.exported_program")
    return program is not None and isinstance(source, program.ExportedProgram)


def _archive_of(source: Any) -> Any:
    """The .pt2 file that a path or bytes are; None if they are none."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(os.fspath(source))
        return path if path.lower().endswith(".pt2") else None
    if isinstance(source, (bytes, bytearray, memoryview)) and bytes(source[:4]) == _ZIP:
        return BytesIO(source)
    return None


def core_graph(source: Any) -> tuple[_core.Graph, str]:
    """The graph of a source, and what to call it in messages."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        _refuse_foreign_path(path)
        return _core.read_onnx_file(path), path
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _core.read_onnx(bytes(source), "", ""), ""
    if isinstance(source, Graph):
        return source.core, source.core.source
    if isinstance(source, _core.Graph):
        return source, source.source
    if hasattr(source, "SerializeToString") and hasattr(source, "opset_import"):
        return _core.read_onnx(_serialise(source), "", ""), ""
    msg = f"a model cannot be read from {_kind_of(source)}"
    raise ShapewrightError(
        msg,
        code="source-unsupported",
        facts={"supported": _SUPPORTED},
        hint=_export_hint(source),
    )


_FOREIGN = {
    ".pt": "a PyTorch checkpoint",
    ".pth": "a PyTorch checkpoint",
    ".keras": "a Keras model",
    ".h5": "a Keras model",
    ".tflite": "a TensorFlow Lite model",
    ".safetensors": "a file of weights",
    ".gguf": "a GGUF model",
}


def _refuse_foreign_path(path: str) -> None:
    what = _FOREIGN.get(path[path.rfind(".") :].lower())
    if what is not None:
        msg = f"{path} is {what}, which this version does not read"
        raise ShapewrightError(
            msg,
            code="source-unsupported",
            facts={"path": path, "supported": _SUPPORTED},
            hint="export it to ONNX",
        )


def _serialise(proto: Any) -> bytes:
    try:
        data: bytes = proto.SerializeToString()
    except Exception as error:  # protobuf refuses above 2 GB, with a class of its own
        message = f"the ModelProto cannot be serialised: {error}"
        hint = "save it with external data and give the path"
        raise FormatError(message, code="proto-serialise", hint=hint) from error
    return data


def _kind_of(source: Any) -> str:
    kind = type(source)
    module = kind.__module__.partition(".")[0]
    return f"a {kind.__qualname__}" + ("" if module == "builtins" else f" of {module}")


def _export_hint(source: Any) -> str:
    families = {base.__module__.partition(".")[0] for base in type(source).__mro__}
    if "torch" in families:
        return "torch.onnx.export(model, args, 'model.onnx', dynamo=True) makes a file to give here"
    if "keras" in families:
        return "model.export('model.onnx', format='onnx') makes a file to give here"
    return ""
