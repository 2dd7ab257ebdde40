"""What the configuration says, as values. Knows no rule: names stay as written, with their place."""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.document import Node
    from ctr_ci.source import Span


@value
class Name:
    """A rule's name as someone wrote it, and where. `lenient`: an unknown one is no error (hadolint
    configs name rules that only hadolint has)."""

    text: str
    path: str = ""
    span: Span | None = None
    lenient: bool = False


@value
class RuleOption:
    """One option of one rule: `values` is its text or its list of texts, unchecked."""

    rule: Name
    key: str
    values: tuple[str, ...]
    span: Span


@value
class LintSettings:
    """The `lint` section. `select` () means the default rules; `severity` pairs a name with a level or
    "off"; `hadolint` is True when a hadolint config ruled, `read` names the files that did."""

    fail_on: str = "warning"
    select: tuple[Name, ...] = ()
    extend_select: tuple[Name, ...] = ()
    ignore: tuple[Name, ...] = ()
    severity: tuple[tuple[Name, str], ...] = ()
    options: tuple[RuleOption, ...] = ()
    paths: tuple[tuple[str, tuple[Name, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    trusted_registries: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    strict_labels: bool = False
    image_kind: str = ""
    pragmas: bool = True
    baseline: str = ""
    hadolint: bool = False
    no_fail: bool = False
    no_color: bool = False
    format: str = ""
    read: tuple[str, ...] = ()

    def ignored_at(self, path: str) -> tuple[tuple[Name, ...], ...]:
        """The `ignore` lists of `paths` whose glob matches `path`."""
        if not self.paths:
            return ()
        from fnmatch import fnmatchcase

        plain = path.removeprefix("./")
        return tuple(names for glob, names in self.paths if fnmatchcase(plain, glob))


@value
class Settings:
    """All of `ctr-ci.yaml` (or `[tool.ctr-ci]`): the `lint` section read, the others as they stand.

    `others` holds the nodes of `stages`, `gates` and `publish`, for the rooms that own them; `path`
    is the file they stand in, "" for none.
    """

    lint: LintSettings
    others: tuple[tuple[str, Node], ...] = ()
    path: str = ""

    def section(self, name: str) -> Node | None:
        """The node of one section, None where the file has none."""
        return dict(self.others).get(name)
