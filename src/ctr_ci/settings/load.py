"""`ctr-ci.yaml` and `[tool.ctr-ci]` → `Settings`: all problems of a file at once, each with its place."""

from __future__ import annotations

from ctr_ci.document import List, Map, Scalar, load, nearest
from ctr_ci.problem import InputError, Problem
from ctr_ci.settings.model import LintSettings, Name, RuleOption, Settings
from ctr_ci.settings.table import LEVELS, LINT, Setting
from ctr_ci.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.document import Entry, Node

SECTIONS = ("lint", "stages", "gates", "steps", "publish")


def read(source: Source, inside: tuple[str, ...] = ()) -> Settings | None:
    """The settings of a file; `inside` is the way to our table ("tool", "ctr-ci" in pyproject.toml).

    None when that table is not there. Raises InputError with every problem of the file.
    """
    node: Node | None = load(source)
    for key in inside:
        entry = node.entry(key) if isinstance(node, Map) else None
        node = entry.value if entry else None
    if node is None:
        return None
    if isinstance(node, Scalar) and node.kind == "null":
        return Settings(LintSettings(read=(source.path,)), (), source.path)
    reader = _Reader(source.path)
    settings = reader.settings(node)
    if reader.problems:
        raise InputError(*reader.problems)
    return settings


class _Reader:
    """Collects the problems of one file while reading it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def settings(self, node: Node) -> Settings:
        lint = LintSettings(read=(self.path,))
        others = []
        for entry in self._entries(node, SECTIONS, "the configuration"):
            if entry.key == "lint":
                lint = self._lint(entry.value)
            else:
                others.append((entry.key, entry.value))
        return Settings(lint, tuple(others), self.path)

    def _lint(self, node: Node) -> LintSettings:
        known = {setting.key: setting for setting in LINT}
        found: dict[str, object] = {"read": (self.path,)}
        for entry in self._entries(node, tuple(known), "`lint`"):
            setting = known[entry.key]
            match setting.kind:
                case "names":
                    found[entry.key.replace("-", "_")] = self._names(entry.value)
                case "texts":
                    found[entry.key.replace("-", "_")] = self._texts(entry.value)
                case "bool":
                    key = "pragmas" if entry.key == "ignore-comments" else entry.key.replace("-", "_")
                    found[key] = self._bool(entry.value, setting)
                case "choice" | "text":
                    found[entry.key.replace("-", "_")] = self._choice(entry.value, setting.choices)
                case "labels":
                    found["labels"] = self._labels(entry.value, setting)
                case "paths":
                    found["paths"] = self._paths(entry.value)
                case "rules":
                    found["severity"], found["options"] = self._rules(entry.value)
        return LintSettings(**found)  # type: ignore[arg-type]

    def _rules(self, node: Node) -> tuple[tuple[tuple[Name, str], ...], tuple[RuleOption, ...]]:
        severities = []
        options = []
        for rule in self._entries(node, None, "`rules`"):
            name = Name(rule.key, self.path, rule.key_span)
            if isinstance(rule.value, Scalar):
                severities.append((name, self._choice(rule.value, (*LEVELS, "off"))))
                continue
            for entry in self._entries(rule.value, None, f"`{rule.key}`"):
                if entry.key == "severity":
                    severities.append((name, self._choice(entry.value, (*LEVELS, "off"))))
                else:
                    options.append(RuleOption(name, entry.key, self._texts(entry.value), entry.value.span))
        return tuple(severities), tuple(options)

    def _paths(self, node: Node) -> tuple[tuple[str, tuple[Name, ...]], ...]:
        return tuple(
            (path.key, self._names(entry.value))
            for path in self._entries(node, None, "`paths`")
            for entry in self._entries(path.value, ("ignore",), f"`{path.key}`")
        )

    def _labels(self, node: Node, setting: Setting) -> tuple[tuple[str, str], ...]:
        return tuple(
            (entry.key, self._choice(entry.value, setting.choices))
            for entry in self._entries(node, None, "`labels`")
        )

    def _entries(self, node: Node, known: tuple[str, ...] | None, what: str) -> tuple[Entry, ...]:
        if not isinstance(node, Map):
            self._wrong(node.span, f"{what} is not a map", "keys with values")
            return ()
        kept = []
        for entry in node.entries:
            if known is None or entry.key in known:
                kept.append(entry)
                continue
            near = nearest(entry.key, known)
            hint = f"did you mean `{near}`?" if near else ""
            self._wrong(
                entry.key_span, f"unknown key {entry.key!r} in {what}", f"one of {', '.join(known)}", hint
            )
        return tuple(kept)

    def _names(self, node: Node) -> tuple[Name, ...]:
        items = node.items if isinstance(node, List) else (node,)
        return tuple(Name(self._text(item), self.path, item.span) for item in items)

    def _texts(self, node: Node) -> tuple[str, ...]:
        items = node.items if isinstance(node, List) else (node,)
        return tuple(self._text(item) for item in items)

    def _text(self, node: Node) -> str:
        if isinstance(node, Scalar):
            return node.text
        self._wrong(node.span, "a list or a map", "a text")
        return ""

    def _bool(self, node: Node, setting: Setting) -> bool:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self._wrong(node.span, f"{self._text(node)!r} for {setting.key}", "true or false")
        return False

    def _choice(self, node: Node, choices: tuple[str, ...]) -> str:
        # YAML 1.1 reads a bare `off` as false, and means what we mean by it.
        is_off = isinstance(node, Scalar) and node.value is False and "off" in choices
        text = "off" if is_off else self._text(node)
        if choices and text not in choices:
            near = nearest(text, choices)
            hint = f"did you mean `{near}`?" if near else ""
            self._wrong(node.span, f"{text!r}", f"one of {', '.join(choices)}", hint)
        return text

    def _wrong(self, span: Span, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(found, expected, hint, self.path, span))
