"""Bytes as people write them: `24GiB` in, `23.8 GiB` out."""

from __future__ import annotations

from shapewright.errors import ShapewrightError

_BINARY = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_DECIMAL = {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BY_LOWER = {unit.lower(): size for unit, size in (_BINARY | _DECIMAL).items()}
_AMBIGUOUS = {"k": "K", "m": "M", "g": "G", "t": "T"}


def parse_bytes(amount: str | int, what: str = "budget") -> int:
    """The number of bytes that `amount` says, as an integer.

    >>> parse_bytes("24GiB")
    25769803776
    >>> parse_bytes("1.5 GB")
    1500000000
    >>> parse_bytes(4096)
    4096

    A unit of `KiB MiB GiB TiB` counts in 1024, one of `kB MB GB TB` in 1000; `24G` is refused,
    because it could be either.
    """
    if isinstance(amount, int) and not isinstance(amount, bool):
        if amount < 0:
            raise _refused(amount, what, f"a {what} cannot be negative")
        return amount
    if not isinstance(amount, str):
        raise _refused(amount, what, f"a {what} is a text such as '24GiB' or a number of bytes")
    text = amount.strip().replace("_", "")
    digits = len(text)
    while digits and not (text[digits - 1].isdigit() or text[digits - 1] == "."):
        digits -= 1
    number, unit = text[:digits].strip(), text[digits:].strip()
    if unit.lower() in _AMBIGUOUS:
        letter = _AMBIGUOUS[unit.lower()]
        reason = f"'{unit}' could be {letter}iB (1024) or {letter}B (1000)"
        raise _refused(amount, what, reason, f"write {number}{letter}iB")
    scale = _BY_LOWER.get(unit.lower() or "b")
    if scale is None:
        raise _refused(amount, what, f"'{unit}' is no unit of memory", "write 24GiB, 800MiB, 24GB")
    whole, _, fraction = number.partition(".")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or len(number) > 24:
        raise _refused(amount, what, f"'{number}' is no number", "write 24GiB, 800MiB, 24GB")
    divisor: int = 10 ** len(fraction)
    size = int(whole + fraction) * scale // divisor
    if size >= 2**63:
        raise _refused(amount, what, "it is larger than a 64-bit size")
    return size


def parse_headroom(amount: str | int | float, total: int) -> int:
    """Bytes to leave free of `total`: `"10%"`, a fraction below 1, `"2GiB"` or bytes.

    >>> parse_headroom("10%", 1000), parse_headroom(0.25, 1000), parse_headroom("1KiB", 4096)
    (100, 250, 1024)
    """
    if isinstance(amount, float):
        if not 0 <= amount < 1:
            raise _refused(amount, "headroom", "a fraction lies between 0 and 1", "0.1 is 10 %")
        return int(total * amount)
    if isinstance(amount, str) and amount.strip().endswith("%"):
        try:
            percent = float(amount.strip()[:-1])
        except ValueError:
            percent = -1.0
        if not 0 <= percent < 100:
            raise _refused(amount, "headroom", "a percentage lies between 0% and 100%")
        return int(total * percent / 100)
    size = parse_bytes(amount, "headroom")
    if size > total:
        raise _refused(amount, "headroom", f"it is more than the budget of {format_bytes(total)}")
    return size


def format_bytes(size: int) -> str:
    """A size with its unit, in powers of 1024.

    >>> format_bytes(25555555555), format_bytes(1536), format_bytes(12)
    ('23.8 GiB', '1.5 KiB', '12 B')
    """
    if abs(size) < 1024:
        return f"{size} B"
    for unit in ("KiB", "MiB", "GiB"):
        scale = _BINARY[unit]
        if abs(size) < 1023.95 * scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 2**40:,.1f} TiB"


def format_against(limit: int, *sizes: int) -> tuple[str, ...]:
    """The limit and sizes held against it, in its unit, with digits enough to tell them apart.

    >>> format_against(25769803776, 25555555555, 25998888888)
    ('24.0 GiB', '23.8 GiB', '24.2 GiB')
    >>> format_against(25769803776, 25769803775)
    ('25769803776 B', '25769803775 B')
    """
    unit = next((u for u in ("GiB", "MiB", "KiB") if limit >= _BINARY[u]), "B")
    scale = _BINARY[unit]
    for digits in (1, 2, 3) if unit != "B" else ():
        texts = tuple(f"{size / scale:,.{digits}f} {unit}" for size in (limit, *sizes))
        told_apart = (text != texts[0] for text in texts[1:])
        if all(apart or size == limit for apart, size in zip(told_apart, sizes, strict=True)):
            return texts
    return tuple(f"{size} B" for size in (limit, *sizes))


def _refused(amount: object, what: str, reason: str, hint: str = "") -> ShapewrightError:
    message = f"{what} {amount!r} is not understood: {reason}"
    return ShapewrightError(message, code="bytes-syntax", hint=hint)
