"""Peaks of checkpointing, accumulation, autocast and pure bfloat16, held to real CPU runs.

    python benchmarks/bench_training_options.py [--way bf16-amp] [--only bert,gpt2]
                                                [--measured FILE] [--json FILE]

Each model is trained by SGD with momentum and by AdamW at two bindings; the peak is that of the
allocator's events in a steady iteration. Checkpointed modules run under `torch.utils.checkpoint`.
"""

import argparse
import json
import platform
import statistics
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import torch  # noqa: E402
import transformers  # noqa: E402
from memory_bench.measured import Measured  # noqa: E402
from memory_bench.ways import ROWS, compared  # noqa: E402

import shapewright as sw  # noqa: E402


def summary(results):
    """By way: the figures over every run of its models."""
    out = {}
    for way in dict.fromkeys(result["way"] for result in results):
        mine = [result for result in results if result["way"] == way]
        runs = [run for result in mine for run in result["live"].values() if "relative" in run]
        errors = [abs(run["relative"]) for run in runs]
        out[way] = {
            "models": len(mine),
            "runs": len(runs),
            "median": statistics.median(errors) if errors else None,
            "worst": max(errors, default=None),
            "same_phase": sum(run["same_phase"] for run in runs),
            "same_module": sum(run["same_module"] for run in runs),
        }
    return out


def line(result):
    runs = result["live"].values()
    cells = [f"{100 * r['relative']:+9.3f}%" if "relative" in r else "   failed" for r in runs]
    return f"{result['way']:12}{result['model']:14}" + " ".join(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--way", default="", help="ways, with commas")
    parser.add_argument("--only", default="", help="models, with commas")
    parser.add_argument("--measured", help="file that keeps what PyTorch did")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    ways = set(filter(None, arguments.way.split(",")))
    names = set(filter(None, arguments.only.split(",")))
    facts = Measured(arguments.measured)
    results = []
    print(f"{'way':12}{'model':14}" + "   momentum, at two sizes   AdamW, at two sizes")
    for row in ROWS:
        if (not ways or row.way in ways) and (not names or row.model in names):
            results.append(compared(row, facts))
            print(line(results[-1]), flush=True)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "shapewright": sw.__version__,
    }
    record = {
        "machine": machine, "unit": "bytes", "summary": summary(results), "runs": results
    }  # fmt: skip
    print(json.dumps(record["summary"], indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
