"""The settings of `ctr-ci lint`, declared once: reading, the JSON Schema and the docs come from here."""

from __future__ import annotations

from ctr_ci.value import value

LEVELS = ("error", "warning", "info", "style")
LABEL_KINDS = ("text", "url", "semver", "hash", "rfc3339", "spdx", "email")
IMAGE_KINDS = ("app", "base", "dev", "toolchain")


@value
class Setting:
    """One key of the `lint` section. `kind`: "names", "texts" (lists), "choice", "bool", "text",
    "rules", "paths" or "labels" (maps)."""

    key: str
    kind: str
    help: str
    choices: tuple[str, ...] = ()
    default: str | bool | None = None


LINT = (
    Setting(
        "fail-on",
        "choice",
        "the lowest severity that makes the command fail (inclusive)",
        (*LEVELS, "never"),
        "warning",
    ),
    Setting("select", "names", "run these rules only: ids, names, aliases, categories, `default`, `all`"),
    Setting("extend-select", "names", "run these rules as well"),
    Setting("ignore", "names", "do not report these rules"),
    Setting("rules", "rules", "per rule: `severity` (a level, or `off`) and the rule's own options"),
    Setting("paths", "paths", "per glob of paths: `ignore`"),
    Setting("exclude", "texts", "globs of files that a search through folders passes over"),
    Setting(
        "trusted-registries", "texts", "the only registries that images may come from; `*` at either end"
    ),
    Setting("labels", "labels", "labels that an image must have, with the kind of their value", LABEL_KINDS),
    Setting("strict-labels", "bool", "no label beside those of `labels`", (), False),
    Setting(
        "image-kind", "choice", "what the images are for; `app` forces the check of what ships", IMAGE_KINDS
    ),
    Setting("ignore-comments", "bool", "whether comments in the file may silence findings", (), True),
    Setting("baseline", "text", "a file of known findings, which are not reported"),
)
