"""Operands whose elements, not only whose sizes, decide how large a result is.

Taken from the texts of the specification. `()` stands for all operands of the operator.
"""

DATA_OPERANDS = {
    "AffineGrid": (1,),
    "BlackmanWindow": (),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "Compress": (),
    "ConcatFromSequence": (),
    "ConstantOfShape": (),
    "DFT": (1, 2),
    "Expand": (1,),
    "HammingWindow": (),
    "HannWindow": (),
    "If": (),
    "ImageDecoder": (),
    "Loop": (0, 1),
    "MaxUnpool": (2,),
    "MelWeightMatrix": (),
    "NonMaxSuppression": (),
    "NonZero": (),
    "OneHot": (1,),
    "OptionalGetElement": (),
    "OptionalHasElement": (),
    "Pad": (1, 3),
    "Range": (),
    "ReduceL1": (1,),
    "ReduceL2": (1,),
    "ReduceLogSum": (1,),
    "ReduceLogSumExp": (1,),
    "ReduceMax": (1,),
    "ReduceMean": (1,),
    "ReduceMin": (1,),
    "ReduceProd": (1,),
    "ReduceSum": (1,),
    "ReduceSumSquare": (1,),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "STFT": (1, 3),
    "SequenceAt": (),
    "SequenceErase": (),
    "SequenceInsert": (),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "SplitToSequence": (1,),
    "Squeeze": (1,),
    "StringNormalizer": (),
    "StringSplit": (),
    "Tile": (1, 2),
    "TopK": (1,),
    "Unique": (),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}


def depends_on_data(graph, fixed=frozenset()) -> bool:
    """Whether some node, bodies included, reads elements that are not in the model itself.

    Walks the nodes in order: a result of constants is a constant, and so is the shape of a value.
    """
    fixed = set(fixed) | {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        wanted = DATA_OPERANDS.get(node.op_type)
        if wanted is not None:
            places = range(len(node.input)) if wanted == () else wanted
            read = [node.input[i] for i in places if i < len(node.input)]
            if any(name and name not in fixed for name in read):
                return True
        if any(a.HasField("g") and depends_on_data(a.g, fixed) for a in node.attribute):
            return True
        if node.op_type in {"Shape", "Size"} or all(name in fixed for name in node.input if name):
            fixed.update(node.output)
    return False
