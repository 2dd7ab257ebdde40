"""hadolint's configuration, read as it stands: every key of `.hadolint.yaml`, and its environment.

Unknown keys are passed over, and ids that only hadolint knows are no error, as with hadolint.
"""

from __future__ import annotations

from ctr_ci.document import List, Map, Scalar, load, nearest
from ctr_ci.problem import InputError, Problem
from ctr_ci.settings.model import LintSettings, Name
from ctr_ci.settings.table import LABEL_KINDS, LEVELS
from ctr_ci.source import Source
from ctr_ci.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctr_ci.document import Node

# hadolint's own names of formats; `report` knows what each is here.
FORMATS = (
    "tty", "json", "checkstyle", "codeclimate", "gitlab_codeclimate", "gnu", "codacy", "sonarqube", "sarif",
    "junit",
)  # fmt: skip


def read(source: Source) -> LintSettings:
    """The settings of a `.hadolint.yaml`. Raises InputError where a value makes no sense."""
    node = load(source)
    if isinstance(node, Scalar) and node.kind == "null":
        return LintSettings(hadolint=True, read=(source.path,))
    if not isinstance(node, Map):
        raise InputError(
            Problem("not a map", "hadolint's keys with values", path=source.path, span=node.span)
        )
    reader = _Reader(source.path)
    found: dict[str, object] = {"hadolint": True, "read": (source.path,)}
    for entry in node.entries:
        match entry.key:
            case "failure-threshold":
                level = reader.one_of(entry.value, (*LEVELS, "none", "ignore"))
                found["fail_on"] = _threshold(level)
            case "ignored":
                found["ignore"] = reader.names(entry.value)
            case "override":
                found["severity"] = reader.overrides(entry.value)
            case "trustedRegistries":
                found["trusted_registries"] = tuple(name.text for name in reader.names(entry.value))
            case "label-schema":
                found["labels"] = reader.labels(entry.value)
            case "strict-labels":
                found["strict_labels"] = reader.true(entry.value)
            case "disable-ignore-pragma":
                found["pragmas"] = not reader.true(entry.value)
            case "no-fail":
                found["no_fail"] = reader.true(entry.value)
            case "no-color":
                found["no_color"] = reader.true(entry.value)
            case "format":
                found["format"] = reader.one_of(entry.value, FORMATS)
    if reader.problems:
        raise InputError(*reader.problems)
    return LintSettings(**found)  # type: ignore[arg-type]


class _Reader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def names(self, node: Node) -> tuple[Name, ...]:
        items = node.items if isinstance(node, List) else (node,)
        return tuple(Name(one.text, self.path, one.span, True) for one in items if isinstance(one, Scalar))

    def overrides(self, node: Node) -> tuple[tuple[Name, str], ...]:
        entries = node.entries if isinstance(node, Map) else ()
        return tuple((n, e.key) for e in entries if e.key in LEVELS for n in self.names(e.value))

    def labels(self, node: Node) -> tuple[tuple[str, str], ...]:
        entries = node.entries if isinstance(node, Map) else ()
        return tuple((entry.key, self.one_of(entry.value, LABEL_KINDS)) for entry in entries)

    def true(self, node: Node) -> bool:
        return isinstance(node, Scalar) and node.value is True

    def one_of(self, node: Node, choices: tuple[str, ...]) -> str:
        text = node.text if isinstance(node, Scalar) else ""
        if choices and text not in choices:
            near = nearest(text, choices)
            hint = f"did you mean `{near}`?" if near else ""
            expected = f"one of {', '.join(choices)}"
            self.problems.append(Problem(f"{text!r}", expected, hint, self.path, node.span))
        return text


def _threshold(level: str) -> str:
    """hadolint's lowest threshold, `none`, lets everything fail."""
    return "style" if level in ("none", "ignore") else level


def from_environment(settings: LintSettings, environment: Mapping[str, str]) -> LintSettings:
    """What `HADOLINT_*` variables change: they win over hadolint's file, and add to its lists."""
    seen = {key[9:]: value for key, value in environment.items() if key.startswith("HADOLINT_") and value}
    if not seen:
        return settings

    def names(key: str) -> tuple[Name, ...]:
        return tuple(
            Name(n.strip(), f"HADOLINT_{key}", None, True) for n in seen.get(key, "").split(",") if n.strip()
        )

    changes: dict[str, object] = {}
    if seen.get("FAILURE_THRESHOLD") in (*LEVELS, "none", "ignore"):
        changes["fail_on"] = _threshold(seen["FAILURE_THRESHOLD"])
    if "IGNORE" in seen:
        changes["ignore"] = (*settings.ignore, *names("IGNORE"))
    overrides = tuple((n, level) for level in LEVELS for n in names(f"OVERRIDE_{level.upper()}"))
    if overrides:
        changes["severity"] = (*settings.severity, *overrides)
    if "TRUSTED_REGISTRIES" in seen:
        more = tuple(name.text for name in names("TRUSTED_REGISTRIES"))
        changes["trusted_registries"] = (*settings.trusted_registries, *more)
    if seen.get("FORMAT") in FORMATS:
        changes["format"] = seen["FORMAT"]
    if "REQUIRE_LABELS" in seen:
        pairs = (pair.partition(":") for pair in seen["REQUIRE_LABELS"].split(","))
        changes["labels"] = tuple((name.strip(), kind.strip()) for name, _, kind in pairs)
    switches = {"NOFAIL": ("no_fail", True), "STRICT_LABELS": ("strict_labels", True)}
    switches["DISABLE_IGNORE_PRAGMA"] = ("pragmas", False)
    on = [key for key in switches if seen.get(key, "").lower() in ("1", "y", "yes", "true", "on")]
    changes |= {switches[key][0]: switches[key][1] for key in on}
    return replace(settings, **changes)
