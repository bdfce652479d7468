"""Training and inference memory of the models in tests/torch_models, held to real CPU runs.

    python benchmarks/bench_training_memory.py [--only bert,gpt2] [--kind cnn] [--measured FILE]
                                               [--no-concrete] [--json FILE] [--resume]

Saved: bytes that `saved_tensors_hooks` sees at three bindings, in float32 and pure bfloat16, of
modules in training mode and in eval mode. Live: the peak over the allocator's
events in a steady iteration (inference, AdamW, SGD with momentum) at two bindings, with its phase
and module. Symbolic = concrete: the answer of one import with symbols, against an import with
numbers, at three bindings. `--measured` keeps what was measured in a file for the next run; it
holds for one machine and one number of threads. `--json` is written after each model: the rows of
models asked for replace those that the file has, others stay; `--resume` asks for the models alone
that it lacks.
"""

import argparse
import json
import platform
import sys
import time
import traceback
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import torch  # noqa: E402
import transformers  # noqa: E402
from memory_bench.compared import compare  # noqa: E402
from memory_bench.measured import (  # noqa: E402
    CONFIGURATIONS,
    LIVE_BINDINGS,
    SAVED_VARIANTS,
    Measured,
)
from memory_bench.summed import HEAD, line, summary  # noqa: E402

import shapewright as sw  # noqa: E402
from torch_models import MODELS  # noqa: E402


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names, with commas")
    parser.add_argument("--kind", default="")
    parser.add_argument("--measured", help="file that keeps what PyTorch did")
    parser.add_argument("--configurations", default="infer,adamw,sgd-momentum")
    parser.add_argument("--variants", default="fp32 train,fp32 eval,bf16 train,bf16 eval")
    parser.add_argument("--bindings", type=int, default=LIVE_BINDINGS)
    parser.add_argument("--no-concrete", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resume", action="store_true", help="what the file of --json lacks")
    parser.add_argument("--traceback", action="store_true")
    return parser.parse_args()


def main():
    arguments = parsed()
    warnings.simplefilter("ignore")
    names = set(filter(None, arguments.only.split(",")))
    rows = [r for r in MODELS if not names or r.name in names]
    rows = [r for r in rows if not arguments.kind or r.kind == arguments.kind]
    asked = arguments.configurations.split(",")
    facts = Measured(arguments.measured)
    results = kept(arguments.json)
    if arguments.resume:
        rows = [r for r in rows if r.name not in results]
    print(HEAD)
    for row in rows:
        start = time.perf_counter()
        try:
            result = compare(
                row,
                facts,
                configurations=[c for c in CONFIGURATIONS if (c or "infer") in asked],
                bindings=arguments.bindings,
                variants=[v for v in SAVED_VARIANTS if name_of(v) in arguments.variants.split(",")],
                concrete=not arguments.no_concrete,
            )
        except Exception as error:
            if arguments.traceback:
                traceback.print_exc()
            said = f"{type(error).__name__}: {error}"
            result = {"model": row.name, "kind": row.kind, "failed": said[:300]}
        result["seconds"] = round(time.perf_counter() - start, 1)
        results[row.name] = result
        print(line(result), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(record(results), indent=1) + "\n")
    print(json.dumps(summary(ordered(results)), indent=2))


def kept(path):
    """The rows that a file of results has, by model."""
    if path is None or not path.exists():
        return {}
    return {row["model"]: row for row in json.loads(path.read_text())["models"]}


def ordered(results):
    return [results[row.name] for row in MODELS if row.name in results]


def name_of(variant):
    precision, train = variant
    return f"{precision} {'train' if train else 'eval'}"


def record(results):
    rows = ordered(results)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "shapewright": sw.__version__,
        "seconds": round(sum(row["seconds"] for row in rows)),
    }
    return {"machine": machine, "unit": "bytes", "summary": summary(rows), "models": rows}


if __name__ == "__main__":
    main()
