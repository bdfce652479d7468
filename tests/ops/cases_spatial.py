"""F6: images resampled and rearranged. Resize computes sizes in float32, as ONNX Runtime does."""

from shapewright.testing import Const, case, const

X = "f32[N, C, H, W]"
LIMITED = "ONNX Runtime allows at most opset 26"


def scales(*values: float) -> Const:
    """A constant of factors."""
    return const([float(v) for v in values], "f32")


NONE = const([], "f32")
IMAGE = "f32[1, 1, 10, 13]"

CASES = [
    # --- Upsample and Resize by scales: floor(in * scale)
    case("Upsample", [X], scales=[1.0, 1.0, 2.0, 1.5], out=["f32[N, C, 2*H, 3*W//2]"], opset=7),
    case("Upsample", [X, scales(1, 1, 2, 2)], out=["f32[N, C, 2*H, 2*W]"], opset=9),
    case("Upsample", [X, scales(1, 1, 2, 2)], error="op-deprecated", opset=10),
    case("Upsample", [IMAGE], scales=[1.0, 1.0, 0.5, 1.0], error="resize-spec", opset=7),
    case("Upsample", [IMAGE], scales=[1.0, 1.0], error="resize-spec", opset=7),
    case("Upsample", [IMAGE, scales(1, 1, 0.5, 2)], error="resize-spec", opset=9),
    case("Resize", [X, scales(1, 1, 0.5, 0.5)], out=["f32[N, C, H//2, W//2]"], opset=10),
    case("Resize", [X, NONE, scales(1, 1, 2, 2)], out=["f32[N, C, 2*H, 2*W]"], opset=11),
    case("Resize", [X, None, scales(1, 1, 2, 0.25)], out=["f32[N, C, 2*H, W//4]"], opset=13),
    case(
        "Resize", [X, None, scales(2, 0.7)], axes=[2, -1], out=["f32[N, C, 2*H, 7*W//10]"], opset=18
    ),
    case(
        "Resize",
        [X, None, scales(1 / 3, 257 / 256)],
        axes=[3, 2],
        out=["f32[N, C, 257*H//256, W//3]"],
        opset=19,
    ),
    case("Resize", [IMAGE, None, scales(1, 1, 0.7, 1.3)], out=["f32[1, 1, 7, 16]"]),
    case(
        "Resize",
        ["f32[1, 1, 90]", None, scales(1, 1, 1.3)],
        out=["f32[1, 1, 116]"],
        name="as float32 rounds",
    ),
    case("Resize", [IMAGE, None, scales(1, 1, 0.01, 1)], out=["f32[1, 1, 0, 13]"]),
    case("Resize", ["f32[0, 1, 4, 4]", None, scales(1, 1, 2, 2)], out=["f32[0, 1, 8, 8]"]),
    case("Resize", [X, None, "f32[4]"], out=["f32[?, ?, ?, ?]"]),
    case("Resize", [X, None, "f32[2]"], axes=[2, 3], out=["f32[N, C, ?, ?]"]),
    case("Resize", ["f32", None, scales(1, 1, 2, 2)], out=["f32[?, ?, ?, ?]"]),
    case("Resize", ["f32", None, "f32"], out=["f32[...]"]),
    # --- by sizes
    case(
        "Resize",
        [X, NONE, NONE, const([1, 3, 5, 6])],
        out=["f32[1, 3, 5, 6]"],
        opset=11,
        bind={"N": 1, "C": 3, "H": 4, "W": 7},
    ),
    case(
        "Resize",
        [X, None, NONE, const([1, 3, 5, 6])],
        out=["f32[1, 3, 5, 6]"],
        opset=13,
        bind={"N": 1, "C": 3, "H": 4, "W": 7},
    ),
    case("Resize", [X, None, None, const([5, 6])], axes=[2, 3], out=["f32[N, C, 5, 6]"]),
    case("Resize", [X, None, None, "i64[2]"], axes=[2, 3], out=["f32[N, C, ?, ?]"]),
    # with an aspect ratio to keep: one ratio for all axes, halves rounded up
    case(
        "Resize",
        [IMAGE, None, None, const([7, 8])],
        axes=[2, 3],
        keep_aspect_ratio_policy="not_larger",
        out=["f32[1, 1, 6, 8]"],
    ),
    case(
        "Resize",
        [IMAGE, None, None, const([7, 8])],
        axes=[2, 3],
        keep_aspect_ratio_policy="not_smaller",
        out=["f32[1, 1, 7, 9]"],
    ),
    case(
        "Resize",
        [IMAGE, None, None, const([7, 5])],
        axes=[3, 2],
        keep_aspect_ratio_policy="not_larger",
        out=["f32[1, 1, 5, 7]"],
    ),
    case(
        "Resize",
        [IMAGE, None, None, const([1, 1, 7, 8])],
        keep_aspect_ratio_policy="not_smaller",
        out=["f32[1, 1, 10, 13]"],
    ),
    case(
        "Resize",
        [X, None, None, const([8])],
        axes=[2],
        keep_aspect_ratio_policy="not_larger",
        out=["f32[N, C, 8, W]"],
    ),
    case(
        "Resize",
        [X, None, None, const([6, 6])],
        axes=[2, 3],
        keep_aspect_ratio_policy="not_larger",
        out=["f32[N, C, min(6, (12*H + W)//(2*W)), min(6, (H + 12*W)//(2*H))]"],
    ),
    # roi does not change the size
    case(
        "Resize",
        [IMAGE, scales(0, 0, 0.25, 0.25, 1, 1, 0.75, 0.75), scales(1, 1, 2, 2)],
        coordinate_transformation_mode="tf_crop_and_resize",
        out=["f32[1, 1, 20, 26]"],
    ),
    case("Resize", [IMAGE], error="resize-spec"),
    case("Resize", [IMAGE, None, NONE], error="resize-spec"),
    case("Resize", [IMAGE, None, scales(1, 1, 2, 2), const([1, 1, 5, 6])], error="resize-spec"),
    case("Resize", [IMAGE, None, scales(1, 1, 2)], error="resize-spec"),
    case("Resize", [IMAGE, scales(1, 1, 2)], error="resize-spec", opset=10),
    case("Resize", [IMAGE, None, scales(1, 1, 0, 2)], error="resize-spec"),
    case("Resize", [IMAGE, None, scales(1, 1, -1, 2)], error="resize-spec"),
    case(
        "Resize",
        [IMAGE, None, scales(1, 1, float("nan"), 2)],
        error="resize-spec",
        skip_ort="a size of nothing",
    ),
    case("Resize", [IMAGE, None, scales(1, 1, 3e38, 2)], error="resize-spec"),
    case("Resize", [IMAGE, None, None, const([1, 1, 5])], error="resize-spec"),
    case("Resize", [IMAGE, None, None, const([1, 1, -5, 6])], error="resize-spec"),
    case("Resize", [IMAGE, None, None, const([1, 1, 0, 6])], error="resize-spec"),
    case("Resize", [IMAGE, None, scales(2, 2)], axes=[2, 2], error="axis-repeated"),
    case("Resize", [IMAGE, None, scales(2, 2)], axes=[2, 4], error="axis-out-of-range"),
    case("Resize", [IMAGE, None, scales(2, 2, 2)], axes=[2, 3], error="resize-spec"),
    case(
        "Resize",
        [IMAGE, None, scales(2, 2)],
        axes=[2, 3],
        keep_aspect_ratio_policy="not_larger",
        error="resize-spec",
    ),
    case(
        "Resize",
        [IMAGE, None, scales(2, 2)],
        axes=[2, 3],
        keep_aspect_ratio_policy="fit",
        error="attr-value",
    ),
    case("Resize", [IMAGE, None, scales(1, 1, 2, 2)], mode="lanczos", error="attr-value"),
    case(
        "Resize",
        [IMAGE, scales(0, 1), scales(1, 1, 2, 2)],
        coordinate_transformation_mode="tf_crop_and_resize",
        error="resize-spec",
    ),
    case(
        "Resize",
        ["bf16[1, 1, 4, 4]", NONE, scales(1, 1, 2, 2)],
        error="dtype-unsupported",
        opset=11,
    ),
    # --- DepthToSpace, SpaceToDepth
    *(
        case("DepthToSpace", ["f32[N, 8, H, W]"], blocksize=2, out=["f32[N, 2, 2*H, 2*W]"], opset=v)
        for v in (7, 11, 13, 28)
    ),
    case(
        "DepthToSpace",
        [X],
        blocksize=2,
        mode="CRD",
        out=["f32[N, exactdiv(C, 4), 2*H, 2*W]"],
        contract=["C % 4 == 0"],
        bind={"N": 2, "C": 8, "H": 3, "W": 5},
    ),
    case("DepthToSpace", ["f32[1, 6, 2, 2]"], blocksize=2, error="depth-divides"),
    case("DepthToSpace", ["f32[1, 4, 2, 2]"], blocksize=0, error="attr-value"),
    case("DepthToSpace", ["f32[1, 4, 2, 2]"], blocksize=2**40, error="dim-overflow"),
    case("DepthToSpace", ["f32[1, 4, 2, 2]"], blocksize=2, mode="RCD", error="attr-value"),
    case("DepthToSpace", ["f32[1, 4, 2]"], blocksize=2, error="rank-mismatch"),
    case("SpaceToDepth", ["f32[N, C, 4, 6]"], blocksize=2, out=["f32[N, 4*C, 2, 3]"], opset=7),
    case(
        "SpaceToDepth",
        [X],
        blocksize=2,
        out=["f32[N, 4*C, exactdiv(H, 2), exactdiv(W, 2)]"],
        contract=["H % 2 == 0", "W % 2 == 0"],
        opset=13,
        bind={"N": 2, "C": 3, "H": 4, "W": 6},
    ),
    case(
        "SpaceToDepth",
        ["f32[N, C, 4, 6]"],
        blocksize=2,
        mode="CRD",
        out=["f32[N, 4*C, 2, 3]"],
        opset=28,
        skip_ort=LIMITED,
    ),
    case("SpaceToDepth", ["f32[1, 1, 4, 9]"], blocksize=2, error="depth-divides"),
    # --- GridSample, AffineGrid
    case("GridSample", [X, "f32[N, P, Q, 2]"], out=["f32[N, C, P, Q]"], opset=16),
    case(
        "GridSample",
        ["f32[N, C, D, H, W]", "f32[N, P, Q, R, 3]"],
        mode="linear",
        out=["f32[N, C, P, Q, R]"],
        opset=20,
        bind={"N": 2, "C": 3, "D": 4, "H": 5, "W": 6, "P": 2, "Q": 3, "R": 4},
    ),
    case(
        "GridSample",
        [X, "f32[M, P, Q, 2]"],
        mode="nearest",
        out=["f32[N, C, P, Q]"],
        contract=["N == M"],
        opset=22,
        bind={"N": 2, "M": 2, "C": 3, "H": 4, "W": 5, "P": 6, "Q": 7},
    ),
    case("GridSample", ["f32", "f32[N, P, Q, 2]"], out=["f32[N, ?, P, Q]"]),
    case("GridSample", [X, "f32"], out=["f32[N, C, ?, ?]"]),
    case("GridSample", [X, "f32[N, P, Q, 3]"], error="shape-mismatch"),
    case("GridSample", ["f32[2, 3, 4, 5]", "f32[3, 4, 5, 2]"], error="shape-mismatch"),
    case("GridSample", [X, "f32[N, P, 2]"], error="rank-mismatch"),
    case("GridSample", [X, "f32[N, P, Q, 2]"], mode="bilinear", error="attr-value", opset=20),
    case("GridSample", [X, "f32[N, P, Q, 2]"], mode="linear", error="attr-value", opset=16),
    case("GridSample", [X, "f32[N, P, Q, 2]"], padding_mode="wrap", error="attr-value"),
    case(
        "AffineGrid",
        ["f32[N, 2, 3]", const([2, 4, 5, 6])],
        out=["f32[2, 5, 6, 2]"],
        contract=["N == 2"],
    ),
    case(
        "AffineGrid",
        ["f32[2, 3, 4]", const([2, 4, 5, 6, 7])],
        align_corners=1,
        out=["f32[2, 5, 6, 7, 3]"],
    ),
    case(
        "AffineGrid", ["f32[N, 2, 3]", "i64[4]"], out=["f32[N, ?, ?, 2]"], skip_ort="size must fit"
    ),
    case("AffineGrid", ["f32[N, 2, 3]", "i64"], out=["f32[N, ?, ?, 2]"], skip_ort="size must fit"),
    case("AffineGrid", ["f32[3, 2, 3]", const([2, 4, 5, 6])], error="shape-mismatch"),
    case("AffineGrid", ["f32[2, 2, 4]", const([2, 4, 5, 6])], error="shape-mismatch"),
    case("AffineGrid", ["f32[2, 3, 4]", const([2, 4, 5, 6])], error="shape-mismatch"),
    case("AffineGrid", ["f32[2, 2, 3]", const([2, 4, 5])], error="shape-mismatch"),
    case("AffineGrid", ["f32[2, 3]", const([2, 4, 5, 6])], error="rank-mismatch"),
    case("AffineGrid", ["f32[2, 2, 3]", const([2, 4, -5, 6])], error="negative-dim"),
    # --- Col2Im
    case(
        "Col2Im", ["f32[N, 20, 5]", const([5, 5]), const([1, 5])], out=["f32[N, 4, 5, 5]"], opset=18
    ),
    case(
        "Col2Im",
        ["f32[N, 8, L]", const([5, 5]), const([2, 2])],
        strides=[2, 2],
        out=["f32[N, 2, 5, 5]"],
        contract=["L == 4"],
    ),
    case(
        "Col2Im",
        ["f32[N, 4*C, 36]", const([5, 5]), const([2, 2])],
        pads=[1] * 4,
        out=["f32[N, C, 5, 5]"],
    ),
    case(
        "Col2Im",
        ["f32[N, 8, 9]", const([5, 5]), const([2, 2])],
        dilations=[2, 2],
        out=["f32[N, 2, 5, 5]"],
    ),
    case(
        "Col2Im",
        ["f32[N, 8, L]", "i64[2]", const([2, 2])],
        out=["f32[N, 2, ?, ?]"],
        skip_ort="image_shape must fit",
    ),
    case("Col2Im", ["f32[1, 9, 16]", const([5, 5]), const([2, 2])], error="depth-divides"),
    case("Col2Im", ["f32[1, 8, 15]", const([5, 5]), const([2, 2])], error="shape-mismatch"),
    case("Col2Im", ["f32[1, 8, 16]", const([5, 5]), const([2, 2, 2])], error="shape-mismatch"),
    case("Col2Im", ["f32[1, 8, 16]", const([5, 5]), const([0, 2])], error="shape-mismatch"),
    case("Col2Im", ["f32[1, 8, 16]", const([1, 5]), const([2, 2])], error="kernel-too-large"),
    case("Col2Im", ["f32[8, 16]", const([5, 5]), const([2, 2])], error="rank-mismatch"),
    case(
        "Col2Im",
        ["f32[1, 8, 16]", const([5, 5]), const([2, 2])],
        strides=[0, 1],
        error="strides-invalid",
    ),
]
