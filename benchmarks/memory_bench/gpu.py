"""Training on a real GPU beside what is predicted, and the recorded history replayed."""

import gc
import statistics
import time
from contextlib import nullcontext

import torch
from models import NETWORKS

import shapewright as sw
from shapewright import _core
from shapewright.devices import all_devices
from shapewright.snapshot import read_history
from torch_models.row import TorchModel, batches
from torch_oracles.iteration import train_step

from .gpu_rows import GPU_ROWS, IMAGE, hugging_face
from .public import class_loss

NOT_MEASURED = "not measured"
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=1e-4),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=1e-4, momentum=0.9),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-4),
}
ITERATIONS = 3


def model_of(row, known):
    if row.model in known:
        return known[row.model]
    return TorchModel(row.model, "cnn", NETWORKS[row.model], IMAGE, batches(row.batch))


def loss_of(out):
    own = out.get("loss") if isinstance(out, dict) else None
    return class_loss(out) if own is None else own


def device_row(name):
    """The row of `shapewright devices` all of whose words the GPU's name has; None if none is."""
    words = set(name.lower().replace("-", " ").split())
    found = [d for d in all_devices() if set(d.split("-")) <= words]
    return max(found, key=len, default=None)


def predicted(row, model, device):
    options = {"mode": "train", "profile": "torch-cuda", "loss": loss_of, "device": device}
    start = time.perf_counter()
    with torch.device("meta"):
        module = model.build().train()
    if row.precision == "bf16":
        module = module.to(torch.bfloat16)
    inputs = {
        k: v.replace("f32", "bf16") if row.precision == "bf16" else v
        for k, v in model.inputs.items()
    }
    precision = "fp32" if row.precision == "bf16" else row.precision
    report = sw.check(module, inputs, optimizer=row.optimizer, precision=precision, **options)
    imported = time.perf_counter()
    peak = report.at(N=row.batch).peak
    return {
        "allocated": peak.live,
        "reserved": peak.reserved,
        "capacity": peak.capacity,
        "upper": peak.upper,
        "import_s": round(imported - start, 2),
        "answer_s": round(time.perf_counter() - imported, 3),
    }


def measured(row, model):
    """Three iterations as users write them; the counters of the third, and the whole history."""
    torch._C._cuda_clearCublasWorkspaces()
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    torch.cuda.memory._record_memory_history(context=None, max_entries=1_000_000)
    module = model.build().train().cuda()
    inputs = {k: t.cuda() for k, t in model.tensors({"N": row.batch}).items()}
    if row.precision == "bf16":
        module = module.to(torch.bfloat16)
        inputs = {k: t.bfloat16() if t.is_floating_point() else t for k, t in inputs.items()}
    optimizer = OPTIMIZERS[row.optimizer](module.parameters())
    is_autocast = row.precision.endswith("-amp")

    def forward(**given):
        with torch.autocast("cuda", torch.bfloat16) if is_autocast else nullcontext():
            return module(**given)

    reserved = 0
    for iteration in range(ITERATIONS):
        if iteration == ITERATIONS - 1:
            torch.cuda.synchronize()
            reserved = torch.cuda.max_memory_reserved()
            torch.cuda.reset_peak_memory_stats()
        train_step(forward, inputs, loss_of, optimizer, lambda name: nullcontext())
    torch.cuda.synchronize()
    allocated = torch.cuda.max_memory_allocated()
    reserved = max(reserved, torch.cuda.max_memory_reserved())
    retries = torch.cuda.memory_stats()["num_alloc_retries"]
    snapshot = torch.cuda.memory._snapshot()
    torch.cuda.memory._record_memory_history(enabled=None)
    return {
        "allocated": allocated - before,
        "reserved": reserved,
        "retries": retries,
        **replayed(snapshot),
    }


def replayed(snapshot):
    """The recorded requests in our allocator: how many got the place that they got on the GPU.

    Addresses differ by what the driver answered, once a segment: within one the difference of both
    has to stay the same, and that of a new segment is free.
    """
    history = read_history(snapshot)
    replay = _core.replay("torch-cuda", history.requests(), history.settings, blocks=True)
    placements = replay.placements
    trace = snapshot["device_traces"][history.device]
    first = history.num_allocations - sum(e["action"] in ("alloc", "oom") for e in trace)
    segments, differences = [], {}  # recorded (address, bytes, number); number -> difference
    same = count = number = 0
    for entry in trace:
        action, size = entry["action"], entry.get("size", 0)
        if action in ("segment_alloc", "segment_map"):
            segments.append((entry["addr"], size, number := number + 1))
        elif action in ("segment_free", "segment_unmap"):
            segments = [s for s in segments if s[0] != entry["addr"]]
        elif action == "alloc":
            address = placements[first + count][0]
            count += 1
            home = next((s[2] for s in segments if s[0] <= entry["addr"] < s[0] + s[1]), 0)
            difference = address - entry["addr"]
            same += differences.setdefault(home, difference) == difference
    return {
        "events": len(history.events),
        "placed": count,
        "placed_alike": same,
        "recorded_reserved": history.recorded_peak,
        "replayed_reserved": replay.reserved_peak,
    }


def relative(ours, theirs):
    return round(ours / theirs - 1, 5)


def row_result(row, known, device, has_gpu):
    result = {**vars(row), "predicted": None, "measured": NOT_MEASURED}
    try:
        model = model_of(row, known)
        result["predicted"] = predicted(row, model, device)
        if has_gpu:
            result["measured"] = found = measured(row, model)
            for key in ("allocated", "reserved"):
                result[f"{key}_error"] = relative(result["predicted"][key], found[key])
    except Exception as error:
        result["failed"] = f"{type(error).__name__}: {error}"[:300]
    return result


def line(row):
    ours = row["predicted"]
    name = f"{row['model']:22}{row['batch']:>4} {row['precision']:9}{row['optimizer']:13}"
    if "failed" in row:
        return name + row["failed"][:90]
    sizes = (f"{key} {ours[key] >> 20:>7} MiB" for key in ("allocated", "reserved"))
    text = name + "  ".join(sizes)
    if row["measured"] == NOT_MEASURED:
        return f"{text}  {NOT_MEASURED}"
    found = row["measured"]
    return (
        f"{text}  {100 * row['allocated_error']:+6.2f}% {100 * row['reserved_error']:+6.2f}%"
        f"  {found['placed_alike']}/{found['placed']} placed alike"
    )


def summary(rows, has_gpu):
    out = {"rows": len(rows), "failed": sum("failed" in r for r in rows)}
    if not has_gpu:
        return {**out, "measured": NOT_MEASURED}
    right = [r for r in rows if "failed" not in r]
    for name, kind in (("without_convolutions", False), ("with_convolutions", True)):
        own = [r for r in right if r["has_convolutions"] == kind]
        for key in ("allocated", "reserved"):
            errors = [abs(r[f"{key}_error"]) for r in own]
            out[f"{name}_{key}_median"] = statistics.median(errors) if errors else None
    out["histories_placed_alike"] = sum(
        r["measured"]["placed"] == r["measured"]["placed_alike"] for r in right
    )
    return out


def gpu(keep, names=(), seconds=460):
    """All rows within the time; on a machine without a GPU what is predicted alone."""
    has_gpu = torch.cuda.is_available()
    machine = torch.cuda.get_device_name() if has_gpu else NOT_MEASURED
    device = device_row(machine) if has_gpu else "h200"
    known, rows, end = hugging_face(), [], time.monotonic() + seconds
    results = {}
    for row in GPU_ROWS:
        if names and row.model not in names:
            continue
        if time.monotonic() > end:
            break
        rows.append(row_result(row, known, device, has_gpu))
        print(line(rows[-1]), flush=True)
        results = {
            "gpu": machine,
            "device": device,
            "torch": torch.__version__,
            "asked": len(GPU_ROWS),
            "summary": summary(rows, has_gpu),
            "rows": rows,
        }
        keep(results)
    return results
