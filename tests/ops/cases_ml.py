"""Domain ai.onnx.ml: features, encoders, classifiers, trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from shapewright._core import TensorData
from shapewright.testing import Case, case, const

ML = "ai.onnx.ml"
NO_FEED = "a map is no input of a run of the tests"
NO_KERNEL = "ONNX Runtime has no kernel for this type"


def tensor(dtype: str, values: Any) -> TensorData:
    return TensorData(dtype, values.shape, values.tobytes())


def row(op: str, inputs: list[Any], **stated: Any) -> Case:
    return case(op, inputs, domain=ML, **stated)


def linear(inputs: list[Any], **changed: Any) -> Case:
    attrs = {"coefficients": (1.0,) * 12, "intercepts": (0.0,) * 3, "classlabels_ints": (0, 1, 2)}
    attrs = {k: v for k, v in (attrs | changed).items() if v is not None}
    return row("LinearClassifier", inputs, **attrs)


def svm(classes: int, *, probability: bool = False, **stated: Any) -> Case:
    pairs = classes * (classes - 1) // 2
    attrs: dict[str, Any] = {
        "kernel_type": "RBF",
        "kernel_params": (0.5, 0.0, 3.0),
        "coefficients": (1.0,) * (classes * (classes - 1)),
        "support_vectors": (0.0,) * (4 * classes),
        "vectors_per_class": (1,) * classes,
        "rho": (0.1,) * pairs,
        "classlabels_ints": tuple(range(classes)),
    }
    if probability:
        attrs |= {"prob_a": (1.0,) * pairs, "prob_b": (1.0,) * pairs}
    inputs = stated.pop("inputs", ["f32[N, 4]"])
    return row("SVMClassifier", inputs, **attrs, **stated)


def trees(inputs: list[Any], **changed: Any) -> Case:
    attrs = {
        "n_targets": 2,
        "leaf_targetids": (0, 1),
        "leaf_weights": tensor("f32", np.array([5.0, 6.0], np.float32)),
        "nodes_falseleafs": (1,),
        "nodes_falsenodeids": (1,),
        "nodes_featureids": (0,),
        "nodes_modes": tensor("u8", np.array([0], np.uint8)),
        "nodes_splits": tensor("f32", np.array([0.5], np.float32)),
        "nodes_trueleafs": (1,),
        "nodes_truenodeids": (0,),
        "tree_roots": (0,),
    }
    return row("TreeEnsemble", inputs, opset=5, **(attrs | changed))


CASES = [
    row("ArrayFeatureExtractor", ["f32[N, 4]", "i64[K]"], out=["f32[N, K]"]),
    row("ArrayFeatureExtractor", ["f32[4]", const([0, 3])], out=["f32[1, 2]"]),
    row("ArrayFeatureExtractor", ["f32[2, 3, 4]", "i64[1, 5]"], out=["f32[2, 3, 5]"]),
    row("ArrayFeatureExtractor", ["f32[3, 4]", const([4])], error="index-out-of-range"),
    row("ArrayFeatureExtractor", ["f32[]", "i64[1]"], error="rank-mismatch"),
    row("ArrayFeatureExtractor", ["f32[3, 4]", "i64[0]"], error="size-too-small"),
    row("ArrayFeatureExtractor", ["f32[3, 4]", "f32[1]"], error="dtype-unsupported"),
    row("Binarizer", ["f32[N, 4]"], out=["f32[N, 4]"], threshold=0.5),
    row("Binarizer", ["string[N, 4]"], error="dtype-unsupported"),
    # maps
    row("CastMap", ["map(f32)"], out=["f32[1, entries]"], skip_ort=NO_FEED),
    row(
        "CastMap",
        ["map(f32)"],
        out=["string[1, 4]"],
        cast_to="TO_STRING",
        map_form="SPARSE",
        max_map=4,
        skip_ort=NO_FEED,
    ),
    row("CastMap", ["f32[3]"], error="dtype-unsupported"),
    row("CastMap", ["map(f32)"], error="attr-value", cast_to="TO_BOOL", skip_ort=NO_FEED),
    row(
        "CastMap", ["map(f32)"], error="attr-value", map_form="SPARSE", max_map=0, skip_ort=NO_FEED
    ),
    row(
        "DictVectorizer",
        ["map(f32)"],
        out=["f32[1, 3]"],
        string_vocabulary=("a", "b", "c"),
        skip_ort=NO_FEED,
    ),
    row("DictVectorizer", ["map(f32)"], error="attr-value", skip_ort=NO_FEED),
    row("DictVectorizer", ["f32[3]"], error="dtype-unsupported", int64_vocabulary=(1,)),
    row("ZipMap", ["f32[N, 2]"], out=["map(f32[])"], classlabels_int64s=(0, 1), skip_ort=NO_FEED),
    row("ZipMap", ["f32[3, 2]"], error="shape-mismatch", classlabels_int64s=(0, 1, 2)),
    row("ZipMap", ["f32[3, 2, 2]"], error="rank-mismatch", classlabels_int64s=(0, 1)),
    row("ZipMap", ["f32[3, 2]"], error="attr-value"),
    # encoders
    row(
        "CategoryMapper",
        ["i64[N, 4]"],
        out=["string[N, 4]"],
        cats_int64s=(1, 2),
        cats_strings=("a", "b"),
    ),
    row("CategoryMapper", ["string[N]"], out=["i64[N]"], cats_int64s=(1,), cats_strings=("a",)),
    row("CategoryMapper", ["i64[3]"], error="attr-value", cats_int64s=(1, 2), cats_strings=("a",)),
    row(
        "CategoryMapper",
        ["f32[3]"],
        error="dtype-unsupported",
        cats_int64s=(1,),
        cats_strings=("a",),
    ),
    row("LabelEncoder", ["i64[N, 4]"], out=["string[N, 4]"], classes_strings=("a", "b")),
    row("LabelEncoder", ["string[N]"], out=["i64[N]"], classes_strings=("a", "b")),
    row("LabelEncoder", ["f32[N]"], error="dtype-unsupported", classes_strings=("a", "b")),
    *(
        row(
            "LabelEncoder",
            ["i64[N, 4]"],
            out=["f32[N, 4]"],
            opset=version,
            keys_int64s=(1, 2),
            values_floats=(1.0, 2.0),
        )
        for version in (2, 4)
    ),
    row(
        "LabelEncoder",
        ["f64[N]"],
        out=["i16[N]"],
        opset=4,
        keys_tensor=tensor("f64", np.array([1.0, 2.0])),
        values_tensor=tensor("i16", np.array([1, 2], np.int16)),
        default_tensor=tensor("i16", np.array([0], np.int16)),
        skip_ort=NO_KERNEL,
    ),
    row(
        "LabelEncoder",
        ["i64[3]"],
        error="shape-mismatch",
        opset=2,
        keys_int64s=(1, 2),
        values_floats=(1.0,),
    ),
    row(
        "LabelEncoder",
        ["f32[3]"],
        error="dtype-mismatch",
        opset=2,
        keys_int64s=(1, 2),
        values_floats=(1.0, 2.0),
    ),
    row("LabelEncoder", ["i64[3]"], error="attr-value", opset=2),
    row(
        "LabelEncoder",
        ["i64[3]"],
        error="attr-value",
        opset=4,
        keys_int64s=(1,),
        values_floats=(1.0,),
        values_strings=("a",),
    ),
    row("OneHotEncoder", ["i64[N, 4]"], out=["f32[N, 4, 3]"], cats_int64s=(1, 2, 0)),
    row("OneHotEncoder", ["string[N]"], out=["f32[N, 2]"], cats_strings=("a", "b")),
    row("OneHotEncoder", ["i64[3]"], error="attr-value"),
    row("OneHotEncoder", ["i64[3]"], error="attr-value", cats_int64s=(1,), cats_strings=("a",)),
    row("OneHotEncoder", ["bool[3]"], error="dtype-unsupported", cats_int64s=(1,)),
    # classifiers
    linear(["f32[N, 4]"], out=["i64[N]", "f32[N, 3]"]),
    linear(["f32[4]"], out=["i64[1]", "f32[1, 3]"]),
    linear(
        ["i64[N, 4]"],
        out=["string[N]", "f32[N, 3]"],
        classlabels_ints=None,
        classlabels_strings=("a", "b", "c"),
    ),
    linear(
        ["f32[N, 4]"],
        out=["i64[N]", "f32[N, 2]"],
        classlabels_ints=(0, 1),
        coefficients=(1.0,) * 4,
        intercepts=(0.0,),
    ),
    linear(["f32[5, 5]"], error="matmul-contract"),
    linear(["f32[5, 4, 1]"], error="rank-mismatch"),
    linear(["f32[5, 4]"], error="attr-missing", classlabels_ints=None),
    linear(["string[5, 4]"], error="dtype-unsupported"),
    svm(3, out=["i64[N]", "f32[N, 3]"]),
    svm(4, out=["i64[N]", "f32[N, 6]"]),
    svm(4, probability=True, out=["i64[N]", "f32[N, 4]"]),
    svm(2, out=["i64[N]", "f32[N, 2]"]),
    svm(2, inputs=["f32[4]"], out=["i64[1]", "f32[1, 2]"]),
    svm(2, inputs=["f32[5, 2, 4]"], error="rank-mismatch", skip_ort="it reads axis 1"),
    svm(2, inputs=["string[5, 4]"], error="dtype-unsupported"),
    trees(["f32[N, 4]"], out=["f32[N, 2]"]),
    trees(["f32[4]"], error="rank-mismatch"),
    trees(["f64[5, 4]"], error="dtype-mismatch"),
    trees(["f32[5, 4]"], error="index-out-of-range", nodes_featureids=(9,)),
    trees(["i64[5, 4]"], error="dtype-unsupported"),
]
