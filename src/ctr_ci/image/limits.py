"""Limits that an image's weight must keep, and by how much it breaks them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ctr_ci.image.weight import Item, Weight
from ctr_ci.problem import InputError, Problem

UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
UNITS |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
SHOWN = 5  # files that a breach names one by one


@dataclass(frozen=True, slots=True)
class Amount:
    """So many bytes, or so many percent of the image."""

    written: str
    size_bytes: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> Amount:
        """`120MB`, `1.5GiB`, `0`, `10%`. MB is 10^6 as the engine counts. Raises InputError."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%|[a-zA-Z]*)\s*", text)
        if match:
            number, unit = float(match[1]), match[2].lower()
            if unit == "%" and number <= 100:
                return cls(text.strip(), percent=number)
            if unit in UNITS:
                return cls(text.strip(), size_bytes=int(number * UNITS[unit]))
        raise InputError(
            Problem(
                f"{text!r} is no amount", expected="bytes such as 120MB, 1.5GiB or 0, or a share such as 10%"
            )
        )

    def of(self, whole: int) -> int:
        """In bytes, of an image that has `whole`."""
        return int(whole * (self.percent or 0) / 100) if self.size_bytes is None else self.size_bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of an image; None and () ask nothing. `no_file`: see `glob`. `no_secrets`: none in
    any layer. Raises InputError for a glob that is none, before any image is read."""

    max_size: Amount | None = None
    max_build_bytes: Amount | None = None
    max_waste: Amount | None = None
    no_file: tuple[str, ...] = ()
    no_secrets: bool = False

    def __post_init__(self) -> None:
        for pattern in self.no_file:
            glob(pattern)


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that is broken. `limit`: its name as the option has it, `found` and `allowed` in bytes
    (files for no-file)."""

    limit: str
    found: int
    allowed: int
    text: str


def breaches(weight: Weight, limits: Limits, say: Callable[[int], str]) -> tuple[Breach, ...]:
    """Every limit that the image breaks; `say` writes a number of bytes for people."""
    measured = (
        ("max-size", limits.max_size, weight.size_bytes, "the image weighs", ""),
        ("max-build-bytes", limits.max_build_bytes, weight.build_bytes, "it ships", " that only built it"),
        ("max-waste", limits.max_waste, weight.waste_bytes, "its lower layers hold", " that later ones hide"),
    )
    found = []
    for name, amount, measure, start, end in measured:
        if amount is not None and measure > (allowed := amount.of(weight.size_bytes)):
            over = say(measure - allowed)
            found.append(
                Breach(
                    name,
                    measure,
                    allowed,
                    f"{start} {say(measure)}{end}, {over} over {name} {amount.written}",
                )
            )
    for pattern in limits.no_file:
        test = glob(pattern)
        hits = [item for item in weight.items if test(item.path)]
        if hits:
            found.append(Breach("no-file", len(hits), 0, f"no-file {pattern}: {_named(hits)}"))
    if limits.no_secrets and weight.secrets:
        named = ", ".join(f"/{leak.path} ({leak.what})" for leak in weight.secrets[:SHOWN])
        more = f" and {len(weight.secrets) - SHOWN} more" if len(weight.secrets) > SHOWN else ""
        found.append(Breach("no-secrets", len(weight.secrets), 0, f"no-secrets: {named}{more}"))
    return tuple(found)


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a path (from the root, no leading `/`) fits `pattern`: `*` and `?` stand for what is no
    `/`, `**` for any folders, `[a-z]` and `[!a-z]` for one character. Without a `/` before its end it is
    a name anywhere. One that ends in `/`, or has no wildcard, also fits all below a folder of that name.
    Raises InputError where it is no pattern."""
    plain = pattern.strip("/")
    if not plain:
        raise _no_glob(pattern, "is no pattern of files")
    anywhere = "/" not in pattern.rstrip("/")
    below = "/.*" if pattern.endswith("/") else "" if re.search(r"[*?[]", pattern) else "(?:/.*)?"
    parts = re.split(r"(\*\*/?|\*|\?|\[!?[^]]+\])", plain)
    text = ""
    for part in parts:
        if part in ("**/", "**"):
            text += "(?:.*/)?" if part == "**/" else ".*"
        elif part == "*":
            text += "[^/]*"
        elif part == "?":
            text += "[^/]"
        elif part.startswith("[") and part.endswith("]"):
            negated = part.startswith("[!")
            inner = re.sub(r"([\\^&|~[])", r"\\\1", part[2 if negated else 1 : -1])
            text += f"[^/{inner}]" if negated else f"[{inner}]"
        else:
            text += re.escape(part)
    try:
        compiled = re.compile(("(?:.*/)?" if anywhere else "") + text + below, re.DOTALL)
    except re.error as error:
        raise _no_glob(pattern, f"has a range that is none ({error})") from error
    return lambda path: compiled.fullmatch(path) is not None


def _no_glob(pattern: str, what: str) -> InputError:
    return InputError(
        Problem(f"no-file {pattern!r} {what}", expected="such as *.pem, /usr/bin/gcc*, **/.git/** or .git/")
    )


def _named(items: Iterable[Item]) -> str:
    listed = sorted(items, key=lambda item: (-item.size, item.path))
    shown = [
        f"/{item.path}"
        + (f" ({item.how} by layer {item.by + 1}, still in layer {item.layer + 1})" if item.how else "")
        for item in listed[:SHOWN]
    ]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(shown) + more
