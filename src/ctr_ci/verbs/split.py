"""Rewrites a Dockerfile of one stage into stages, writes it or shows the difference, and proves it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Context, Facts, diff
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.report.split_json import split_json
from ctr_ci.report.split_text import proof_text, split_text
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source, visible
from ctr_ci.split import Fine, Folder, Proof, Refusal, Split, Wish, split
from ctr_ci.verbs.put import put
from ctr_ci.verbs.split_context import BuildContext, read
from ctr_ci.verbs.split_proof import Trial, prove

STDIN = "<stdin>"


@dataclass(frozen=True, slots=True)
class Request:
    """`dockerfile`: a path, or "-". `context` None: the Dockerfile's folder. `output`: where the new text
    goes: the old file ("write"), a path, "-" (all of it to standard output), or "" for a diff there.
    `trial` None: nothing is built."""

    dockerfile: str
    context: Path | None
    wish: Wish
    output: str = ""
    write: bool = False
    form: Literal["text", "json"] = "text"
    trial: Trial | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    color: bool = False


def run(request: Request, environment: Mapping[str, str], out: TextIO, stderr: TextIO) -> Exit:
    """NO where the file cannot be split, or the proof fails: then nothing is written. Raises InputError,
    WorldError, BuildFailed."""
    source = _source(request.dockerfile)
    if request.write and source.path == STDIN:
        raise InputError(Problem("--write has no file to write: the text came from standard input"))
    dockerfile = parse(source, dict(request.arguments))
    if dockerfile.problems:
        raise InputError(*dockerfile.problems)
    if dockerfile.foreign:
        raise InputError(Problem("a file in another language than Dockerfile", path=source.path))
    context = _context(request, source)
    looked = Context(dockerignore=context.ignore if context else None, build_args=request.arguments)
    facts = Facts(dockerfile, LintSettings(), looked)
    result = split(facts, context.folder() if context else Folder(known=False), request.wish)
    proof: Proof | None = None
    if isinstance(result, Split) and request.trial is not None:
        if context is None:
            raise InputError(
                Problem("--prove builds, and a file on standard input has no build context",
                        help="name the folder: ctr-ci split - CONTEXT")
            )  # fmt: skip
        proof = prove(dockerfile, result, context, request.trial, environment, stderr)
    written = _write(request, source, result) if proof is None or proof.proven else ""
    after = Source(source.path, result.text, source.bom) if isinstance(result, Split) else source
    if request.form == "json":
        out.write(split_json(source.path, result, proof, written))
    else:
        _tell(request, source, after, result, proof, written, out, stderr)
    if isinstance(result, Refusal) or (proof is not None and not proof.proven):
        return Exit.NO
    return Exit.DONE


def _tell(
    request: Request,
    source: Source,
    after: Source,
    result: Split | Fine | Refusal,
    proof: Proof | None,
    written: str,
    out: TextIO,
    stderr: TextIO,
) -> None:
    """The new text or its difference on standard output, all that is said of it beside it."""
    if isinstance(result, Refusal):
        found = Problem(f"cannot be split: {result.reason}", "", result.help, source.path, result.span)
        print(found.render(), file=stderr)
        return
    if isinstance(result, Fine):
        print(visible(f"{source.path}: nothing to split: {result.reason}"), file=stderr)
        if request.output == "-":
            out.write(source.text)
        return
    if request.output == "-":
        out.write(after.text)
    elif not written:
        out.write(diff(_relative(source), _relative(after)))
    for line in split_text(source.path, result, written):
        print(visible(line), file=stderr)
    if proof is not None:
        for line in proof_text(proof, color=request.color):
            print(line, file=stderr if request.output == "-" else out)


def _relative(source: Source) -> Source:
    path = os.path.relpath(source.path) if os.path.isabs(source.path) else source.path
    return Source(path, source.text, source.bom)


def _source(path: str) -> Source:
    if path == "-":
        return Source.decode(STDIN, sys.stdin.buffer.read())
    place = Path(path)
    if place.is_dir():
        place = place / "Dockerfile"
    if place.exists() and not place.is_file():
        raise InputError(Problem(f"{place} is no regular file", "a Dockerfile, its folder, or -"))
    try:
        return Source.decode(str(place), place.read_bytes())
    except OSError as error:
        raise InputError(
            Problem(f"cannot read {place}: {error.strerror}", expected="a Dockerfile, its folder, or -")
        ) from error


def _context(request: Request, source: Source) -> BuildContext | None:
    if request.context is not None:
        return read(request.context, Path(source.path))
    if source.path == STDIN:
        return None
    return read(Path(source.path).parent, Path(source.path))


def _write(request: Request, source: Source, result: Split | Fine | Refusal) -> str:
    """Where the new text was written; "" for nowhere."""
    if not isinstance(result, Split) or not (request.write or request.output) or request.output == "-":
        return ""
    place = Path(request.output or source.path)
    try:
        put(str(place), source.encode(result.text))
    except OSError as error:
        raise InputError(Problem(f"cannot write {place}: {error.strerror or error}")) from error
    return str(place)
