"""Reads HEALTHCHECK, with its times and counts."""

from __future__ import annotations

import re

from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.instruction import Healthcheck, Instruction, Line
from ctr_ci.dockerfile.json_form import json_strings

_DURATION = r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)\Z"
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_UNITS_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1, "s": 1e3, "m": 6e4, "h": 3.6e6}


def healthcheck(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    """The HEALTHCHECK of a line; None when it has no type that there is, or no command."""
    text = line.arguments.text
    found = re.match(r"\S+", text)
    if found is None:
        complaints.at(line.keyword, "HEALTHCHECK without a type", "HEALTHCHECK CMD … or HEALTHCHECK NONE")
        return None
    kind_word = line.arguments.word(0, found.end())
    kind = kind_word.text.upper()
    rest = line.arguments.part(len(text) - len(text[found.end() :].lstrip()), len(text))
    if kind == "NONE":
        if rest.text:
            complaints.at(rest.word(0, len(rest.text)), "arguments after HEALTHCHECK NONE", "none")
        return Healthcheck(line, kind, kind_word)
    if kind != "CMD":
        complaints.at(kind_word, f"the type {kind_word.text!r} of HEALTHCHECK", "CMD or NONE")
        return None
    _check_times(line, complaints)
    json = json_strings(line, rest, complaints)
    if not rest.text or json == ():
        complaints.at(kind_word, "HEALTHCHECK CMD without a command", "HEALTHCHECK CMD command")
        return None
    return Healthcheck(line, kind, kind_word, json, rest if json is None else None)


def _check_times(line: Line, complaints: Complaints) -> None:
    for each in line.flags:
        if each.value is None or each.name == "retries":
            if each.value and not re.match(r"\+?\d+\Z", each.value):
                complaints.at(each.word, f"--retries={each.value}", "a number from 0")
            continue
        length = _length_ms(each.value)
        if length is None:
            complaints.at(each.word, f"--{each.name}={each.value}", "a duration such as 30s or 1m30s")
        elif length < 1 and length != 0:
            complaints.at(each.word, f"--{each.name}={each.value}", "0, or 1ms and more")


def _length_ms(text: str) -> float | None:
    """The length of a Go duration in milliseconds, None when it is none."""
    if not re.match(_DURATION, text):
        return 0 if not text else None
    sign = -1 if text.startswith("-") else 1
    return sign * sum([float(number) * _UNITS_MS[unit] for number, unit in re.findall(_PART, text)])
