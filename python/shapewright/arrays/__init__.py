"""Reshape, transpose, slice, cast and scale arrays in one pass over memory."""

from shapewright.arrays.chain import Lazy, lazy, lazy_concat
from shapewright.arrays.in_place import transpose_inplace
from shapewright.arrays.many import pad_stack, rearrange_many, unpad_stack
from shapewright.arrays.move import copy, normalize_images, permute, rearrange
from shapewright.arrays.out_of_core import permute_large
from shapewright.arrays.plan import RearrangePlan, plan_rearrange

__all__ = [
    "Lazy",
    "RearrangePlan",
    "copy",
    "lazy",
    "lazy_concat",
    "normalize_images",
    "pad_stack",
    "permute",
    "permute_large",
    "plan_rearrange",
    "rearrange",
    "rearrange_many",
    "transpose_inplace",
    "unpad_stack",
]
