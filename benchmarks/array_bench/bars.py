"""What the figures must be, and whether they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import geometric_mean
from typing import Any

Row = dict[str, Any]
LABELS = ("1", "all")  # threads
TWO_THREADS_BYTES = 64 << 20


@dataclass(frozen=True)
class Bar:
    what: str
    threads: str
    figure: float
    needed: str
    met: bool | None  # None: stated only
    cases: int = 1
    worst: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def named(row: Row) -> str:
    return f"{row['name']} {row['dtype']}"


@dataclass(frozen=True)
class Group:
    """Cases that are judged together: the least geomean, and the least of any."""

    what: str
    takes: Callable[[Row], bool]
    geomean: float | None
    each: float | None


def of(set_name: str, *dtypes: str) -> Callable[[Row], bool]:
    return lambda row: row["set"] == set_name and (not dtypes or row["dtype"] in dtypes)


GROUPS = (
    Group("ttc57 f32", of("ttc57", "f32"), 0.85, 0.6),
    Group("ttc57 f64", of("ttc57", "f64"), 0.85, 0.6),
    Group("ttc57_odd f32", of("ttc57_odd", "f32"), 0.80, 0.5),
    Group("real_nets", of("real_nets"), 0.75, None),
    Group(
        "real_nets 1 and 2 bytes", of("real_nets", "u8", "u16", "i16", "f16", "bf16"), None, 0.65
    ),
    Group("powers of two", of("powers"), None, 0.6),
    Group("xla_pjrt", of("xla_pjrt"), None, None),
    Group("adversarial", of("adversarial"), None, None),
    Group("strided views", of("strided_views"), None, None),
)


def at_least(figure: float, needed: float | None) -> tuple[str, bool | None]:
    return ("", None) if needed is None else (f">= {needed:g}", figure >= needed)


def bars_of_group(group: Group, rows: Sequence[Row], label: str) -> list[Bar]:
    key = f"score {label}"
    found = [row for row in rows if group.takes(row) and key in row]
    if not found:
        return []
    least = min(found, key=lambda row: float(row[key]))
    mean, worst = geometric_mean([row[key] for row in found]), least[key]
    below = sum(row[key] < group.each for row in found) if group.each else 0
    bars = [
        Bar(
            f"{group.what}, geomean of limit",
            label,
            mean,
            *at_least(mean, group.geomean),
            len(found),
        ),
        Bar(
            f"{group.what}, least of limit",
            label,
            worst,
            *at_least(worst, group.each),
            len(found),
            named(least) + (f", {below} below" if below else ""),
        ),
    ]
    if group.what.startswith("ttc57 "):
        memcpy = geometric_mean([row[f"memcpy {key}"] for row in found])
        what = f"{group.what}, geomean of memcpy"
        bars.append(Bar(what, label, memcpy, *at_least(memcpy, 1), len(found)))
    return bars


def bars_of_rivals(rows: Sequence[Row]) -> list[Bar]:
    """How many times as long as ours each rival takes, one thread; ttc57, a dtype each."""
    bars = []
    for rival in ("torch", "numpy", "xla", "einops"):
        for group in GROUPS:
            found = [
                row["times"][rival]["us"] / row["times"]["ours 1"]["us"]
                for row in rows
                if group.takes(row) and rival in row["times"]
            ]
            if not found:
                continue
            times = geometric_mean(found)
            held = rival == "torch" and group.what.startswith("ttc57 ")
            bars.append(
                Bar(
                    f"{group.what}, times {rival}",
                    "1",
                    times,
                    *at_least(times, 5 if held else None),
                    len(found),
                )
            )
    return bars


def bars_of_threads(rows: Sequence[Row]) -> list[Bar]:
    """All threads against one, on large cases where a plain copy gains 1.6 times as well."""
    large = [row for row in rows if "gain" in row and row["bytes"] >= TWO_THREADS_BYTES]
    if not large:
        return []
    copies = geometric_mean([row["copy gain"] for row in large])
    bars = [
        Bar("64 MiB and up, plain copy: all threads for one", "all", copies, "", None, len(large))
    ]
    gain = geometric_mean([row["gain"] for row in large])
    bars.append(Bar("64 MiB and up, ours: all threads for one", "all", gain, "", None, len(large)))
    able = [row for row in large if row["copy gain"] >= 1.6]
    if able:
        gain = geometric_mean([row["gain"] for row in able])
        least = min(able, key=lambda row: float(row["gain"]))
        worst = f"{named(least)}: {least['gain']:.2f}"
        what = "ours, where the copy gains 1.6 times"
        bars.append(Bar(what, "all", gain, *at_least(gain, 1.6), len(able), worst))
    return bars


IMAGE_RIVALS = {
    "torch": "about 15",
    "torch in place": "",
    "xla": "about 8",
    "opencv": "about 20",
    "numpy": "about 30",
}


def bars_of_images(images: Row | None) -> list[Bar]:
    if not images:
        return []
    score, equal = images["score 1"], images["bit_equal"]
    bars = [
        Bar("images, of a linear u8 -> f32 copy", "1", score, *at_least(score, 0.8)),
        Bar("images, bits as NumPy's", "1", float(equal), "all", equal),
    ]
    if "score all" in images:
        bars.append(Bar("images, of a linear u8 -> f32 copy", "all", images["score all"], "", None))
    return bars


def bars_of_image_rivals(images: Row | None, memory: str) -> list[Bar]:
    if not images:
        return []
    times = images["times"]
    return [
        Bar(
            f"images, times {rival}, {memory}",
            "1",
            times[rival]["us"] / times["ours 1"]["us"],
            about if memory == "new memory" else "",
            None,
        )
        for rival, about in IMAGE_RIVALS.items()
        if rival in times
    ]


def bars_of_small(small: Sequence[Row]) -> list[Bar]:
    if not small:
        return []
    slowest = max(
        (row for row in small if row["bytes"] <= 4096), key=lambda row: float(row["ours ns"])
    )
    ns = slowest["ours ns"]
    larger = [(row["numpy ns"] / row["ours ns"], row) for row in small if row["bytes"] >= 1024]
    ratio, closest = min(larger, key=lambda pair: float(pair[0]))
    return [
        Bar("64 B to 4 KiB, ns a call, most", "auto", ns, "<= 1000", ns <= 1000, 1,
            f"{list(slowest['shape'])}"),
        Bar("1 KiB and up, times np.copyto, least", "auto", ratio, "> 1", ratio > 1, 1,
            f"{list(closest['shape'])}"),
    ]  # fmt: skip


def all_bars(results: dict[str, Any]) -> list[Bar]:
    rows: list[Row] = results["rows"]
    bars = [
        bar for group in GROUPS for label in LABELS for bar in bars_of_group(group, rows, label)
    ]
    bars += bars_of_rivals(rows) + bars_of_images(results.get("images"))
    bars += bars_of_image_rivals(results.get("images"), "new memory")
    bars += bars_of_image_rivals(results.get("images_kept"), "kept memory")
    bars += bars_of_small(results.get("small", [])) + bars_of_threads(rows)
    wrong = [named(row) for row in rows if not row["right"]]
    if rows:
        bars.append(
            Bar(
                "cases not NumPy's bytes",
                "both",
                len(wrong),
                "0",
                not wrong,
                len(rows),
                ", ".join(wrong),
            )
        )
    return bars
