"""Accelerators by name, with the memory their vendors publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from shapewright.errors import ShapewrightError
from shapewright.spelling import nearest
from shapewright.units import parse_bytes


@dataclass(frozen=True)
class Device:
    """One row of `shapewright devices`; sizes in bytes.

    `bandwidth` is that of the memory, in bytes a second, `peak` operations a second by type, dense;
    both as `source` published them on or before `dated`, and not measured. `usable` is `memory`
    less what the driver keeps, where `usable_source` says how much that is. `context` is what CUDA
    takes beside the allocator of a process, `most_context` the most that is known of it,
    `workspace` what one cuBLAS handle takes. `capability` is that of CUDA, 9.0
    for a H100; None for what is not NVIDIA's.
    """

    name: str
    title: str
    memory: int
    usable: int
    bandwidth: int
    peak: Mapping[str, float]
    source: str
    dated: str
    context: int = 0
    most_context: int = 0
    workspace: int = 0
    usable_source: str = ""
    capability: float | None = None


@cache
def all_devices() -> dict[str, Device]:
    """Every device of the table, by name."""
    import tomllib
    from importlib.resources import files

    text = (files("shapewright") / "devices.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    context = {name: parse_bytes(table["context"][name]) for name in ("typical", "most")}
    return {
        row["name"]: Device(
            name=row["name"],
            title=row["title"],
            memory=parse_bytes(row["memory"]),
            usable=parse_bytes(row["usable"]),
            bandwidth=round(row["bandwidth"] * 10**9),
            peak={dtype: rate * 1e12 for dtype, rate in row["peak"].items()},
            source=row["source"],
            dated=str(table["dated"]),
            context=context["typical"],
            most_context=context["most"],
            workspace=parse_bytes(row.get("workspace", "8320KiB")),
            usable_source=row.get("usable_source", ""),
            capability=row.get("capability"),
        )
        for row in table["device"]
    }


def find_device(name: str) -> Device:
    """The device of that name; case, spaces and underscores do not matter.

    >>> find_device("RTX 4090").memory // 2**30
    24
    """
    devices = all_devices()
    word = name.strip().lower().replace(" ", "-").replace("_", "-")
    if word in devices:
        return devices[word]
    longer = [known for known in devices if word and known.startswith(word + "-")]
    guess = nearest(word, devices)
    if guess:
        hint = f"did you mean '{guess}'?"
    elif longer:
        hint = "there are " + ", ".join(longer)
    else:
        hint = "`shapewright devices` lists them; a budget such as '24GiB' works for any other"
    message = f"there is no device '{name}' in the table"
    raise ShapewrightError(message, code="device-unknown", hint=hint)
