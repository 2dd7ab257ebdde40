"""The options that a RUN gives to curl and wget."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.shell import Command, Word

# The letters of options that take a value: the rest of their word, or the next one.
_VALUED = {"curl": "AbcCdDeEFhHKmoPQrtTuUwxXyYz", "wget": "aABDeiIlnoOPQRtTUwX"}


def given(command: Command, letters: str, names: tuple[str, ...]) -> Word | None:
    """The first word that gives one of these options: a letter, alone or in a bundle such as `-fsSL`, or
    a long name, with its value behind `=` or not."""
    valued = _VALUED[command.name]
    skip = False
    for word in command.arguments:
        text = word.value or word.text
        if skip:
            skip = False
        elif text.startswith("--"):
            if text.partition("=")[0] in names:
                return word
        elif text[:1] == "-":
            bundle = _bundle(text[1:], valued)
            if any(letter in letters for letter in bundle):
                return word
            skip = bundle[-1:] in tuple(valued) and len(bundle) == len(text) - 1
    return None


def _bundle(text: str, valued: str) -> str:
    """The letters up to the first that takes a value."""
    for at, letter in enumerate(text):
        if letter in valued:
            return text[: at + 1]
    return text
