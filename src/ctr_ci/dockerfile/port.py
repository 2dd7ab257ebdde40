"""Reads EXPOSE. A number over 65535 or an unknown protocol is for the rules to say."""

from __future__ import annotations

from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.instruction import Expose, Instruction, Line
from ctr_ci.dockerfile.words import blank_delimited, check_expansion


def expose(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    """The EXPOSE of a line; None when it names no port."""
    ports = blank_delimited(line.arguments)
    if not ports:
        complaints.at(line.keyword, "EXPOSE without a port", "EXPOSE 8080")
        return None
    for port in ports:
        check_expansion(port, escape, complaints)
        text = port.text.strip("\"'")
        if "$" in text:
            continue
        first, dash, last = text.rsplit(":", 1)[-1].partition("/")[0].partition("-")
        if not (_is_number(first) and (_is_number(last) or not dash)):
            help = "a comment goes on a line of its own" if text.startswith("#") else ""
            complaints.at(port, f"the port {port.text!r}", "PORT, PORT/udp or FIRST-LAST", help)
            if help:
                break
        elif dash and int(last) < int(first):
            complaints.at(port, f"the port range {port.text!r}", "the lower port first")
    return Expose(line, tuple(ports))


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii()
