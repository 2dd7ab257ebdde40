"""An image's config: what made each layer, and what the image runs (OCI image-spec, config.md).

History and layers are two lists: an entry that is not marked empty stands for the next layer. Where
the counts differ (squashed images) nothing is guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ctr_ci.problem import InputError, Problem


@dataclass(frozen=True, slots=True)
class Made:
    """One entry of the history. `text` is the instruction as a Dockerfile would say it."""

    text: str
    comment: str
    created: str
    empty: bool


@dataclass(frozen=True, slots=True)
class Config:
    os: str
    architecture: str
    diff_ids: tuple[str, ...]
    history: tuple[Made, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    env: tuple[str, ...]
    workdir: str
    user: str

    @property
    def search_path(self) -> tuple[str, ...]:
        """The folders of PATH, from the root; what the engine sets where the image sets none."""
        for variable in self.env:
            if variable.startswith("PATH="):
                return tuple(folder for folder in variable[5:].split(":") if folder)
        return ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

    @property
    def makers(self) -> tuple[Made | None, ...]:
        """For each layer what made it; None where the history does not fit the layers."""
        makers = tuple(made for made in self.history if not made.empty)
        return makers if len(makers) == len(self.diff_ids) else (None,) * len(self.diff_ids)

    @property
    def base_layers(self) -> int:
        """A guess at how many layers the base image brought: those before the last CMD or ENTRYPOINT
        that layers still follow, or an imported filesystem. 0 where nothing tells."""
        makers = [made for made in self.history if not made.empty]
        if len(makers) != len(self.diff_ids):
            return 0
        layers = best = 0
        for made in self.history:
            if not made.empty:
                layers += 1
                if made.comment.startswith("Imported from"):
                    best = layers
            elif made.text.startswith(("CMD", "ENTRYPOINT")) and layers < len(makers):
                best = layers
        return best


def parse(raw: bytes) -> Config:
    """Raises InputError where the bytes are no image config."""
    try:
        top = json.loads(raw)
        inner = top.get("config") or {}
        return Config(
            str(top.get("os", "")),
            str(top.get("architecture", "")),
            _texts(top["rootfs"]["diff_ids"]),
            tuple(_made(entry) for entry in top.get("history") or ()),
            _texts(inner.get("Entrypoint")),
            _texts(inner.get("Cmd")),
            _texts(inner.get("Env")),
            str(inner.get("WorkingDir") or ""),
            str(inner.get("User") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            Problem("an image whose config is not readable", expected="an OCI or Docker config")
        ) from error


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _made(entry: object) -> Made:
    fields = entry if isinstance(entry, dict) else {}
    comment = str(fields.get("comment") or "")
    written = str(fields.get("created_by") or "")
    return Made(
        instruction(written) or comment,
        comment,
        str(fields.get("created") or ""),
        fields.get("empty_layer") is True,
    )


def instruction(created_by: str) -> str:
    """`created_by` as the instruction that it was.

    >>> instruction("/bin/sh -c #(nop) COPY file:1f2e in /app ")
    'COPY file:1f2e in /app'
    >>> instruction("RUN |1 V=2 /bin/sh -c make all # buildkit")
    'RUN make all'
    """
    text = created_by.strip()
    by_buildkit = text.endswith("# buildkit")
    text = text.removesuffix("# buildkit").rstrip()
    nop = re.match(r"(?:\|\d+ .*?)?\S*sh -c #\(nop\)\s*", text)
    if nop:
        return text[nop.end() :]
    body = text.removeprefix("RUN ") if by_buildkit else text
    arguments = re.match(r"\|(\d+) ", body)
    shell = re.search(
        r"(?:^|\s)(?:/\S+/)?(?:ba|da|z|a)?sh (?:-\w+ (?:pipefail |errexit |nounset )?)*?-\w*c ", body
    )
    if shell and (arguments or not body[: shell.start()].strip()):
        return "RUN " + body[shell.end() :]
    if by_buildkit or not text:
        return text
    known = re.match(
        r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|RUN|USER|VOLUME|WORKDIR)\b", text
    )
    return text if known else f"RUN {text}"
