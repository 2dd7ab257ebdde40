"""The value of every substitution: file, flags and built-ins put together, expanded where dynamic."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.cloudbuild.build import Build
from ctr_ci.cloudbuild.builtins import NAMES
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.evaluate import evaluate
from ctr_ci.cloudbuild.expand import Unsupported, Word, bindings, expansions, parse
from ctr_ci.cloudbuild.fields import SUBSTITUTIONS_MOST
from ctr_ci.cloudbuild.payload import bind
from ctr_ci.cloudbuild.tree import At
from ctr_ci.document import Node
from ctr_ci.source import Source, Span
from ctr_ci.value import value


@value
class Given:
    """A substitution that the file or a flag gives; no span: by flag."""

    key: str
    value: str
    key_span: Span | None
    span: Span | None


@value
class Values:
    """`given` is what the user said, `values` what each key stands for, built-ins included.
    `used` are the keys that other values use, with the place of the use."""

    given: tuple[Given, ...]
    values: Mapping[str, str]
    used: tuple[At[str] | str, ...]


def resolve(
    build: Build,
    flags: Mapping[str, str],
    builtins: Mapping[str, str],
    dynamic: bool,
    payload: Node | None,
    complaints: Complaints,
) -> Values:
    """Values before any template is looked at. Mistakes go to `complaints`."""
    merged = {pair.key.value: _of_file(pair.key, pair.value) for pair in build.substitutions}
    for key, text in flags.items():
        merged[key] = Given(key, text, None, None)
    given = tuple(merged.values())
    if len(given) > SUBSTITUTIONS_MOST:
        complaints.error(None, f"{len(given)} substitutions", f"at most {SUBSTITUTIONS_MOST}")
    if not dynamic:
        return Values(given, dict(builtins) | {one.key: one.value for one in given}, ())
    return _Dynamic(build.source, given, builtins, payload, complaints).run()


def _of_file(key: At[str], value: At[str]) -> Given:
    return Given(key.value, value.value, key.span, value.span)


class _Dynamic:
    """Parses all values, puts them in order by what they use, evaluates each once."""

    def __init__(
        self,
        source: Source,
        given: tuple[Given, ...],
        builtins: Mapping[str, str],
        payload: Node | None,
        complaints: Complaints,
    ) -> None:
        self.source = source
        self.given = {one.key: one for one in given}
        self.words: dict[str, Word] = {}
        self.values: dict[str, str] = {k: v for k, v in builtins.items() if k not in self.given}
        self.payload = payload
        self.complaints = complaints

    def run(self) -> Values:
        used: list[At[str] | str] = []
        for one in self.given.values():
            if one.key in NAMES:  # a built-in given by flag is text
                self.values[one.key] = one.value
                continue
            try:
                self.words[one.key] = parse(one.value)
            except Unsupported as refusal:
                self._refuse(one, refusal)
                continue
            for use in expansions(self.words[one.key]):
                if not use.excuses or use.key in self.given or use.key in NAMES:
                    span = locate(self.source, one.span, one.value, use.start, use.end)
                    used.append(At(use.key, span) if span else use.key)
            self._check_bindings(one)
        for key in self.words:
            self._settle(key, ())
        return Values(tuple(self.given.values()), self.values, tuple(used))

    def _settle(self, key: str, waiting: tuple[str, ...]) -> None:
        """Gives `key` its value, after the keys that it uses."""
        if key in self.values or key not in self.words:
            return
        if key in waiting:
            cycle = (*waiting[waiting.index(key) :], key)
            first = min(cycle)
            turned = cycle[cycle.index(first) : -1] + cycle[: cycle.index(first)] + (first,)
            self.complaints.error(
                self.given[first].span,
                f"substitutions that need each other: {' -> '.join(turned)}",
                "values that come to an end",
            )
            return
        for use in expansions(self.words[key]):
            self._settle(use.key, (*waiting, key))
        if key in self.values:
            return
        one = self.given[key]
        try:
            self.values[key] = evaluate(self.words[key], self._value, self._bind)
        except Unsupported as refusal:
            self._refuse(one, refusal)
            self.values[key] = ""

    def _value(self, key: str) -> str | None:
        if key in NAMES:  # an unknown built-in is as good as unset
            return self.values.get(key) or None
        return self.values.get(key)

    def _bind(self, path: str) -> str:
        return (bind(path, self.payload) if self.payload is not None else None) or ""

    def _check_bindings(self, one: Given) -> None:
        for binding in bindings(self.words[one.key]):
            if self.payload is None:
                found = f"the payload binding $({binding.path}) without a payload"
                way_out = "give the event with --payload FILE.json; write `$$(...)` for a shell's $(...)"
            elif bind(binding.path, self.payload) is None:
                found, way_out = f"the payload binding $({binding.path}), which the payload does not have", ""
            else:
                continue
            self._refuse(
                one, Unsupported(binding.start, binding.end, found, "a path into the event", way_out)
            )

    def _refuse(self, one: Given, refusal: Unsupported) -> None:
        span = locate(self.source, one.span, one.value, refusal.start, refusal.end)
        found = refusal.found if span else f"--substitutions {one.key}: {refusal.found}"
        self.complaints.error(span, found, refusal.expected, refusal.way_out)


def locate(source: Source, span: Span | None, text: str, start: int, end: int) -> Span | None:
    """Where `text[start:end]` stands in the file, `span` being the place of `text`; the whole of
    `span` where escapes or folding hide it."""
    if span is None:
        return None
    raw = source.slice(span)
    base = source.offset(span.start)
    whole = raw.find(text)
    if whole >= 0:
        return source.span(base + whole + start, base + whole + end)
    part = text[start:end]
    at = -1
    for _ in range(text.count(part, 0, start) + 1):
        at = raw.find(part, at + 1)
        if at < 0:
            return span
    return source.span(base + at, base + at + len(part))
