"""What a loop takes of a GPU: counters, least capacity, the largest size; against plain replays."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import shapewright as sw
from naive_allocators.requests import Request
from naive_allocators.torch_cuda import NaiveTorch

torch = pytest.importorskip("torch")
nn = torch.nn

MIB = 1 << 20
WORKSPACE = 8320 * 1024  # of a cuBLAS handle before Hopper
PRODUCTS = ("linear", "matmul", "mm", "bmm", "addmm")


class Residual(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Any) -> Any:
        return x + torch.relu(self.norm(self.conv(x)))


class Images(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, 2, 3)
        self.body = nn.Sequential(Residual(32), Residual(32))
        self.head = nn.Linear(32, 1000)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(self.stem(x)).mean((2, 3)))


def mlp() -> Any:
    return nn.Sequential(nn.Linear(1000, 2000), nn.ReLU(), nn.Linear(2000, 3000))


def words() -> Any:
    layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True, dropout=0.0)
    return nn.Sequential(nn.Embedding(5000, 256), layer, nn.Linear(256, 5000))


NETWORKS = {
    "mlp": (mlp, "f32[N, 1000]"),
    "images": (Images, "f32[N, 3, 64, 64]"),
    "words": (words, "i64[N, 100]"),
}


def trained(name: str, **options: Any) -> sw.Report:
    make, inputs = NETWORKS[name]
    asked: dict[str, Any] = {"mode": "train", "optimizer": "adamw", **options}
    return sw.check(make(), inputs, **asked)


def as_requests(bound: sw.BoundReport) -> tuple[list[Request], int]:
    """The loop of three iterations from the timeline of one, and where the third begins."""
    events = bound.timeline.events
    op = {node.name: node.op for node in bound.report.graph.nodes}
    kinds = {name: kind for name, kind, *_ in bound.report.memory.buffers}
    held = [e for e in events if kinds[e.buffer] in ("parameter", "input")]
    states = [e for e in events if kinds[e.buffer] == "optimizer state"]
    body = [e for e in events if kinds[e.buffer] in ("result", "gradient")]
    modules: dict[str, list[Any]] = {}
    for event in held:
        owner, is_input = event.buffer.rpartition(".")[0], kinds[event.buffer] == "input"
        modules.setdefault("input" if is_input else owner, []).append(event)
    # What stays from one iteration to the next: the first one has none of it.
    stays = [e for e in body if e.phase == "forward" and e.node is None and e.action == "alloc"]
    body = [e for e in body if e not in stays]
    staying = Counter((e.buffer, e.bytes) for e in stays)
    out: list[Request] = []

    def alloc(size: int) -> int:
        out.append(("alloc", len(out), size, 0))
        return len(out) - 1

    for group in (*(g for name, g in modules.items() if name != "input"), modules["input"]):
        for event in group:
            alloc(event.bytes)
    handles = set()
    third = 0
    alive: dict[tuple[str, int], list[int]] = {}
    for turn in range(3):
        third = len(out)
        absent = Counter(staying) if turn == 0 else Counter()
        has_states = turn > 0
        for event in body:
            if not has_states and event.phase in ("optimizer", "zero_grad"):
                has_states = True
                for state in states:
                    alloc(state.bytes)
            key = (event.buffer, event.bytes)
            if event.action == "free" and absent[key]:
                absent[key] -= 1
                continue
            if event.action == "free":
                out.append(("free", alive[key].pop(0), 0, 0))
                continue
            alive.setdefault(key, []).append(alloc(event.bytes))
            thread = "forward" if event.phase == "forward" else "backward"
            if op.get(event.node or "", "").split(".")[0] in PRODUCTS and thread not in handles:
                handles.add(thread)
                alloc(WORKSPACE)
        kept = {key: names for key, names in alive.items() if staying[key]}
        dropped = [name for key, names in alive.items() if key not in kept for name in names]
        out += [("free", name, 0, 0) for name in dropped]
        alive = kept
    return out, third


def allocated_from(first: int, requests: list[Request], placements: list[tuple[int, int]]) -> int:
    """The most in use at once from a request on, by the blocks that were given out."""
    sizes = iter(placements)
    blocks: dict[int, int] = {}
    most = 0
    for i, (kind, name, *_) in enumerate(requests):
        if kind == "alloc":
            blocks[name] = next(sizes)[1]
        else:
            del blocks[name]
        most = max(most, sum(blocks.values())) if i >= first else 0
    return most


WAYS = (
    {"optimizer": "sgd"},
    {"optimizer": "adamw"},
    {"optimizer": "sgd", "zero_grad": "before-backward"},
    {"optimizer": "adamw", "outputs": "kept"},
    {"optimizer": "sgd", "outputs": "kept", "zero_grad": "before-backward"},
)


class TestCounters:
    @pytest.mark.parametrize("name", NETWORKS)
    @pytest.mark.parametrize("options", WAYS)
    def test_reserved_is_that_of_the_naive_allocator(
        self, name: str, options: dict[str, Any]
    ) -> None:
        bound = trained(name, **options).at(N=24)
        requests, third = as_requests(bound)
        naive = NaiveTorch().run(requests)
        assert bound.peak.reserved == naive.reserved_peak
        assert bound.peak.live == allocated_from(third, requests, naive.placements)

    @pytest.mark.parametrize("name", NETWORKS)
    def test_the_live_set_adds_up(self, name: str) -> None:
        peak = trained(name).at(N=24).peak
        assert sum(tensor.bytes for tensor in peak.live_set) == peak.live
        assert peak.lower <= peak.live <= (peak.upper or 0)
        handles = [t.bytes for t in peak.live_set if "cuBLAS" in t.why]
        assert len(handles) == 2
        assert all(WORKSPACE <= size <= WORKSPACE + MIB for size in handles)

    def test_blocks_are_counted_whole(self) -> None:
        # 49 MiB of indices take a block of 50 MiB: what is left over, 1 MiB, is not split off.
        net = nn.MaxPool2d(3, 2, 1)
        bound = sw.check(net, "f32[32, 64, 112, 112]", mode="train").at()
        rows = {t.bytes for t in bound.peak.live_set}
        assert 98 * MIB in rows
        assert bound.peak.lower == (98 + 24.5 + 49) * MIB
        assert bound.peak.live == (98 + 24.5 + 50) * MIB

    def test_inference_drops_its_output_before_the_next_batch(self) -> None:
        make, inputs = NETWORKS["mlp"]
        peak = sw.check(make(), inputs).at(N=4096).peak
        one = 4096 * 4 * (1000 + 2000 + 2000) + 4 * (2000 * 1001 + 3000 * 2001)
        assert peak.live < one + 4096 * 4 * 3000 + 32 * MIB
        assert [t.why for t in peak.live_set if "cuBLAS" in t.why] == ["workspace of cuBLAS"]

    def test_the_device_decides_the_workspace(self) -> None:
        small, large = (trained("mlp", device=d).at(N=8).peak for d in ("a100-40gb", "h200"))
        assert large.live - small.live == 2 * (32 * MIB - WORKSPACE)
        assert large.upper == large.live


class TestCapacity:
    @pytest.mark.parametrize("name", NETWORKS)
    def test_it_runs_in_its_capacity_and_in_no_less_than_the_bound(self, name: str) -> None:
        peak = trained(name).at(N=24).peak
        assert peak.capacity is not None
        assert peak.capacity_lower is not None
        assert peak.reserved is not None
        assert peak.capacity_upper is not None
        assert peak.lower <= peak.capacity_lower <= peak.capacity <= peak.reserved
        assert peak.capacity <= peak.capacity_upper
        assert peak.runs_in(peak.capacity)
        assert not peak.runs_in(peak.capacity_lower - 1)
        assert peak.runs_in(peak.capacity_upper, safe=True)

    def test_what_runs_whatever_libraries_take_runs_without_them(self) -> None:
        peak = trained("images").at(N=33).peak
        assert peak.capacity_lower is not None
        assert peak.reserved_upper is not None
        for capacity in range(peak.capacity_lower - MIB, peak.reserved_upper + MIB, MIB // 2):
            assert peak.runs_in(capacity) or not peak.runs_in(capacity, safe=True)

    def test_expandable_segments_need_no_more(self) -> None:
        plain = trained("images").at(N=24).peak
        grown = trained("images", settings="expandable_segments:True").at(N=24).peak
        assert grown.capacity is not None
        assert plain.reserved is not None
        assert grown.capacity <= plain.reserved


class TestFit:
    @pytest.mark.parametrize("name", NETWORKS)
    @pytest.mark.parametrize("safe", [False, True])
    def test_it_equals_a_scan(self, name: str, safe: bool) -> None:
        top = 40
        report = trained(name, dims={"N": (1, top)})
        peaks = {n: report.at(N=n).peak for n in range(1, top + 1)}
        budgets = [peaks[n].lower + extra for n in (1, 9, 30, top) for extra in (0, 7 * MIB)]
        budgets += [peaks[n].reserved or 0 for n in (5, 20)]
        for budget in budgets:
            running = [n for n, peak in peaks.items() if peak.runs_in(budget, safe=safe)]
            found = sw.fit(report, budget=budget, safe=safe)
            assert found.value == max(running, default=0)
            assert found.untried == 0

    def test_what_stops_the_next_size_is_named(self) -> None:
        report = trained("images")
        found = sw.fit(report, budget="256MiB")
        assert found.peak is not None
        assert found.next is not None
        assert found.binding is not None
        assert found.peak.runs_in(found.budget)
        assert not found.next.runs_in(found.budget)
        assert found.slack == found.budget - (found.peak.capacity or 0) >= 0
        assert (found.short or 0) > 0
        assert found.binding.node is not None
        assert found.binding.phase in ("forward", "backward", "optimizer")

    def test_the_context_is_taken_off_the_device(self) -> None:
        report = trained("images", device="t4")
        likely, safe = (sw.fit(report, safe=s) for s in (False, True))
        usable = 15104 * MIB  # of 16 GiB
        assert (likely.budget, safe.budget) == (usable - 512 * MIB, usable - 1687 * MIB)
        assert safe.value <= likely.value


class TestCudnn:
    """The largest workspace is that of the algorithm that needs most, in one call of inference."""

    @staticmethod
    def most(batch: int = 2, **options: Any) -> int:
        conv = nn.Conv2d(16, 16, bias=False, **options)
        peak = sw.check(conv, "f32[N, 16, 60, 60]").at(N=batch).peak
        assert peak.upper is not None
        return peak.upper - peak.live

    def test_transforms_of_tiles(self) -> None:
        # A kernel of 3 leaves 30 points of 32: 2x2 tiles of 16 images in and 16 out; 16x16 kernels.
        tile = 32 * 17 * 8
        for groups in (1, 2):
            wanted = tile * (4 * 2 * (16 + 16) + 16 * 16 // groups)
            found = self.most(kernel_size=3, padding=1, groups=groups)
            assert wanted <= found <= wanted + 2 * MIB

    @pytest.mark.parametrize(
        "options", [{"kernel_size": 1}, {"kernel_size": 2, "stride": 2}, {"kernel_size": 33}]
    )
    def test_where_there_are_none_all_is_turned(self, options: dict[str, Any]) -> None:
        side = (60 - options["kernel_size"]) // options.get("stride", 1) + 1
        images = 2 * 16 * (60 * 60 + side * side)
        turned = 4 * (images + 16 * 16 * options["kernel_size"] ** 2)
        assert turned <= self.most(**options) <= turned + 2 * MIB


def test_the_band_of_the_context_holds_what_is_seen() -> None:
    from importlib.resources import files
    from tomllib import loads

    from shapewright.units import parse_bytes

    context = loads((files("shapewright") / "devices.toml").read_text(encoding="utf-8"))["context"]
    seen = {"all": 0, "as used": 0}
    for row in context["seen"]:
        assert row["source"]
        assert row["dated"]
        seen[row["loading"]] = max(seen[row["loading"]], parse_bytes(row["memory"]))
    assert parse_bytes(context["most"]) == seen["all"]
    assert seen["as used"] <= parse_bytes(context["typical"]) <= parse_bytes(context["most"])


class Norms(nn.Module):  # type: ignore[misc, name-defined]
    """A convolution whose result a layer norm reads with its channels last."""

    def __init__(self, groups: int, *, last: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 7, padding=3, groups=groups)
        self.norm = nn.LayerNorm(32)
        self.last = last

    def forward(self, x: Any) -> Any:
        x = x.permute(0, 3, 1, 2)
        x = self.conv(x if self.last else x.contiguous())
        return self.norm(x.permute(0, 2, 3, 1))


class TestChannelsLast:
    """What cuDNN takes in that layout it leaves so, with one channel a group too."""

    def temporaries(self, groups: int, *, last: bool) -> list[tuple[str, str]]:
        report = sw.check(Norms(groups, last=last), "f32[N, 28, 28, 32]", mode="train")
        image = 4 * 4 * 28 * 28 * 32
        return [
            (e.phase, (e.node or "").split("_")[0])
            for e in report.at(N=4).timeline.events
            if e.action == "alloc" and e.bytes == image and e.buffer.startswith("temporary")
        ]

    @pytest.mark.parametrize("groups", [1, 4, 32])
    def test_nothing_is_turned(self, groups: int) -> None:
        found = self.temporaries(groups, last=True)
        assert ("forward", "layer") not in found
        # The gradients of the norm's output, a sum's laid out, and of its input.
        assert found.count(("backward", "layer")) == 2

    @pytest.mark.parametrize("groups", [1, 32])
    def test_rows_are_turned_for_the_norm(self, groups: int) -> None:
        found = self.temporaries(groups, last=False)
        assert ("forward", "layer") in found
        assert found.count(("backward", "layer")) == 3

    def test_weights_are_turned_for_each_call(self) -> None:
        def turned(groups: int) -> int:
            report = sw.check(Norms(groups, last=True), "f32[N, 28, 28, 32]", mode="train")
            weight = 4 * 32 * (32 // groups) * 49
            events = report.at(N=4).timeline.events
            return sum(
                e.action == "alloc" and e.bytes == weight and e.buffer.startswith("temporary")
                for e in events
            )

        # Forward; the gradient of the weights comes turned and is laid in rows.
        assert turned(1) == 2
        assert turned(32) == 0
