"""Training memory of small modules: formulas by hand, phases, reasons, peaks of real CPU runs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import shapewright as sw

torch = pytest.importorskip("torch")
nn = torch.nn

from torch.utils.checkpoint import checkpoint  # noqa: E402

from torch_oracles.iteration import Way, checkpoint_modules  # noqa: E402
from torch_oracles.live import live_truth  # noqa: E402
from torch_oracles.processor import has_modelled_kernels  # noqa: E402
from torch_oracles.saved import saved_truth  # noqa: E402

SIZES = {"N": 64}


def mlp() -> Any:
    return nn.Sequential(nn.Linear(100, 200), nn.ReLU(), nn.Linear(200, 50))


def trained(module: Any, inputs: Any = "f32[N, 100]", **options: Any) -> sw.Report:
    given = inputs if isinstance(inputs, dict) else {"input": inputs}
    asked = {"optimizer": "adamw", "profile": "torch-cpu", **options}
    return sw.check(module, given, mode="train", **asked)


class Tied(nn.Module):  # type: ignore[misc, name-defined]
    """One matrix embeds the tokens and scores them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(40, 24)
        self.head = nn.Linear(24, 40, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: Any) -> Any:
        return self.head(self.embed(ids))


class Stack(nn.Module):  # type: ignore[misc, name-defined]
    """Equal blocks, run under torch.utils.checkpoint if asked."""

    def __init__(self, *, again: bool = False) -> None:
        super().__init__()
        block = nn.Sequential(nn.Linear(32, 128), nn.GELU(), nn.Linear(128, 32))
        self.blocks = nn.ModuleList(copy.deepcopy(block) for _ in range(4))
        self.again = again

    def forward(self, input: Any) -> Any:
        for block in self.blocks:
            input = checkpoint(block, input, use_reentrant=False) if self.again else block(input)
        return input


class Turned(nn.Module):  # type: ignore[misc, name-defined]
    """The gradient of a softmax comes transposed, so that it is copied first."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Linear(32, 256)
        self.values = nn.Parameter(torch.ones(8, 256))

    def forward(self, input: Any) -> Any:
        return self.values @ self.scores(input).softmax(-1).t()


class TestFormulas:
    ROWS = (
        ("params", "121000"),
        ("grads", "121000"),
        ("optimizer", "242016"),  # two moments, and a step of 4 bytes for each of 4 parameters
        ("saved", "800*N"),  # the result of the ReLU, for itself and for the layer after it
        ("inputs", "400*N"),
    )

    @pytest.mark.parametrize(("kind", "text"), ROWS)
    def test_mlp(self, kind: str, text: str) -> None:
        assert str(trained(mlp()).formula(kind)) == text

    def test_the_peak_is_the_formula_at_the_sizes(self) -> None:
        report = trained(mlp())
        for size in (1, 64, 4096):
            assert report.at(N=size).peak.live == report.formula("live_peak")(N=size)

    def test_a_frozen_layer_has_no_gradient_and_keeps_no_input(self) -> None:
        module = mlp()
        module[2].requires_grad_(False)
        report = trained(module)
        assert report.formula("grads")() == 4 * (100 * 200 + 200)
        assert report.formula("optimizer")() == 2 * 4 * (100 * 200 + 200) + 2 * 4
        # The last layer's input would only be read for its weight: the ReLU still keeps it.
        assert str(report.formula("saved")) == "800*N"
        module[1] = nn.GELU()
        assert str(trained(module).formula("saved")) == "800*N"  # the first layer's, for the GELU

    def test_tied_weights_are_one(self) -> None:
        report = trained(Tied(), {"ids": "i64[N, 7]"})
        assert report.formula("params")() == report.formula("grads")() == 4 * 40 * 24

    STATES = (("sgd", 0), ("sgd-momentum", 1), ("adamw", 2), ("rmsprop", 1), ("adagrad", 1))

    @pytest.mark.parametrize(("name", "copies"), STATES)
    def test_states_on_a_gpu(self, name: str, copies: int) -> None:
        report = trained(mlp(), optimizer=name, profile="torch-cuda")
        assert report.formula("optimizer")() == copies * 121000

    def test_states_of_the_callers_own(self) -> None:
        own = sw.Optimizer("lion", state={"momentum": "bf16"})
        assert trained(mlp(), optimizer=own).formula("optimizer")() == 121000 // 2

    def test_halves(self) -> None:
        report = trained(mlp(), precision="bf16", profile="torch-cuda")
        assert [report.formula(k)(N=1) for k in ("params", "grads", "saved", "inputs")] == [
            60500,
            60500,
            400,
            200,
        ]

    def test_autocast_keeps_cast_weights_and_inputs(self) -> None:
        report = trained(mlp(), precision="bf16-amp", profile="torch-cuda")
        assert report.formula("params")() == 121000
        # bf16: input 2*100*N, ReLU's result 2*200*N, the second weight (the first needs none)
        assert str(report.formula("saved")) == "600*N + 20000"


class TestTimeline:
    def test_phases_come_in_order(self) -> None:
        phases = [event.phase for event in trained(mlp()).at(**SIZES).timeline.events]
        order = ("forward", "backward", "optimizer", "zero_grad")
        assert sorted(phases, key=order.index) == phases
        assert set(phases) == set(order)

    def test_an_iteration_ends_as_it_began(self) -> None:
        events = trained(mlp()).at(**SIZES).timeline.events
        began = next(i for i, event in enumerate(events) if event.step >= 0)
        assert events[-1].live == events[began - 1].live

    def test_reasons(self) -> None:
        bound = trained(mlp(), optimizer="sgd").at(N=4096)
        assert bound.peak.phase == "backward"
        reasons = {live.why for live in bound.peak.live_set}
        assert {"parameter", "input", "output", "gradient of 2.weight"} <= reasons
        assert any(why.startswith("saved by ") for why in reasons), reasons
        step = {live.why for live in trained(mlp()).at(N=1).peak.live_set}
        assert {"optimizer temporary", "optimizer state of 0.weight"} <= step

    def test_the_first_iteration_makes_the_state(self) -> None:
        bound = trained(mlp()).at(N=8192)
        assert bound.peak.phase == "backward"
        assert bound.first_peak.live == bound.peak.live - 242016

    def test_layers_tell_what_they_save(self) -> None:
        layers = trained(mlp()).at(**SIZES).layers
        assert [(layer.path, layer.saved) for layer in layers if layer.saved] == [("1", 800 * 64)]

    def test_updates(self) -> None:
        peaks = {
            update: trained(mlp(), optimizer=sw.Optimizer("adamw", update=update)).at(N=1).peak.live
            for update in ("loop", "foreach", "fused")
        }
        # Two temporaries of the largest parameter against one of each; fused peaks in backward.
        assert peaks["loop"] - peaks["foreach"] == 2 * 80000 - 121000
        assert peaks["fused"] < peaks["foreach"]


class TestRealRuns:
    """Bytes that operators make and drop as scalars are not modelled: 12 at most at these peaks."""

    ROWS = (
        ("mlp", mlp, {"input": ("f32[N, 100]", lambda: torch.randn(64, 100))}),
        ("tied", Tied, {"ids": ("i64[N, 7]", lambda: torch.randint(0, 40, (64, 7)))}),
        ("stack", Stack, {"input": ("f32[N, 32]", lambda: torch.randn(64, 32))}),
        ("turned", Turned, {"input": ("f32[N, 32]", lambda: torch.randn(64, 32))}),
    )

    @pytest.mark.parametrize("optimizer", ["adamw", "sgd-momentum"])
    @pytest.mark.parametrize(("name", "build", "inputs"), ROWS, ids=[row[0] for row in ROWS])
    def test_peak(self, name: str, build: Any, inputs: Any, optimizer: str) -> None:
        torch.manual_seed(0)
        truth = live_truth(build(), {k: make() for k, (_, make) in inputs.items()}, None, optimizer)
        report = trained(build(), {k: text for k, (text, _) in inputs.items()}, optimizer=optimizer)
        peak = report.at(**SIZES).peak
        assert abs(peak.live - truth.peak) <= 16
        assert peak.phase == truth.at.phase

    def test_checkpoints(self) -> None:
        truth = live_truth(Stack(again=True), {"input": torch.randn(640, 32)}, None, "sgd-momentum")
        report = trained(Stack(), "f32[N, 32]", optimizer="sgd-momentum", checkpoint="blocks.*")
        assert abs(report.at(N=640).peak.live - truth.peak) <= 16
        plain = trained(Stack(), "f32[N, 32]", optimizer="sgd-momentum").at(N=640).peak
        assert report.at(N=640).peak.live < plain.live


class Normed(nn.Module):  # type: ignore[misc, name-defined]
    """A block that ends in a norm, whose statistics are there only once it has run."""

    def __init__(self) -> None:
        super().__init__()
        block = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32), nn.LayerNorm(32))
        self.blocks = nn.ModuleList(copy.deepcopy(block) for _ in range(3))

    def forward(self, input: Any) -> Any:
        for block in self.blocks:
            input = block(input)
        return input


class Recurring(nn.Module):  # type: ignore[misc, name-defined]
    """A recurrent layer whose results, turned, go through a product."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.cell = getattr(nn, kind)(24, 32, batch_first=True)
        self.head = nn.Linear(32, 50)

    def forward(self, input: Any) -> Any:
        return self.head(self.cell(input)[0])


class TestInference:
    @pytest.mark.parametrize("keeps", [False, True])
    def test_outputs_of_the_call_before(self, keeps: bool) -> None:
        way = Way(keeps_outputs=keeps)
        truth = live_truth(Wide(), {"input": torch.randn(64, 32)}, way=way)
        outputs = "kept" if keeps else "dropped"
        report = sw.check(Wide(), "f32[N, 32]", profile="torch-cpu", outputs=outputs)
        peak = report.at(N=64).peak
        assert abs(peak.live - truth.peak) <= 16
        alive = [tensor.why for tensor in peak.live_set]
        assert ("output of the call before" in alive) == keeps

    def test_outputs_of_a_file_are_not_asked(self) -> None:
        graph = sw.Graph()
        graph.output(graph.add("Relu", graph.input("x", "f32[N]")))
        with pytest.raises(sw.ShapewrightError, match="outputs"):
            sw.check(graph, outputs="kept")

    @pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
    def test_recurrent(self, kind: str) -> None:
        truth = live_truth(Recurring(kind), {"input": torch.randn(4, 32, 24)})
        report = sw.check(Recurring(kind), "f32[N, S, 24]", mode="infer", profile="torch-cpu")
        assert abs(report.at(N=4, S=32).peak.live - truth.peak) <= 16


@pytest.mark.skipif(not has_modelled_kernels(), reason="kernels of another processor")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_an_lstm_keeps(precision: str) -> None:
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    truth = saved_truth(Recurring("LSTM").to(dtype), {"input": torch.randn(4, 9, 24, dtype=dtype)})
    report = trained(Recurring("LSTM"), "f32[N, S, 24]", precision=precision)
    assert report.formula("saved")(N=4, S=9) == truth.bytes


class Scored(nn.Module):  # type: ignore[misc, name-defined]
    """Scores are returned as they are made, and widened for a loss of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(32, 400)

    def forward(self, input: Any) -> dict[str, Any]:
        scores = self.head(input)
        return {"loss": scores.float().logsumexp(-1).sum(), "scores": scores}


class Wide(nn.Module):  # type: ignore[misc, name-defined]
    """A forward pass that needs more than backward, with outputs that weigh."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.last = nn.Linear(32, 900), nn.Linear(900, 300)

    def forward(self, input: Any) -> tuple[Any, Any]:
        with torch.no_grad():
            scale = torch.cat([self.head(input)] * 4, 1).amax()
        scores = self.last(torch.relu(self.head(input)))
        return scores / (1 + scale), scores


class Beside(nn.Module):  # type: ignore[misc, name-defined]
    """What it returns beside its loss keeps what its own backward would need."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.other = nn.Linear(32, 500), nn.Linear(32, 700)

    def forward(self, input: Any) -> dict[str, Any]:
        other = self.other(input).exp().sin().sum(-1)
        return {"loss": self.body(input).logsumexp(-1).sum(), "other": other}


class TestWays:
    """Checkpointing, accumulation, autocast and halves against real runs."""

    HALVES = pytest.mark.skipif(not has_modelled_kernels(), reason="another kernel of products")
    ROWS = (
        pytest.param(Stack, {"accumulate": 3}, id="accumulate"),
        pytest.param(Normed, {"accumulate": 2}, id="accumulate-normed"),
        pytest.param(Stack, {"checkpoint": "blocks.*"}, id="checkpoint"),
        pytest.param(Normed, {"checkpoint": "blocks.*"}, id="checkpoint-normed"),
        pytest.param(Normed, {"checkpoint": "blocks.1"}, id="checkpoint-one"),
        pytest.param(Stack, {"precision": "bf16-amp"}, id="autocast", marks=HALVES),
        pytest.param(Normed, {"precision": "bf16-amp"}, id="autocast-normed", marks=HALVES),
        pytest.param(Scored, {"precision": "bf16-amp"}, id="autocast-scored", marks=HALVES),
        pytest.param(Stack, {"precision": "bf16"}, id="halves", marks=HALVES),
        pytest.param(Wide, {"outputs": "kept"}, id="kept"),
        pytest.param(Wide, {"outputs": "kept", "accumulate": 2}, id="kept-accumulate"),
        pytest.param(Scored, {"outputs": "kept"}, id="kept-scored"),
        pytest.param(Beside, {"outputs": "kept"}, id="kept-beside"),
        pytest.param(Beside, {"outputs": "kept", "accumulate": 3}, id="kept-beside-accumulate"),
        pytest.param(Beside, {"accumulate": 3}, id="beside-accumulate"),
    )

    @pytest.mark.parametrize("optimizer", ["adamw", "sgd-momentum"])
    @pytest.mark.parametrize(("build", "options"), ROWS)
    def test_peak(self, build: Any, options: dict[str, Any], optimizer: str) -> None:
        torch.manual_seed(0)
        model, precision = build(), options.get("precision", "")
        inputs = {"input": torch.randn(192, 32)}
        if precision == "bf16":
            model, inputs = model.bfloat16(), {"input": inputs["input"].bfloat16()}
        if "checkpoint" in options:
            assert checkpoint_modules(model, options["checkpoint"])
        halves = torch.bfloat16 if precision == "bf16-amp" else None
        keeps = options.get("outputs") == "kept"
        way = Way(halves, options.get("accumulate", 1), keeps)
        truth = live_truth(model, inputs, None, optimizer, way)
        peak = trained(build(), "f32[N, 32]", optimizer=optimizer, **options).at(N=192).peak
        assert abs(peak.live - truth.peak) <= 16
        assert peak.phase == truth.at.phase


class TestSizesThatDecide:
    """Kernels are chosen by sizes: one report with symbols answers as one with numbers does."""

    # oneDNN gathers the image first where the strides of a kernel of 1 leave no rest.
    @pytest.mark.parametrize("size", [8, 9])
    def test_strided_kernel_of_one(self, size: int) -> None:
        module = nn.Conv2d(32, 64, 1, stride=2)
        symbolic = trained(module, "f32[N, 32, H, H]").at(N=3, H=size)
        concrete = trained(module, f"f32[3, 32, {size}, {size}]").at()
        assert moves(symbolic) == moves(concrete)


def moves(bound: Any) -> list[tuple[str, int]]:
    return [(e.action, e.bytes) for e in bound.timeline.events if e.bytes]


class TestFit:
    def test_the_next_size_does_not_fit(self) -> None:
        answer = sw.fit(
            mlp(),
            {"input": "f32[N, 100]"},
            solve="N",
            budget=4_000_000,
            mode="train",
            optimizer="adamw",
            profile="torch-cpu",
        )
        report = trained(mlp())
        assert report.at(N=answer.value).peak.live <= 4_000_000
        assert report.at(N=answer.value + 1).peak.live > 4_000_000


PIPELINE = sw.Sharding("pipeline", ranks=2, micro_batches=2)


class TestRefused:
    ROWS = (
        ({"mode": "train-compiled"}, "option-unavailable"),
        ({"mode": "train", "profile": "xla"}, "option-unavailable"),
        ({"mode": "train", "optimizer": "adamv"}, "option-value"),
        ({"mode": "train", "accumulate": 0}, "option-value"),
        ({"mode": "train", "outputs": "thrown"}, "option-value"),
        ({"mode": "train", "outputs": "kept", "sharding": PIPELINE}, "option-conflict"),
        ({"mode": "train", "checkpoint": "blocks.*"}, "option-value"),
        ({"checkpoint": "blocks.*"}, "option-conflict"),
        ({"accumulate": 2}, "option-conflict"),
        ({"optimizer": "adamw"}, "option-conflict"),
    )

    @pytest.mark.parametrize(("options", "code"), ROWS)
    def test_option(self, options: Any, code: str) -> None:
        with pytest.raises(sw.ShapewrightError) as refused:
            sw.check(mlp(), {"input": "f32[N, 100]"}, **options)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("adamw", "AdamW", {}),
        ("sgd", "SGD", {"lr": 0.1}),
        ("sgd-momentum", "SGD", {"lr": 0.1, "momentum": 0.9}),
        (sw.Optimizer("adamw", update="foreach"), "AdamW", {"foreach": True}),
        (
            sw.Optimizer("rmsprop", dict.fromkeys(("square_avg", "momentum_buffer"), "f32")),
            "RMSprop",
            {"momentum": 0.9},
        ),
    ],
)
def test_an_optimizer_of_torch_is_its_name(name: Any, kind: str, options: dict[str, Any]) -> None:
    model = mlp()
    given = getattr(torch.optim, kind)(model.parameters(), **options)
    report, named = (trained(model, optimizer=each) for each in (given, name))
    for formula in ("optimizer", "live_peak"):
        assert str(report.formula(formula)) == str(named.formula(formula))


def test_an_unknown_optimizer_is_refused() -> None:
    model = mlp()
    with pytest.raises(sw.ShapewrightError, match="type LBFGS keeps is not known"):
        trained(model, optimizer=torch.optim.LBFGS(model.parameters()))
    with pytest.raises(sw.ShapewrightError, match="not AdamW") as caught:
        trained(model, optimizer=torch.optim.AdamW)
    assert "AdamW(model.parameters())" in str(caught.value)


def test_a_transposed_convolution_of_an_open_batch_books_what_it_works_in() -> None:
    layers = [nn.ConvTranspose2d(16, 64, 4, bias=False), nn.ConvTranspose2d(64, 32, 4, 2, 1)]
    asked: dict[str, Any] = {"mode": "train", "optimizer": "sgd", "profile": "torch-cpu"}
    report = sw.check(nn.Sequential(*layers), "f32[N, 16, 1, 1]", **asked)
    for batch in (4, 9, 16):
        fixed = sw.check(nn.Sequential(*layers), f"f32[{batch}, 16, 1, 1]", **asked)
        made = [
            sorted(e.bytes for e in bound.timeline.events if e.action == "alloc" and e.bytes)
            for bound in (report.at(N=batch), fixed.at())
        ]
        assert made[0] == made[1]
