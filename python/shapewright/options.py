"""The options of `check` and `fit`: what each may be, and what this version answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shapewright import _core
from shapewright.errors import ShapewrightError
from shapewright.sharding import Sharding, block_patterns
from shapewright.spelling import nearest
from shapewright.units import parse_bytes

MODES = ("infer", "train", "train-compiled")
PRECISIONS = ("fp32", "bf16", "fp16", "bf16-amp", "fp16-amp")
PROFILES = ("torch-cuda", "torch-cpu", "onnxruntime", "xla", "static")
INFERENCE_PROFILES = ("onnxruntime", "static")  # those whose allocator is replayed
OPTIMIZERS = (
    "sgd",
    "sgd-momentum",
    "adam",
    "adamw",
    "rmsprop",
    "adagrad",
    "adafactor",
    "adamw-8bit",
)


UPDATES = ("loop", "foreach", "fused")
ZERO_GRADS = ("after-step", "before-backward")
OUTPUTS = ("dropped", "kept")
ATTENTIONS = ("flash", "efficient", "cudnn", "math")


@dataclass(frozen=True)
class Optimizer:
    """An optimizer by what it keeps for each parameter.

    >>> Optimizer("adamw", state={"exp_avg": "f32", "exp_avg_sq": "f32"}).name
    'adamw'

    `state` names tensors as large as the parameter, with their dtypes; without it, what torch.optim
    keeps under that name. `update` is how the step runs over the parameters: `"loop"` (the default
    of PyTorch on a CPU), `"foreach"` (on a GPU) or `"fused"`.
    """

    name: str
    state: Mapping[str, str] = field(default_factory=dict)  # name of the state -> its dtype
    update: str | None = None

    def __post_init__(self) -> None:
        for label, dtype in dict[Any, Any](self.state).items():
            if not isinstance(label, str) or not isinstance(dtype, str):
                message = "the state of an optimizer maps names to dtypes"
                raise ShapewrightError(message, code="option-value", hint='{"exp_avg": "f32"}')
        if self.update is not None:
            one_of("update", self.update, UPDATES)


@dataclass(slots=True)  # not frozen: see AskedOptions
class Run:
    """Who runs a model, and for what: the memory depends on it beside the graph."""

    mode: str = "infer"
    optimizer: Optimizer | None = None
    precision: str = "fp32"
    profile: str = "onnxruntime"
    checkpoint: tuple[str, ...] = ()
    accumulate: int = 1
    settings: str = ""  # of the caching allocator
    workspace: int | None = None  # of a cuBLAS handle on the device; None: no device is named
    zero_grad: str = "after-step"
    sharding: Sharding | None = None
    capability: float | None = None  # compute capability of the GPU; None: likewise
    is_cast: bool = False  # whether the graph itself is in the precision
    attention: str = ""  # the kernel that is asked for; "": what PyTorch chooses
    outputs: str = "dropped"

    @property
    def on_gpu(self) -> bool:
        """Whether PyTorch's caching allocator of a GPU decides what fits."""
        return self.profile == "torch-cuda"

    @property
    def trains(self) -> bool:
        """Whether gradients are made."""
        return self.mode != "infer"

    def core(self, *, first_iteration: bool = False) -> dict[str, Any]:
        """The options as the core takes them."""
        on_cpu = self.profile == "torch-cpu"
        run: dict[str, Any] = {
            "device": "cpu" if on_cpu else "cuda",
            "trains": self.trains,
            "precision": "fp32" if self.is_cast else self.precision,
            "update": "loop" if on_cpu else "foreach",
            "checkpoints": list(self.checkpoint),
            "accumulation": self.accumulate,
            "first_iteration": first_iteration,
            "settings": self.settings,
            "zero_grad": self.zero_grad,
            "outputs": self.outputs,
            "attention": self.attention,
        }
        if self.sharding is not None:
            run |= self.sharding.core()
        if self.workspace is not None:
            run |= {"cublas_bytes": self.workspace, "most_cublas_bytes": self.workspace}
        if self.capability is not None:
            run["capability"] = round(10 * self.capability)
        if self.optimizer is not None:
            known = self.optimizer.name in OPTIMIZERS
            run["optimizer"] = self.optimizer.name if known else ""
            if self.optimizer.state or not known:
                run["states"] = list(self.optimizer.state.items())
            run["update"] = self.optimizer.update or run["update"]
        return run


@dataclass(slots=True)  # not frozen: that alone would cost a check microseconds
class AskedOptions:
    """The options of a call, as the caller wrote them."""

    mode: str = "infer"
    optimizer: object = None
    precision: str = "fp32"
    profile: str | None = None
    loss: object = None
    checkpoint: object = ()
    accumulate: int = 1
    settings: str = ""
    device: str | None = None
    zero_grad: str = "after-step"
    sharding: object = None
    attention: str | None = None
    outputs: str = "dropped"


def check_options(asked: AskedOptions) -> None:
    """Refuses what is no option, whatever the model is."""
    one_of("mode", asked.mode, MODES)
    one_of("precision", asked.precision, PRECISIONS)
    one_of("zero_grad", asked.zero_grad, ZERO_GRADS)
    one_of("outputs", asked.outputs, OUTPUTS)
    if asked.attention is not None:
        one_of("attention", asked.attention, ATTENTIONS)
    if asked.sharding is not None and not isinstance(asked.sharding, Sharding):
        message = f"sharding is sw.Sharding(...), not {type(asked.sharding).__name__}"
        raise ShapewrightError(message, code="option-value", hint='sw.Sharding("zero-2", ranks=8)')
    if asked.sharding is not None and asked.sharding.is_pipeline and asked.accumulate != 1:
        message = "the passes of a pipeline before a step are its micro-batches, not accumulate"
        hint = 'sw.Sharding("pipeline", ranks=4, micro_batches=8)'
        raise ShapewrightError(message, code="option-conflict", hint=hint)
    if asked.sharding is not None and asked.sharding.is_pipeline and asked.outputs != "dropped":
        message = "a pipeline drops what each micro-batch returns, and outputs are to be 'kept'"
        raise ShapewrightError(message, code="option-conflict")
    if asked.profile is not None:
        one_of("profile", asked.profile, PROFILES)
    if isinstance(asked.optimizer, str):
        one_of("optimizer", asked.optimizer, OPTIMIZERS)
    elif asked.optimizer is not None and not isinstance(asked.optimizer, Optimizer):
        kind = getattr(asked.optimizer, "__name__", type(asked.optimizer).__name__)
        message = f"optimizer is a name, sw.Optimizer(...) or one of torch.optim, not {kind}"
        hint = f"one of {', '.join(OPTIMIZERS)}"
        if isinstance(asked.optimizer, type):
            hint += f", or {kind}(model.parameters())"
        raise ShapewrightError(message, code="option-value", hint=hint)
    if asked.mode == "train-compiled":
        msg = "mode"
        raise _unavailable(msg, asked.mode, "'train' is the mode of eager PyTorch")
    if asked.mode != "infer":
        return
    training = {
        "optimizer": asked.optimizer,
        "loss": asked.loss,
        "checkpoint": asked.checkpoint,
        "accumulate": asked.accumulate != 1,
        "sharding": asked.sharding,
    }
    for option, value in training.items():
        if value:
            message = f"{option} belongs to training, and the mode is 'infer'"
            raise ShapewrightError(message, code="option-conflict")


DECLARED = ("refine", "check", "trust", "ignore")


def check_declared(declared: str, batch: str | None) -> None:
    """Refuses what is no way to read declared types, and a batch that is no name of a symbol."""
    one_of("declared", declared, DECLARED)
    if batch is not None and not str(batch).isidentifier():
        message = f"batch is the name of a symbol, not {batch!r}"
        raise ShapewrightError(message, code="option-value", hint='batch="N"')


def run_of(asked: AskedOptions, *, is_eager: bool, is_cast: bool = False) -> Run:
    """How the model is run; refuses what this version cannot answer for such a model.

    `is_cast`: the graph stands in halves already.
    """
    if not is_eager:
        return _run_of_file(asked)
    profile = asked.profile or "torch-cuda"
    if profile not in {"torch-cuda", "torch-cpu"}:
        msg = "profile"
        raise _unavailable(msg, profile, "a PyTorch model has 'torch-cuda' and 'torch-cpu'")
    optimizer = Optimizer(asked.optimizer) if isinstance(asked.optimizer, str) else asked.optimizer
    assert optimizer is None or isinstance(optimizer, Optimizer)
    patterns = asked.checkpoint
    if isinstance(patterns, str):
        patterns = (patterns,)
    assert isinstance(patterns, (tuple, list))
    if type(asked.accumulate) is not int or asked.accumulate < 1:
        message = f"accumulate is a number of passes, at least 1, not {asked.accumulate!r}"
        raise ShapewrightError(message, code="option-value")
    run = Run(
        asked.mode,
        optimizer,
        asked.precision,
        profile,
        tuple(patterns),
        asked.accumulate,
        zero_grad=asked.zero_grad,
        is_cast=is_cast,
        attention=asked.attention or "",
        outputs=asked.outputs,
    )
    if run.on_gpu:
        assert asked.sharding is None or isinstance(asked.sharding, Sharding)
        run = replace(run, settings=asked.settings, sharding=asked.sharding)
        if asked.device is None:
            return run
        from shapewright.devices import find_device

        gpu = find_device(asked.device)
        return replace(run, workspace=gpu.workspace, capability=gpu.capability)
    if asked.sharding is not None:
        message = f"sharding is counted for GPUs, and the profile is '{profile}'"
        raise ShapewrightError(message, code="option-conflict")
    if asked.settings:
        message = f"settings belong to the allocator of a GPU, and the profile is '{profile}'"
        raise ShapewrightError(message, code="option-conflict")
    return run


def with_units(run: Run, graph: _core.Graph) -> Run:
    """The run with the units of its sharding named: by default the blocks of the model."""
    sharding = run.sharding
    if sharding is None:
        return run
    if not sharding.units:
        sharding = replace(sharding, units=block_patterns(graph))
    if sharding.is_pipeline:
        count = _core.count_units(graph, list(sharding.units))
        if count < sharding.ranks:
            message = (
                f"a pipeline of {sharding.ranks} ranks needs as many units, and there are {count}"
            )
            hint = "units=('encoder.*', 'decoder.*') names others; ranks=2 is the shortest pipeline"
            raise ShapewrightError(message, code="option-value", hint=hint)
    return replace(run, sharding=sharding)


def check_patterns(graph: _core.Graph, patterns: tuple[str, ...]) -> None:
    """Refuses patterns of `checkpoint` that name no module."""
    for pattern in _core.unmatched_patterns(graph, list(patterns)):
        scopes = {node.scope for node in graph.nodes if node.scope}
        found = nearest(pattern, tuple(sorted(scopes)))
        message = f"no module of the model matches checkpoint '{pattern}'"
        hint = "'*' stands for one part of a path: 'layers.*'"
        hint = f"did you mean '{found}'?" if found else hint
        raise ShapewrightError(message, code="option-value", hint=hint)


def _run_of_file(asked: AskedOptions) -> Run:
    if asked.settings:
        message = "settings are those of PyTorch's allocator on a GPU"
        raise ShapewrightError(message, code="option-conflict")
    if asked.mode != "infer":
        msg = "mode"
        raise _unavailable(msg, asked.mode, "training is counted for PyTorch modules")
    if asked.precision != "fp32":
        hint = "for inference the file itself says the precision of every tensor"
        msg = "precision"
        raise _unavailable(msg, asked.precision, hint)
    if asked.outputs != "dropped":
        msg = "outputs"
        raise _unavailable(msg, asked.outputs, "the caller of a PyTorch module may keep them")
    profile = asked.profile or "onnxruntime"
    if profile not in INFERENCE_PROFILES:
        msg = "profile"
        raise _unavailable(msg, profile, "only 'onnxruntime' and 'static' are, for such a model")
    return Run(profile=profile)


@dataclass(frozen=True)
class Budget:
    """Bytes that a model may take; `safe` where the most that is known of the rest is taken off."""

    likely: int
    safe: int


def budget_of(device: str | None, budget: str | int | None, *, on_gpu: bool) -> Budget | None:
    """Of the device or of the budget; None if neither is given.

    `on_gpu`: PyTorch's allocator gets what the CUDA context leaves of a device.
    """
    if budget is not None and device is not None:
        message = "device and budget both say how much memory there is"
        raise ShapewrightError(message, code="option-conflict", hint="give one of them")
    if budget is not None:
        bytes = parse_bytes(budget)
        return Budget(bytes, bytes)
    if device is None:
        return None
    from shapewright.devices import find_device

    row = find_device(device)
    if not on_gpu:
        return Budget(row.usable, row.usable)
    return Budget(row.usable - row.context, row.usable - row.most_context)


def one_of(option: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuses what is not among `allowed`, with the nearest that is."""
    if value in allowed:
        return
    found = nearest(value, allowed) if isinstance(value, str) else ""
    msg = f"{option} {value!r} is not one of {', '.join(allowed)}"
    raise ShapewrightError(
        msg,
        code="option-value",
        hint=f"did you mean '{found}'?" if found else "",
    )


def _unavailable(option: str, value: str, hint: str) -> ShapewrightError:
    message = f"{option} '{value}' is not available in this version yet"
    return ShapewrightError(message, code="option-unavailable", hint=hint)
