"""`ctr-ci lint`: finds the files, reads them, lints or repairs them, and reports.

Everything that is not needed for one clean file is imported when it is.
"""

from __future__ import annotations

import gc
import os
import time

from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.source import Source
from ctr_ci.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from ctr_ci.lint import Linted, Outcome
    from ctr_ci.settings import LintSettings, Settings

_RANKS = {"error": 0, "warning": 1, "info": 2, "style": 3, "never": -1}
MANY = 12  # files from which more processes pay


@value
class Request:
    """What the user asks for; "" and () mean not said. Paths are as given; of `--build-context` only the
    names count."""

    paths: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    fail_on: str = ""
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    target: str = ""
    build_args: tuple[tuple[str, str], ...] = ()
    build_contexts: tuple[str, ...] = ()
    image: str = ""
    diff_base: str = ""
    baseline: str = ""
    write_baseline: str = ""
    stdin_filename: str = ""
    jobs: int = 0
    cache: bool = True
    statistics: bool = False
    config_file: str = ""
    use_config: bool = True
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False


def lint(
    request: Request, environment: Mapping[str, str], stdin: TextIO, stdout: TextIO, stderr: TextIO
) -> Exit:
    """Lints and reports. Raises InputError for a wrong configuration or option."""
    began = time.perf_counter()
    _targets(request.formats)  # a wrong one is told before anything is read
    settings = _settings(request, environment).lint
    targets = _targets(request.formats or ((settings.format,) if settings.format else ()))
    errors: list[Problem] = []
    paths = _paths(request, settings, errors)
    if request.verbose:
        print(f"configuration: {', '.join(settings.read) or 'none'}", file=stderr)
    if not request.quiet:
        _tell_of_shellcheck(settings, stderr)
    sources, unread = _read(paths, request, stdin)
    errors += unread
    if request.target or request.build_args:
        from ctr_ci.verbs.lint_build_options import check_build_options

        for notice in check_build_options(sources, request.target, request.build_args):
            print(f"notice: {notice}", file=stderr)
    if request.diff or request.fix:
        from ctr_ci.verbs.lint_repair import repair

        linted, patch = repair(sources, settings, request)
    else:
        linted, patch = _lint(sources, settings, request, environment), ""
    linted = _narrowed(linted, settings, request)
    if request.image:
        from ctr_ci.verbs.lint_image import proven

        said = None if request.quiet else stderr
        linted = proven(linted, request.image, settings, environment, said, request.target)
    from ctr_ci.lint import Outcome

    outcome = Outcome(linted, tuple(errors), time.perf_counter() - began)
    if request.write_baseline:
        from ctr_ci.verbs.lint_baseline import write

        write(request.write_baseline, linted)
    _report(outcome, targets, patch, request, settings, environment, stdout, stderr)
    if errors:
        return Exit.INPUT
    if patch and request.diff:
        return Exit.NO
    return _verdict(outcome, settings)


def _settings(request: Request, environment: Mapping[str, str]) -> Settings:
    from ctr_ci.lint import check_names
    from ctr_ci.settings import Name, find

    found = find(os.getcwd(), environment, request.config_file, request.use_config)

    def names(given: tuple[str, ...], option: str) -> tuple[Name, ...]:
        some = tuple(Name(word, option) for word in given)
        check_names(some)
        return some

    ignore = (*names(request.ignore, "--ignore"), *names(request.extend_ignore, "--extend-ignore"))
    lint_settings = replace(
        found.lint,
        select=names(request.select, "--select") or found.lint.select,
        extend_select=(*found.lint.extend_select, *names(request.extend_select, "--extend-select")),
        ignore=(*found.lint.ignore, *ignore),
        fail_on=request.fail_on or found.lint.fail_on,
    )
    if request.fail_on:
        lint_settings = replace(lint_settings, no_fail=False)
    if found.lint.options:
        from ctr_ci.lint import all_rules, check_options

        check_options(all_rules(), found.lint)
    return replace(found, lint=lint_settings)


def _tell_of_shellcheck(settings: LintSettings, stderr: TextIO) -> None:
    """One notice where shellcheck is wanted and not there."""
    asked = [name.text.lower() for name in (*settings.select, *settings.extend_select)]
    if settings.hadolint or any(name == "shellcheck" or name[:2] == "sc" for name in asked):
        from ctr_ci.verbs.lint_shellcheck import program

        if program() is None:
            print(
                "notice: shellcheck is not installed; `pip install ctr-ci[shellcheck]` adds it", file=stderr
            )


def _targets(formats: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of format and file; "" is standard output. Raises InputError for an unknown format."""
    pairs = []
    for given in formats:
        from ctr_ci.report.finding import FORMATS, HADOLINT_NAMES

        name, _, file = given.partition(":")
        if name not in FORMATS and name not in HADOLINT_NAMES:
            from difflib import get_close_matches

            near = get_close_matches(name, FORMATS, n=1)
            raise InputError(
                Problem(
                    f"unknown format {name!r}",
                    expected=f"one of {', '.join(FORMATS)}",
                    help=f"did you mean `{near[0]}`?" if near else "",
                )
            )
        pairs.append((name, file))
    if not any(not file for _, file in pairs):
        pairs.append(("text", ""))
    return tuple(pairs)


def _paths(request: Request, settings: LintSettings, errors: list[Problem]) -> tuple[str, ...]:
    given = request.paths or (".",)
    if all(path == "-" or _is_file(path) for path in given):
        return tuple(dict.fromkeys(given))
    from ctr_ci.verbs.lint_search import search

    found, problems = search(given, settings.exclude)
    errors.extend(problems)
    return found


def _is_file(path: str) -> bool:
    return os.path.isfile(path)


def _read(
    paths: Sequence[str], request: Request, stdin: TextIO
) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    sources = []
    problems = []
    for path in paths:
        try:
            if path == "-":
                name = request.stdin_filename or "<stdin>"
                sources.append(Source.decode(name, stdin.buffer.read()))
                continue
            with open(path, "rb", buffering=0) as file:
                sources.append(Source.decode(path, file.read()))
        except OSError as error:
            problems.append(_unreadable(path, error))
    return tuple(sources), tuple(problems)


def _unreadable(path: str, error: OSError) -> Problem:
    if isinstance(error, IsADirectoryError):
        return Problem("a folder", "a Dockerfile", "name the file in it, or the folder above it", path)
    hint = "is the name right?" if isinstance(error, FileNotFoundError) else ""
    return Problem(f"cannot read it: {(error.strerror or str(error)).lower()}", "a readable file", hint, path)


def _lint(
    sources: tuple[Source, ...], settings: LintSettings, request: Request, environment: Mapping[str, str]
) -> tuple[Linted, ...]:
    jobs = request.jobs or (os.cpu_count() or 1)
    if len(sources) >= MANY:
        gc.enable()  # the door turned it off for a short life
        from ctr_ci.verbs.lint_many import lint_many

        return lint_many(sources, settings, request, environment, jobs)
    from ctr_ci.verbs.lint_one import Linter

    linter = Linter(settings, request)
    return tuple(linter.lint_all(sources)) if sources else ()


def _narrowed(linted: tuple[Linted, ...], settings: LintSettings, request: Request) -> tuple[Linted, ...]:
    """Without what the baseline knows and what a change does not touch."""
    if request.diff_base:
        from ctr_ci.verbs.lint_changed import only_changed

        linted = only_changed(linted, request.diff_base)
    baseline = request.baseline or settings.baseline
    if baseline and not request.write_baseline:
        from ctr_ci.verbs.lint_baseline import without

        linted = without(linted, baseline)
    return linted


def _verdict(outcome: Outcome, settings: LintSettings) -> Exit:
    if settings.no_fail:
        return Exit.DONE
    worst = _RANKS[settings.fail_on]
    failing = any(f.severity.rank <= worst for file in outcome.files for f in file.findings)
    return Exit.NO if failing else Exit.DONE


def _report(
    outcome: Outcome,
    targets: tuple[tuple[str, str], ...],
    patch: str,
    request: Request,
    settings: LintSettings,
    environment: Mapping[str, str],
    stdout: TextIO,
    stderr: TextIO,
) -> None:
    as_json = any(name == "json" and not file for name, file in targets)
    if not as_json:
        for problem in outcome.errors:
            print(problem.render(), file=stderr)
    if request.diff:
        stdout.flush()
        stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))
        return
    for name, file in targets:
        terminal = not file and stdout.isatty()
        repaired = any(one.repaired for one in outcome.files)
        if name in ("text", "tty") and not (outcome.findings or repaired or file or terminal):
            continue
        from ctr_ci.report.finding import render
        from ctr_ci.report.place import Shown
        from ctr_ci.verbs.coloured import coloured

        asked = "never" if request.color == "auto" and settings.no_color else request.color
        shown = Shown(
            color=not file and coloured(asked, environment, stdout),
            folder=os.getcwd(),
            statistics=request.statistics,
            quiet=request.quiet,
            terminal=terminal,
            fail_on="never" if settings.no_fail else settings.fail_on,
            codes=settings.hadolint,
        )
        text = render(name, outcome, shown)
        if file:
            _write(file, text)
        elif "-" in request.paths and request.fix:
            stderr.write(text)
        else:
            stdout.flush()
            stdout.buffer.write(text.encode("utf-8", "replace"))
            stdout.buffer.flush()


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InputError(
            Problem(
                f"cannot write the report: {(error.strerror or '').lower()}", "a writable file", path=path
            )
        ) from error
