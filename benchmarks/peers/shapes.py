"""Rivals in symbolic shape inference: each takes a path and does all a user would to get shapes."""

import contextlib
import io
import logging


def onnx_data_prop(path):
    import onnx

    model = onnx.load(path, load_external_data=False)
    onnx.shape_inference.infer_shapes(model, data_prop=True)


def onnx_shape_inference(path):
    import onnx_ir
    import onnx_shape_inference as osi

    model = onnx_ir.load(path)
    osi.infer_symbolic_shapes(model)


def ort_symbolic_shape_infer(path):
    import onnx
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    model = onnx.load(path, load_external_data=False)
    with contextlib.redirect_stdout(io.StringIO()):
        SymbolicShapeInference.infer_shapes(model, auto_merge=True)


logging.getLogger("onnxruntime").setLevel(logging.ERROR)
RIVALS = {
    "onnx data_prop": onnx_data_prop,
    "onnx-shape-inference": onnx_shape_inference,
    "ort symbolic_shape_infer": ort_symbolic_shape_infer,
}
