"""Modules of PyTorch as graphs: types in the caller's symbols, state, scopes, lifetimes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

import shapewright as sw
from shapewright.load import Asked, read_model

torch = pytest.importorskip("torch")
nn = torch.nn


class Net(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        y = self.stem(x)
        return self.fc(y.mean((2, 3)))


def graph_of(module: Any, inputs: Any) -> sw.Graph:
    return sw.load(module, inputs)


def outputs_of(report: sw.Report, op: str) -> list[str]:
    return [str(report.values[n.outputs[0]]) for n in report.graph.nodes if n.op == op]


def codes(report: sw.Report, severity: str) -> list[str]:
    return [f.code for f in report.findings if f.severity == severity]


def test_types_are_in_the_symbols_of_the_caller() -> None:
    report = sw.check(Net(), {"x": "f32[N,3,H,W]"})
    assert report.ok
    assert outputs_of(report, "conv2d.default") == ["f32[N, 8, H, W]"]
    assert outputs_of(report, "linear.default") == ["f32[N, 5]"]
    assert [s.name for s in report.symbols] == ["N", "H", "W"]
    assert report.contract == ()
    assert codes(report, "note") == ["torch-route"]


def test_nodes_know_their_module_line_and_arguments() -> None:
    conv, *_ = graph_of(Net(), "f32[2,3,32,32]").core.nodes
    assert (conv.op, conv.domain, conv.scope) == ("conv2d.default", "aten", "stem.0")
    assert conv.inputs == ["x", "stem.0.weight", "stem.0.bias"]
    assert conv.attrs["padding"] == [1, 1]
    assert conv.origin is not None
    assert conv.origin.startswith("test_torch_import.py:")
    assert conv.version == int("".join(torch.__version__.split(".")[:2]))


def test_state_says_what_needs_a_gradient() -> None:
    net = Net()
    net.stem.requires_grad_(False)
    state = {v.name: v for v in graph_of(net, "f32[2,3,8,8]").core.values if v.kind == "param"}
    assert state["fc.weight"].requires_grad
    assert not state["stem.0.weight"].requires_grad
    assert state["stem.1.running_mean"].is_buffer
    assert not state["fc.bias"].is_buffer


def test_tied_weights_are_one_value() -> None:
    class Tied(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(11, 4)
            self.head = nn.Linear(4, 11, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, ids: Any) -> Any:
            return self.head(self.embed(ids))

    graph = graph_of(Tied(), {"ids": "i64[B,S]"}).core
    assert [v.name for v in graph.values if v.kind == "param"] == ["embed.weight"]
    assert all("embed.weight" in node.inputs for node in graph.nodes)


def test_the_module_and_the_generators_stay_as_they_were() -> None:
    net = Net().eval()
    net.note = None
    before = {name: (t, t._version) for name, t in net.state_dict(keep_vars=True).items()}
    attributes = {name: dict(vars(part)) for name, part in net.named_modules()}
    states = random.getstate(), torch.get_rng_state()
    sw.check(net, {"x": "f32[N,3,H,W]"})
    with pytest.raises(sw.ShapewrightError):
        sw.check(net, {"y": "f32[N,3,H,W]"})
    for name, tensor in net.state_dict(keep_vars=True).items():
        assert tensor is before[name][0]
        assert tensor._version == before[name][1]
    assert {name: dict(vars(part)) for name, part in net.named_modules()} == attributes
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert not any(part.training for part in net.modules())
    assert torch.is_grad_enabled()


def test_a_module_on_meta_needs_no_memory() -> None:
    with torch.device("meta"):
        net = nn.Sequential(nn.Linear(1 << 16, 1 << 16), nn.ReLU())  # 16 GiB
    report = sw.check(net, "f32[N,65536]")
    assert report.at(N=4).peak.live >= 1 << 34


@dataclass
class Output:
    logits: Any
    loss: Any = None


def test_keyword_dict_and_dataclass() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, batch: Any, *, scale: Any, twice: bool = False) -> Output:
            y = self.fc(batch["a"]) + batch["b"][0]
            return Output(y * scale * (2 if twice else 1))

    inputs = {
        "batch": {"a": "f32[N,4]", "b": ["f32[N,4]"]}, "scale": ("f32", [4]), "twice": True,
    }  # fmt: skip
    report = sw.check(Model(), inputs)
    assert report.ok
    assert [v.name for v in report.graph.inputs] == ["batch.a", "batch.b.0", "scale"]
    assert [str(report.values[v.name]) for v in report.graph.outputs] == ["f32[N, 4]"]


def test_python_lifetimes() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            a = x + 1
            b = a * 2
            c = b.relu()  # `a` and `b` still have names
            del a
            d = c.exp()
            return d.sin()

    graph = graph_of(Model(), "f32[N]").core
    names = [node.outputs[0] for node in graph.nodes]
    at = {v.name: graph.released_after[v.id] for v in graph.values}
    last = {name: None if n == 2**32 - 1 else names[n] for name, n in at.items()}
    assert names == ["add", "mul", "relu", "exp", "sin"]
    assert last == {
        "x": None, "add": "relu", "mul": "sin", "relu": "sin", "exp": "sin", "sin": None,
    }  # fmt: skip


def test_lifetimes_do_not_see_what_backward_keeps() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            x = self.fc(x).exp()
            return x.sin().sum()

    graph = graph_of(Model(), "f32[N,4]").core
    at = {v.name: graph.released_after[v.id] for v in graph.values}
    assert [at[name] for name in ("linear", "exp", "sin")] == [1, 3, 3]


def test_no_grad_inside() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            with torch.no_grad():
                y = x.exp()
            return y.sin()

    nodes = graph_of(Model(), "f32[N]").core.nodes
    assert [(n.op, n.grad_enabled) for n in nodes] == [
        ("exp.default", False),
        ("sin.default", True),
    ]


def test_divisible_sizes_are_in_the_contract() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            if x.shape[1] % 16:
                msg = "a multiple of 16"
                raise ValueError(msg)
            return x.reshape(x.shape[0], -1, 16).sum(-1)

    report = sw.check(Model(), "f32[N,L]")
    assert [str(c) for c in report.contract] == ["L % 16 == 0"]
    assert str(report.values[report.graph.outputs[0].name]) == "f32[N, L//16]"
    with pytest.raises(sw.ConstraintError):
        report.at(N=1, L=17)


def test_windows_and_joins_are_in_the_contract() -> None:
    class Joined(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.ModuleList(nn.Conv2d(3, 3, 3, 2, 1) for _ in range(3))

        def forward(self, x: Any) -> Any:
            skips = []
            for conv in self.down:
                skips.append(x)
                x = conv(x)
            for skip in reversed(skips):
                x = skip + nn.functional.interpolate(x, scale_factor=2.0)
            return x

    report = sw.check(Joined(), "f32[N,3,H,32]")
    assert [str(c) for c in report.contract] == ["H % 8 == 0"]
    narrow = nn.Sequential(nn.Conv2d(3, 3, 7, 2), nn.MaxPool2d(3, 2), nn.Conv2d(3, 3, 5))
    assert [str(c) for c in sw.check(narrow, "f32[N,3,H,32]").contract] == ["27 <= H"]
    narrow(torch.zeros(1, 3, 27, 32))
    with pytest.raises(RuntimeError):
        narrow(torch.zeros(1, 3, 26, 32))


def test_a_size_made_constant_is_told() -> None:
    class Fixed(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            if x.shape[1] != 30:
                msg = f"takes 30, not {x.shape[1]}"
                raise ValueError(msg)
            return x + 1

    class Steps(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            for _ in range(int(x.shape[1])):
                x = x + 1
            return x

    report = sw.check(Steps(), "f32[N,L]")
    (found,) = (f for f in report.findings if f.code == "symbol-specialised")
    assert found.facts["symbol"] == "L"
    assert found.facts["line"].startswith("test_torch_import.py:")
    assert str(report).endswith("with N=1, L=16")
    report = sw.check(Fixed(), "f32[N,L]")
    assert "symbol-specialised" in codes(report, "warning")
    assert [str(c) for c in report.contract] == ["L == 30"]


def test_a_size_read_as_a_number_is_fitted() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            size = int(x.shape[1])
            mask = torch.ones(size, size).triu()
            return x[:, None] + mask.reshape(1, size, size), torch.zeros(
                len(x), 3 * size * size + 2
            )

    report = sw.check(Model(), "f32[4,L]")
    assert report.contract == ()
    assert [str(report.values[v.name]) for v in report.graph.outputs] == [
        "f32[4, L, L]", "f32[4, 3*L**2 + 2]",
    ]  # fmt: skip
    assert codes(report, "note") == ["torch-route", "symbol-fitted"]
    assert "test_torch_import.py:" in report.findings[1].message


def test_an_expression_of_sizes() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, a: Any, b: Any) -> Any:
            return torch.cat([a, b], 1)

    report = sw.check(Model(), {"a": "f32[N,L]", "b": "f32[N,2*L+1]"})
    assert [str(report.values[v.name]) for v in report.graph.outputs] == ["f32[N, 3*L + 1]"]


def test_the_second_route() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            mask = torch.ones(x.shape[1], x.shape[1]).triu()
            for _ in range(int(x.max())):
                x = x + 1
            return x @ mask

    report = sw.check(Model(), "f32[N,L]")
    assert report.ok
    (route,) = (f for f in report.findings if f.code == "torch-route")
    assert "fake tensors" in route.message
    (found,) = (f for f in report.findings if f.code == "element-read")
    assert found.facts["taken to be"] == "1"
    assert [str(report.values[v.name]) for v in report.graph.outputs] == ["f32[N, L]"]
    assert report.graph.nodes[0].origin is not None


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "RNN"])
def test_recurrent_layers_are_whole(layer: str) -> None:
    net = getattr(nn, layer)(4, 8, 2, batch_first=True, bidirectional=True)
    report = sw.check(net, {"input": "f32[N,S,4]"})
    (node,) = (n for n in report.graph.nodes if n.scope == "" and n.op.endswith(".input"))
    types = [str(report.values[name]) for name in node.outputs]
    assert types == ["f32[N, S, 16]", *["f32[4, N, 8]"] * (len(types) - 1)]
    assert report.contract == ()


def test_the_loss_is_part_of_the_graph() -> None:
    graph, _, _ = read_model(Net(), Asked("f32[N,3,8,8]", train=True))
    assert graph.loss is not None
    assert graph.nodes[-1].op == "sum.default"
    assert [v.name for v in graph.outputs] == ["linear"]


def own_function(backward: Any) -> Any:
    """A model around x * x, which keeps x and has `backward` of the context and the gradient."""

    class Square(torch.autograd.Function):  # type: ignore[name-defined, misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

    Square.backward = staticmethod(backward)

    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x: Any) -> Any:
            return Square.apply(x * self.scale)

    return Model()


def test_a_function_of_the_models_own_is_followed() -> None:
    applied = torch.autograd.Function.__dict__["apply"]
    model = own_function(lambda ctx, grad: 2 * grad * ctx.saved_tensors[0])
    report = sw.check(model, "f32[N,3]", mode="train", optimizer="sgd", profile="torch-cpu")
    assert "custom-function" in codes(report, "note")
    assert torch.autograd.Function.__dict__["apply"] is applied
    assert str(report.formula("saved")) == "12*N"
    events = report.at(N=1).timeline.events
    backward = [e.bytes for e in events if e.phase == "backward" and e.action == "alloc"]
    # 2 * grad, times x; then the gradient of the scale, and that summed over the batch
    assert backward[1:] == [12, 12, 12, 12]
    assert torch.equal(model(torch.ones(1, 3)).detach(), torch.ones(1, 3))


def test_a_function_whose_backward_cannot_be_traced_is_a_lower_bound() -> None:
    def backward(ctx: Any, grad: Any) -> Any:
        msg = "needs its kernel"
        raise NotImplementedError(msg)

    report = sw.check(own_function(backward), "f32[N,3]", mode="train", optimizer="sgd")
    (finding,) = (f for f in report.findings if f.code == "custom-function")
    assert finding.severity == "warning"
    assert "needs its kernel" in str(finding)
    assert str(report.formula("saved")).startswith("12*N")
    assert report.at(N=4).peak.upper is None


def test_attributes_that_forward_sets_are_taken_back() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def forward(self, x: Any) -> Any:
            self.last = x * 2
            self.seen.append(self.last)
            return self.last + 1

    net, layer = Model(), nn.LSTM(4, 8)
    weights = list(layer._flat_weights)
    assert sw.check(net, "f32[N]").ok
    assert sw.check(layer, {"input": "f32[S,N,4]"}).ok
    assert not hasattr(net, "last")
    assert net.seen == []
    assert all(a is b for a, b in zip(layer._flat_weights, weights, strict=True))


def test_arrays_and_any_keyword() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, **tensors: Any) -> Any:
            return torch.cat(list(tensors.values()), 1)

    report = sw.check(Model(), {"a": torch.zeros(2, 3), "b": ("float32", [2, "L"])})
    assert [str(report.values[v.name]) for v in report.graph.inputs] == ["f32[2, 3]", "f32[2, L]"]
    assert [str(report.values[v.name]) for v in report.graph.outputs] == ["f32[2, L + 3]"]


def test_a_module_on_two_devices_is_told_where() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Parameter(torch.FloatTensor(4, 4))  # on the CPU whatever is asked
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.fc(x) @ self.mix

    with torch.device("meta"):
        model = Model()
    (error,) = (f for f in sw.check(model, "f32[N,4]").findings if f.severity == "error")
    assert error.hint == ("mix lies on cpu, the rest on meta: give the model after .to('meta')")
    assert sw.check(model.to("meta"), "f32[N,4]").ok


def test_inputs_bind_a_graph_that_was_traced() -> None:
    graph = sw.load(Net(), {"x": "f32[N,3,H,W]"})
    report = sw.check(graph, {"x": "f32[2,3,H,64]"})
    assert outputs_of(report, "conv2d.default") == ["f32[2, 8, H, 64]"]
    assert report.at(H=8).peak.live == sw.check(graph).at(N=2, H=8, W=64).peak.live
    for text, code in [
        ("f32[2,4,H,W]", "input-traced"),
        ("f32[2,3,H]", "input-rank"),
        ("i64[2,3,H,W]", "input-dtype"),
    ]:  # fmt: skip
        with pytest.raises(sw.ShapeError) as raised:
            sw.check(graph, {"x": text})
        assert raised.value.code == code


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoints_of_the_models_own_are_told(reentrant: bool) -> None:
    from torch.utils.checkpoint import checkpoint

    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return checkpoint(self.fc, x, use_reentrant=reentrant).sin()

    graph, _, _ = read_model(Model(), Asked("f32[N,4]", train=True))
    (found,) = (row for row in graph.faults if row["code"] == "checkpoint-inside")
    assert "test_torch_import.py:" in found["message"]
    assert [node.op for node in graph.nodes] == ["linear.default", "sin.default", "sum.default"]


def test_that_no_size_is_one_is_not_demanded() -> None:
    strides = nn.Sequential(*(nn.Conv2d(3, 3, 3, stride=2, padding=1) for _ in range(4)))
    report = sw.check(strides, "f32[N,3,H,H]")
    assert report.contract == ()
    assert report.at(N=1, H=8).shape("conv2d_3") == (1, 3, 1, 1)


def test_an_upper_bound_is_demanded() -> None:
    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.zeros(300, 4))

        def forward(self, x: Any) -> Any:
            return x + self.table[: x.shape[1]]

    assert [str(c) for c in sw.check(Model(), "f32[N,S,4]").contract] == ["S <= 300"]
    small = Model()
    small.table = small.table[:40]
    assert [str(c) for c in sw.check(small, "f32[N,S,4]").contract] == ["S <= 40"]
