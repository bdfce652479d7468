"""One table of all models, and the figures that the whole is judged by."""

import statistics

VARIANTS = ("fp32 train", "fp32 eval", "bf16 train", "bf16 eval")


def variant_of(row):
    return f"{row['precision']} {row['module']}"


def saved_differences(result, variant=None):
    """Bytes answered too much, of all bindings; of one variant if it is named."""
    return [
        row["answered"] - row["measured"]
        for row in result.get("saved", ())
        if variant in (None, variant_of(row))
    ]


def saved_by_variant(results):
    """By variant: how many models ran, and which are not exact at every binding."""
    variants = dict.fromkeys(variant_of(row) for r in results for row in r["saved"])
    return {
        variant: {
            "models": sum(bool(saved_differences(r, variant)) for r in results),
            "off": [r["model"] for r in results if any(saved_differences(r, variant))],
        }
        for variant in variants
    }


def is_symbolic(result):
    return all(row["symbolic"] == row["concrete"] for row in result.get("concrete", ()))


def share(flags):
    return sum(flags) / len(flags) if flags else None


def summary(results):
    """Figures over all models; those that could not be imported are counted, and left out."""
    imported = [r for r in results if "failed" not in r]
    live = [row for r in imported for row in r["live"].values()]
    relative = [abs(row["relative"]) for row in live]
    concrete = [r for r in imported if r.get("concrete")]
    return {
        "models": len(results),
        "failed": [r["model"] for r in results if "failed" in r],
        "saved": saved_by_variant(imported),
        "live_rows": len(live),
        "live_median": statistics.median(relative) if relative else None,
        "live_worst": max(relative, default=None),
        "live_within_0.1%": share([x <= 1e-3 for x in relative]),
        "live_within_1%": share([x <= 1e-2 for x in relative]),
        "live_above_1%": {
            f"{r['model']} {what}": round(row["relative"], 4)
            for r in imported
            for what, row in r["live"].items()
            if abs(row["relative"]) > 1e-2
        },
        "same_phase": share([row["same_phase"] for row in live]),
        "same_module": share([row["same_module"] for row in live]),
        "symbolic_exact": sum(map(is_symbolic, concrete)),
        "symbolic_asked": len(concrete),
    }


def line(result):
    if "failed" in result:
        return f"{result['model']:24}{result['failed'][:100]}"
    asked = {variant: saved_differences(result, variant) for variant in VARIANTS}
    most = [max(found, key=abs) if found else None for found in asked.values()]
    saved = " ".join(f"{'-':>10}" if bytes is None else f"{bytes:>+10,}" for bytes in most)
    worst = max(result["live"].items(), key=lambda item: abs(item[1]["relative"]), default=None)
    live = f"{100 * worst[1]['relative']:+8.3f}% {worst[0]}" if worst else ""
    phases = [row["same_phase"] for row in result["live"].values()]
    modules = [row["same_module"] for row in result["live"].values()]
    symbolic = ("yes" if is_symbolic(result) else "NO") if result.get("concrete") else "-"
    return (
        f"{result['model']:24}{saved}  {live:26}"
        f"{sum(phases)}/{len(phases)}  {sum(modules)}/{len(modules)}  {symbolic:4}"
        f"{max(result['milliseconds'].values(), default=0):>8.0f}  "
        + "; ".join(f.split(":")[0] for f in result["findings"])[:60]
    )


HEAD = (
    f"{'model: saved too much':24}{' '.join(f'{v:>10}' for v in VARIANTS)}  {'live, worst':26}"
    "phase module same ms, findings"
)
