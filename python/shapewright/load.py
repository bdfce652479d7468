"""From whatever holds a model to a graph."""

from __future__ import annotations

import os
from typing import Any

from shapewright import _core
from shapewright.errors import FormatError, ShapewrightError

_SUPPORTED = "an .onnx file, its bytes, an onnx.ModelProto, or a sw.Graph"


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
    from shapewright.graph import Graph

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
    ".pt2": "a torch.export program",
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
