"""All rules, found by walking `lint/rules/`: a new rule is one new file there, and nothing else.

Importing a hundred modules one by one takes longer than linting a file, so the compiled rules are
kept together in one file beside Python's own `__pycache__` files, keyed by each rule's size and time
as those are. Where that folder cannot be written, the rules are imported the ordinary way.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint.rule import Rule

_PACKAGE = "ctr_ci.lint.rules"
_rules: tuple[Rule, ...] = ()


def rules() -> tuple[Rule, ...]:
    """Every rule, ordered by id."""
    global _rules
    if not _rules:
        modules = _bundled(os.path.join(os.path.dirname(__file__), "rules"))
        _rules = tuple(sorted([module["RULE"] for module in modules], key=lambda rule: rule.id))
    return _rules


def names() -> dict[str, tuple[Rule, ...]]:
    """Every name a rule answers to, in lower case: id, name, aliases with and without their tool,
    `category`, "all" and "default". One name may stand for several rules."""
    found: dict[str, list[Rule]] = {}
    for rule in rules():
        spelled = {rule.id, rule.name, rule.category.value, "all"}
        spelled.update(*(spellings(alias) for alias in rule.same_as))
        if rule.default:
            spelled.add("default")
        for name in spelled:
            found.setdefault(name.lower(), []).append(rule)
    return {name: tuple(some) for name, some in found.items()}


def spellings(alias: str) -> tuple[str, ...]:
    """How people write another tool's name: with and without the tool, in tally's way (`buildkit/NAME`,
    `hadolint/DL3006`), and trivy's with its dashes (`AVD-DS-0002`)."""
    tool, colon, bare = alias.partition(":")
    if not colon:
        return alias, f"hadolint/{alias}"
    if tool == "trivy":
        number = f"{bare.removeprefix('DS'):0>4}"
        return alias, bare, f"DS-{number}", f"AVD-DS-{number}", f"DS{number}"
    return alias, bare, f"{tool}/{bare}"


def find(name: str) -> tuple[Rule, ...]:
    """The rules that `name` stands for, () for an unknown one."""
    if foreign(name):
        return names().get("shellcheck", ())
    return names().get(name.lower(), ())


def foreign(name: str) -> bool:
    """Whether `name` is a shellcheck code: its findings are passed on under their own codes."""
    return name[:2].upper() == "SC" and name[2:].isdigit()


def _bundled(folder: str) -> list[dict[str, Rule]]:
    import marshal

    stamp = []
    for entry in os.scandir(folder):
        if entry.name.endswith(".py") and entry.name != "__init__.py":
            found = entry.stat()
            stamp.append((entry.name, found.st_mtime_ns, found.st_size))
    stamp.sort()
    path = os.path.join(folder, "__pycache__", f"all-rules.{sys.implementation.cache_tag}.bundle")
    try:
        with open(path, "rb") as bundle:
            kept, codes = marshal.loads(bundle.read())  # noqa: S302  as Python reads its own .pyc
        if kept != stamp:
            codes = None
    except (OSError, ValueError, EOFError, TypeError):
        codes = None
    if codes is None:
        codes = []
        for name, _, _ in stamp:
            with open(os.path.join(folder, name), "rb") as file:
                codes.append(compile(file.read(), os.path.join(folder, name), "exec", dont_inherit=True))
        _keep(path, marshal.dumps((stamp, codes)))
    return [_execute(name[:-3], code) for (name, _, _), code in zip(stamp, codes, strict=True)]


def _execute(name: str, code: object) -> dict[str, Rule]:
    """Runs a rule's module, unless something imported it already."""
    full = f"{_PACKAGE}.{name}"
    if full in sys.modules:
        return vars(sys.modules[full])
    scope: dict[str, Rule] = {"__name__": full}  # type: ignore[dict-item]
    exec(code, scope)  # type: ignore[arg-type]  # noqa: S102  the package's own modules
    return scope


def _keep(path: str, content: bytes) -> None:
    if sys.dont_write_bytecode:
        return
    aside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(aside, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except OSError:
        return
