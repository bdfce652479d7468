"""What answers about memory take after a module has been read, on one thread.

`replay`: three iterations of training in PyTorch's allocator. `fit`: the largest batch of a device.
`what_if`: the whole table. Milliseconds of the process; the least of `rounds`, each with sizes that
were not asked before; `first` is the first answer, which compiles what the others use.
"""

import time

import torch
from bench_import import llama_8b, resnet50

import shapewright as sw
from shapewright import _core

LIMITS_MS = {"replay": 20, "fit": 300, "what_if": 3000}

# Name, maker, inputs, the symbol that is solved for, sizes of the others, precision.
MODELS = (
    ("resnet50", resnet50, {"pixel_values": "f32[N, 3, 224, 224]"}, "N", {}, "fp32"),
    ("llama_8b", llama_8b, {"input_ids": "i64[B, S]"}, "B", {"S": 512}, "bf16"),
)


def spent(call):
    start = time.process_time()
    result = call()
    return 1e3 * (time.process_time() - start), result


def timed(call, rounds):
    """`call` of 0, 1, ...: the first, the least of the others, and the last result."""
    first, result = spent(lambda: call(0))
    others = []
    for k in range(1, rounds):
        took, result = spent(lambda k=k: call(k))
        others.append(took)
    return {"first_ms": round(first, 2), "ms": round(min(others), 2)}, result


def speed(rounds=5):
    rows = []
    for name, make, inputs, solve, sizes, precision in MODELS:
        with torch.device("meta"):
            module = make().train()
        read, report = spent(
            lambda module=module, inputs=inputs, precision=precision: sw.check(
                module, inputs, mode="train", optimizer="adamw", precision=precision, device="h200"
            )
        )
        bound = report.at(**sizes, **{solve: 4})
        requests = bound._core.requests[0]
        took, result = timed(lambda _, r=requests: _core.replay("torch-cuda", r, ""), rounds)
        assert result.runs
        answers = {"replay": {"requests": len(requests), **took}}
        answers["fit"], found = timed(
            lambda k, report=report, solve=solve, sizes=sizes: sw.fit(
                report, solve=solve, where=sizes, budget=f"{138 - k}GiB"
            ),
            rounds,
        )
        answers["fit"][solve] = found.value
        answers["what_if"], table = timed(
            lambda k, report=report, solve=solve, sizes=sizes: report.what_if(
                **sizes, **{solve: 8 * (k + 1)}
            ),
            3,
        )
        answers["what_if"]["rows"] = len(table.changes)
        row = {"model": name, "nodes": len(report.graph.nodes), "read_s": round(read / 1e3, 2)}
        row |= answers
        row["within"] = {key: answers[key]["ms"] < limit for key, limit in LIMITS_MS.items()}
        rows.append(row)
        print(row, flush=True)
    return rows
