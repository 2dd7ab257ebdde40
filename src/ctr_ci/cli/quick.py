"""Reads a command line that is right, by the command's own declaration, without argparse (which takes
longer to import than a file to lint). Anything else, `--help` too, is left to argparse and its messages.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.cli.option import Command, Option


class Values:
    """The parsed values, by `Option.key`."""

    def __init__(self, values: dict[str, object]) -> None:
        self.__dict__.update(values)


def read(command: Command, arguments: list[str]) -> Values | None:
    """The values of a well-formed command line; None for whatever argparse should look at."""
    named: dict[str, Option] = {}
    values: dict[str, object] = {}
    positional: Option | None = None
    for option in command.options:
        if not option.name.startswith("-"):
            alone = option.kind == "path" and option.default is not None and not option.choices
            if positional is not None or not (option.kind == "paths" or alone):
                return None
            positional = option
            values[option.key] = option.default if alone else []
            continue
        named[option.name] = option
        if option.short:
            named[option.short] = option
        values[option.key] = (
            False if option.kind == "flag" else [] if option.kind == "list" else option.default
        )
    at, given = 0, False
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word == "-" or not word.startswith("-"):
            if positional is None:
                return None
            if positional.kind == "paths":
                values[positional.key].append(word)  # type: ignore[attr-defined]
            elif given:
                return None
            else:
                values[positional.key] = word
            given = True
            continue
        name, equals, text = word.partition("=")
        found = named.get(name)
        if found is None or (found.kind == "flag" and equals):
            return None
        if found.kind == "flag":
            values[found.key] = True
            continue
        if not equals:
            if at >= len(arguments) or arguments[at].startswith("-"):
                return None
            text = arguments[at]
            at += 1
        if found.choices and text not in found.choices:
            return None
        if found.kind == "list":
            values[found.key].append(text)  # type: ignore[attr-defined]
        elif found.kind == "int":
            if not text.isdigit():
                return None
            values[found.key] = int(text)
        else:
            values[found.key] = text
    if positional is not None and not values[positional.key] and positional.default is not None:
        return None
    return Values(values)
