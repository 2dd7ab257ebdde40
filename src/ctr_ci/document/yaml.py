"""YAML 1.1, as gcloud's reader takes it: `yes` is a bool, `010` is 8, one document, no own tags."""

from __future__ import annotations

import re

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from ctr_ci.document.node import DEEPEST, Entry, List, Map, Node, Scalar, unique
from ctr_ci.document.yaml_words import said, unreadable
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Position, Source, Span

MOST = 1_000_000  # nodes after expansion of aliases: more is an attack, not a config

_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_KINDS = {"str": "text", "int": "int", "float": "float", "bool": "bool", "null": "null"}
_KINDS |= {"timestamp": "date", "value": "text", "merge": "text"}
_UNREADABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_yaml(source: Source) -> tuple[Node, tuple[Problem, ...]]:
    bad = _UNREADABLE.search(source.text)
    if bad:
        raise InputError(unreadable(source, bad.start()))
    try:
        root = yaml.compose(source.text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise InputError(_explain(source, error)) from error
    except RecursionError as error:
        raise InputError(_too_deep(source, Span(source.position(0), source.position(0)))) from error
    if root is None:
        return Scalar("null", None, "", source.span(0, 0)), ()
    reader = _Reader(source)
    node = reader.read(root, 1)
    return node, tuple(sorted(reader.problems, key=_place))


class _Reader:
    """Turns the composer's graph into nodes; an alias gives the node of its anchor."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._made: dict[int, tuple[Node, int]] = {}  # with its size, aliases expanded
        self._open: set[int] = set()
        self._scalars = SafeConstructor()

    def read(self, node: yaml.Node, depth: int) -> Node:
        made = self._made.get(id(node))
        if made:
            return made[0]
        span = self._span(node)
        if depth > DEEPEST:
            raise InputError(_too_deep(self.source, span))
        if id(node) in self._open:
            raise InputError(
                Problem("an alias inside its own anchor", "a finite value", path=self.source.path, span=span)
            )
        self._open.add(id(node))
        result, size = self._convert(node, span, depth)
        self._open.discard(id(node))
        if size > MOST:
            raise InputError(
                Problem(f"aliases that unfold to more than {MOST:,} values", path=self.source.path, span=span)
            )
        self._made[id(node)] = result, size
        return result

    def _convert(self, node: yaml.Node, span: Span, depth: int) -> tuple[Node, int]:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, span), 1
        if isinstance(node, yaml.SequenceNode):
            self._plain_tag(node, "seq", span)
            items = tuple([self.read(item, depth + 1) for item in node.value])
            ends = Span(span.start, max(span.end, _end(items[-1]))) if items else span
            return List(items, span if _flow(node) else ends), 1 + sum(map(self._size, node.value))
        self._plain_tag(node, "map", span)
        merged: list[Entry] = []
        own: list[Entry] = []
        for key, item in node.value:
            value = self.read(item, depth + 1)
            if key.tag == f"{_TAG}merge":
                merged += self._merged(value)
            else:
                own.append(Entry(self._key(key), self._span(key), value))
        entries, problems = unique(self.source, own)
        self.problems += problems
        kept = {entry.key for entry in entries}
        inherited: dict[str, Entry] = {}
        for entry in merged:
            if entry.key not in kept:
                inherited.setdefault(entry.key, entry)
        if own and not _flow(node):
            span = Span(span.start, max(span.end, _end(own[-1].value)))
        size = 1 + sum(self._size(item) for _, item in node.value)
        return Map((*inherited.values(), *entries), span), size

    def _size(self, node: yaml.Node) -> int:
        return self._made[id(node)][1]

    def _scalar(self, node: yaml.ScalarNode, span: Span) -> Scalar:
        name = node.tag.removeprefix(_TAG)
        kind = _KINDS.get(name)
        if kind is None:
            self._refuse_tag(node.tag, span)
            return Scalar("text", node.value, node.value, span)
        if kind in ("text", "date"):
            return Scalar(kind, node.value, node.value, span)
        if kind == "null":
            return Scalar(kind, None, node.value, span)
        build = {
            "int": self._scalars.construct_yaml_int,
            "float": self._scalars.construct_yaml_float,
            "bool": self._scalars.construct_yaml_bool,
        }[kind]
        try:
            return Scalar(kind, build(node), node.value, span)
        except (ValueError, KeyError, IndexError, ConstructorError):  # `!!int x`
            self.problems.append(
                Problem(f"{node.value!r} is no {kind}", f"a {kind}", path=self.source.path, span=span)
            )
            return Scalar("text", node.value, node.value, span)

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.problems.append(
            Problem(
                "a list or map as a key",
                expected="text as a key",
                help="a value that starts with `{` or `[`, or `{{ }}` of a template, needs quotes",
                path=self.source.path,
                span=self._span(node),
            )
        )
        return ""

    def _merged(self, value: Node) -> list[Entry]:
        maps = value.items if isinstance(value, List) else (value,)
        entries: list[Entry] = []
        for item in maps:
            if isinstance(item, Map):
                entries += item.entries
            else:
                self.problems.append(
                    Problem(
                        "a merge (`<<`) of what is no map",
                        expected="an alias of a map, or a list of them",
                        path=self.source.path,
                        span=item.span,
                    )
                )
        return entries

    def _plain_tag(self, node: yaml.Node, name: str, span: Span) -> None:
        if node.tag != _TAG + name:
            self._refuse_tag(node.tag, span)

    def _refuse_tag(self, tag: str, span: Span) -> None:
        shown = tag.replace(_TAG, "!!")
        self.problems.append(
            Problem(
                f"the tag {shown}",
                expected="a plain value",
                help="quote the text if the `!` belongs to it",
                path=self.source.path,
                span=span,
            )
        )

    def _span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.ScalarNode):
            if node.style in ("|", ">"):  # the reader ends these where the next thing begins
                end = start + len(self.source.text[start:end].rstrip())
        elif not _flow(node):
            end = start  # and these too: the caller ends them with their last item
        return self.source.span(start, max(start, end))


def _flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _end(node: Node) -> Position:
    return node.span.end


def _place(problem: Problem) -> tuple[int, int]:
    start = problem.span.start if problem.span else None
    return (start.line, start.column) if start else (0, 0)


def _too_deep(source: Source, span: Span) -> Problem:
    return Problem(
        f"nested deeper than {DEEPEST} levels", "a document a person could read", path=source.path, span=span
    )


def _explain(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    words = " ".join(part for part in (error.problem, error.context) if part)
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(source.text)) if mark else 0
    here = source.text[at : at + 1]
    end = at + 1 if here and here not in "\r\n" else at
    start = error.context_mark.index if error.context_mark else at
    opened = source.text[start : start + 1]
    if "quoted scalar" in words and "unknown escape" not in words and opened in ("'", '"'):
        return Problem(
            f"a text whose opening {opened} is never closed",
            expected=f"a closing {opened}",
            help=f"close it at the end of line {source.position(start).line}, or wherever the text ends",
            path=source.path,
            span=source.span(start, start + 1),
        )
    if here == "\t":
        found, expected, way_out = "a tab", "spaces", "indent with spaces, never with tabs"
    else:
        found, expected, way_out = said(words)
    quote = _long_quote(source, at)
    if quote is not None:
        place = source.position(quote)
        way_out = (
            f"the {source.text[quote]} opened at {place.line}:{place.column} is closed on a later line:"
            f" is a quote missing in line {place.line}?"
        )
    return Problem(found, expected, way_out, path=source.path, span=source.span(at, end))


def _long_quote(source: Source, before: int) -> int | None:
    """Where the last quoted text begins that runs over a line's end: most likely one without its end."""
    found = None
    try:
        for token in yaml.scan(source.text, Loader=_LOADER):
            if token.start_mark.index > before:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                start, end = token.start_mark.index, token.end_mark.index
                found = start if "\n" in source.text[start:end] else found
    except yaml.YAMLError:
        return found
    return found
