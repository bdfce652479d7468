"""Calls that the core finds again by itself: on tensors in the machine's memory, for DLPack's
interface is the same there, and with an entry point that only notes what it is passed."""

from __future__ import annotations

import ctypes
import gc
import weakref
from typing import Any

import numpy as np
import pytest

from driver_entry import ENTRY
from shapewright import _core

torch = pytest.importorskip("torch")

CPU = 1  # as DLPack numbers devices

if not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"):
    pytest.skip("this PyTorch has no exchange interface", allow_module_level=True)


class Noted:
    """Launches that were made: the first two pointers and a number."""

    def __init__(self, status: int = 0) -> None:
        self.launches: list[tuple[int, int, int]] = []
        self._status = status
        self._entry = ENTRY(self._note)
        address = ctypes.cast(self._entry, ctypes.c_void_p).value
        assert address is not None
        self.launch = _core.Launch(address, 1, 7, 256, (5).to_bytes(8, "little"), [0])

    def _note(self, function: int, *rest: Any) -> int:
        params = ctypes.cast(rest[8], ctypes.POINTER(ctypes.c_void_p))
        read = [ctypes.cast(params[i], ctypes.POINTER(ctypes.c_uint64))[0] for i in range(3)]
        self.launches.append((read[0], read[1], read[2]))
        return self._status


def remembered(x: Any, out: Any, noted: Noted, tag: Any = (1, 0)) -> _core.KnownCalls:
    known = _core.KnownCalls(CPU)
    assert not known.run(tag, x, out)
    ranges = [(0, t.numel() * t.element_size()) for t in (x, out)]
    known.remember(tag, x, out, [(noted.launch, 4, 8, [])], *ranges)
    return known


def test_a_call_is_found_by_what_decides_it() -> None:
    x, out, noted = torch.rand(6, 8), torch.empty(8, 6), Noted()
    known = remembered(x, out, noted)
    assert known.run((1, 0), x, out)
    assert noted.launches == [(x.data_ptr() + 4, out.data_ptr() + 8, 5)]
    assert known.run((1, 0), x.clone(), out)
    assert len(noted.launches) == 2
    for tag, source, target in (
        ((0, 1), x, out),
        ("rearrange", x, out),
        ((1, 0), x.double(), out),
        ((1, 0), torch.rand(8, 6).t(), out),
        ((1, 0), torch.rand(6, 7), out),
        ((1, 0), x, torch.empty(6, 8)),
        ((1, 0), torch.rand(49)[1:].view(6, 8), out),
        ((1, 0), x.numpy(), out),
        ((1, 0), x, out.numpy()),
    ):
        assert not known.run(tag, source, target)
    assert len(noted.launches) == 2


def test_a_call_without_a_result_makes_it() -> None:
    x, noted = torch.rand(6, 8), Noted()
    made: list[Any] = []

    def make() -> Any:
        made.append(torch.empty(8, 6))
        return made[-1]

    known = remembered(x, torch.empty(8, 6), noted)
    assert known.run_new((1, 0), x) is None
    known.remember_new((1, 0), x, make)
    assert known.run_new((1, 0), x) is made[-1]
    assert noted.launches == [(x.data_ptr() + 4, made[-1].data_ptr() + 8, 5)]
    for tag, source in (
        ((0, 1), x),
        ((1, 0), x.double()),
        ((1, 0), torch.rand(8, 6).t()),
        ((1, 0), torch.rand(6, 7)),
        ((1, 0), x.numpy()),
        ((1, 0), torch.rand(6, 8, requires_grad=True)),
    ):
        assert known.run_new(tag, source) is None
    assert len(made) == len(noted.launches) == 1
    known.remember_new((0, 1), x, make)  # results of another layout than was planned
    assert known.run_new((0, 1), x) is None
    assert len(noted.launches) == 1


def test_a_result_is_made_for_the_type_it_was_planned_for() -> None:
    other = type("Other", (torch.Tensor,), {})
    x = torch.rand(6, 8)
    known = remembered(x, torch.empty(8, 6), Noted())
    known.remember_new((1, 0), x, lambda: torch.empty(8, 6))
    assert known.run_new((1, 0), x.as_subclass(other)) is None
    assert known.run_new((1, 0), x) is not None


def test_what_is_held_lives_as_long_as_its_launches() -> None:
    class Held:
        pass

    x, out, noted, held = torch.rand(6, 8), torch.empty(8, 6), Noted(), Held()
    seen = weakref.ref(held)
    known = _core.KnownCalls(CPU)
    known.remember((1, 0), x, out, [(noted.launch, 4, 8, [])], (0, 192), (0, 192), (held,))
    del held
    assert known.run((1, 0), x, out)
    assert seen() is not None
    del known
    gc.collect()
    assert seen() is None


def test_values_of_a_scale_are_told_apart() -> None:
    convert = pytest.importorskip("shapewright.cuda.convert")
    tags = [convert.value_tag(v) for v in (None, 0, 0.0, -0.0, 1.5, np.zeros(3), np.zeros((1, 3)))]
    tags += [convert.value_tag(np.zeros(3, "f4")), convert.value_tag(np.array([0, 0, 1.0]))]
    assert None not in tags
    assert len(set(tags)) == len(tags)
    assert convert.value_tag(np.zeros(3)) == tags[5]
    for values in (np.zeros(1000), torch.zeros(3), [0.0]):
        assert convert.value_tag(values) is None


def test_what_goes_wrong_in_making_a_result_is_told() -> None:
    x = torch.rand(6, 8)
    known = remembered(x, torch.empty(8, 6), Noted())

    def make() -> Any:
        raise MemoryError

    known.remember_new((1, 0), x, make)
    with pytest.raises(MemoryError):
        known.run_new((1, 0), x)


def test_what_python_has_to_refuse_is_not_known() -> None:
    x, out, noted = torch.rand(6, 8), torch.empty(8, 6), Noted()
    known = remembered(x, out, noted)
    both = torch.rand(90)
    assert known.run((1, 0), both[:48].view(6, 8), torch.empty(8, 6))
    assert not known.run((1, 0), both[:48].view(6, 8), both[40:88].view(8, 6)), "shared memory"
    assert not known.run((1, 0), torch.rand(6, 8, requires_grad=True), out)
    assert not known.run((1, 0), torch._neg_view(x), out)
    assert not known.run((1, 0), x.to_sparse(), out)
    assert len(noted.launches) == 1


def test_conjugates_are_not_known() -> None:
    x, out = torch.rand(6, 8, dtype=torch.complex64), torch.empty(8, 6, dtype=torch.complex64)
    known = remembered(x, out, Noted())
    assert known.run((1, 0), x, out)
    assert not known.run((1, 0), x.conj(), out)


def test_a_refusal_of_the_driver_is_left_to_python() -> None:
    x, out = torch.rand(6, 8), torch.empty(8, 6)
    assert not remembered(x, out, Noted(status=201)).run((1, 0), x, out)


def test_another_device_is_not_known() -> None:
    x, out, noted = torch.rand(6, 8), torch.empty(8, 6), Noted()
    known = _core.KnownCalls()
    known.remember((1, 0), x, out, [(noted.launch, 0, 0, [])], (0, 192), (0, 192))
    assert not known.run((1, 0), x, out)


def test_groups() -> None:
    known = _core.KnownCalls(CPU)
    xs = [torch.rand(4, 4), torch.rand(4, 4), torch.rand(4, 5), torch.rand(4, 4).t()]
    xs += [torch.rand(4, 4), torch.rand(4, 4).half()]
    found = known.read(xs)
    assert found is not None
    assert np.frombuffer(found.addresses, "u8").tolist() == [x.data_ptr() for x in xs]
    assert np.frombuffer(found.groups, "u4").tolist() == [0, 0, 1, 2, 0, 3]
    assert np.frombuffer(found.firsts, "u4").tolist() == [0, 2, 3, 5]
    assert found.most is None
    alike = known.read(xs[:5])
    assert alike is not None
    assert alike.most == (4, 5)
    assert known.read([*xs, np.zeros(3)]) is None
    assert known.read([*xs, torch.rand(3, requires_grad=True)]) is None
    empty = known.read([])
    assert empty is not None
    assert (empty.addresses, empty.groups, empty.most) == (b"", b"", None)


def test_rows_of_a_batch() -> None:
    """Two layouts, each with a part that is read and one that is filled, in items of two widths."""
    known, book = _core.KnownCalls(CPU), _core.RowBook()
    xs = [torch.rand(4, 4), torch.rand(2, 4), torch.rand(4, 4)]
    arrays = known.read(xs)
    assert arrays is not None
    first, step, fill = 1 << 20, 64, 77
    assert book.plan("pad", arrays, first, step, fill) == 0
    book.add("pad", arrays, 0, 0, [(4, 2, 0, 0, False, b"whole")])
    assert book.plan("pad", arrays, first, step, fill) == 1
    assert book.plan("other", arrays, first, step, fill) == 0
    book.add("pad", arrays, 1, 0, [(4, 1, 0, 0, False, b"upper"), (8, 1, 0, 32, True, b"fills")])
    assert book.plan("pad", arrays, first + 4, step, fill) == 0, "another alignment"
    planned = book.plan("pad", arrays, first, step, fill)
    assert not isinstance(planned, int)
    (four, eight) = planned
    assert four[:3] == (4, 5, len(b"wholeupper"))
    assert eight[:3] == (8, 1, len(b"fills"))
    blocks = np.dtype([("src", "u8"), ("dst", "u8"), ("row", "u4"), ("tile", "u4")])
    assert four[3][:10] == b"wholeupper"
    assert np.frombuffer(four[3][10:], blocks).tolist() == [
        (xs[0].data_ptr(), first, 0, 0),
        (xs[0].data_ptr(), first, 0, 1),
        (xs[1].data_ptr(), first + 64, 1, 0),
        (xs[2].data_ptr(), first + 128, 0, 0),
        (xs[2].data_ptr(), first + 128, 0, 1),
    ]
    assert np.frombuffer(eight[3][5:], blocks).tolist() == [(fill, first + 96, 0, 0)]


@pytest.mark.parametrize("shape", [(64, 64), (3,), (5, 3), (4,), (), (2, 4, 6)])
def test_results_of_one_allocation(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    from shapewright.arrays.element import item_type
    from shapewright.cuda import gather
    from shapewright.cuda.view import GpuArray, dense_strides

    def as_on_gpu(x: Any, argument: str) -> GpuArray:
        item = item_type(x.dtype)
        strides = dense_strides(tuple(x.shape), item.bytes)
        return GpuArray(x, "torch", x.data_ptr(), tuple(x.shape), strides, item, 0, 1)

    monkeypatch.setattr(gather, "read", as_on_gpu)
    like = as_on_gpu(torch.zeros(1), "x")
    made, addresses, first = gather.make_many(like, 7, shape, like.item)
    assert [tuple(m.shape) for m in made] == [shape] * 7
    assert all(m.is_contiguous() and m.data_ptr() % 16 == 0 for m in made)
    assert [m.data_ptr() for m in made] == addresses.tolist()
    assert first.address == made[0].data_ptr()
    assert len({m.untyped_storage().data_ptr() for m in made}) == 1
