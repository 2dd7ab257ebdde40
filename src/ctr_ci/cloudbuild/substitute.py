"""Substitution: a build and the values of its keys → a build without keys.

Google has two sets of rules: a build submitted by hand (`MANUAL`) matches strictly unless it says
ALLOW_LOOSE; a triggered one (`TRIGGER`) is always loose and always dynamic (page "Substituting
variable values"; cloudbuild.proto, SubstitutionOption).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ctr_ci.cloudbuild.build import Build, read_build
from ctr_ci.cloudbuild.builtins import NAMES, PULL_REQUEST, Builtins
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.payload import pull_request
from ctr_ci.cloudbuild.scan import replace, uses
from ctr_ci.cloudbuild.tree import change, texts
from ctr_ci.cloudbuild.values import Values, locate, resolve
from ctr_ci.document import Node, nearest
from ctr_ci.source import Span
from ctr_ci.value import replace as replace_fields
from ctr_ci.value import value


class Rules(Enum):
    """Whose rules substitution follows."""

    MANUAL = "manual"
    TRIGGER = "trigger"


@value
class Substituted:
    """A build with every key replaced, and what each key stood for."""

    build: Build
    values: Mapping[str, str]


def substitute(
    build: Build,
    flags: Mapping[str, str],
    builtins: Builtins,
    complaints: Complaints,
    rules: Rules = Rules.MANUAL,
    payload: Node | None = None,
) -> Substituted:
    """Replaces every key in every field that substitutes. Mistakes go to `complaints`."""
    triggered = rules is Rules.TRIGGER
    known = _account(build, builtins).values()
    if triggered and payload is not None:
        known |= pull_request(payload)
    resolved = resolve(build, flags, known, build.options.dynamic or triggered, payload, complaints)
    _match(build, resolved, build.options.loose or triggered, rules, complaints)
    values = resolved.values
    changed = change(build.message, lambda text, _: replace(text, lambda key: values.get(key, "")))
    return Substituted(read_build(build.source, changed, build.warnings), values)


def _account(build: Build, builtins: Builtins) -> Builtins:
    """The service account is the config's where nothing else is known."""
    account = build.message.text("serviceAccount")
    if builtins.service_account_email or account is None or "$" in account.value:
        return builtins
    return replace_fields(builtins, service_account_email=account.value.rpartition("/")[2])


def _match(build: Build, resolved: Values, loose: bool, rules: Rules, complaints: Complaints) -> None:
    """Every key in a template needs a value, and every value a use: CBL's checkSubstTemplate."""
    known = {one.key for one in resolved.given}
    if rules is Rules.TRIGGER:
        known |= PULL_REQUEST
    secrets = {secret.variable.value for secret in build.secrets}
    used: set[str] = set()
    places: list[tuple[str, Span | None, str]] = []
    for field, text in texts(build.message):
        if not field.substitutes:
            continue
        for use in uses(text.value):
            used.add(use.key)
            places.append(
                (use.key, locate(build.source, text.span, text.value, use.start, use.end), "template")
            )
    for key in resolved.used:
        used.add(key if isinstance(key, str) else key.value)
        places.append((key, None, "value") if isinstance(key, str) else (key.value, key.span, "value"))
    for key, span, _ in places:
        if key in known or key in NAMES:
            continue
        if not key.startswith("_"):
            _no_builtin(key, span, known, secrets, complaints)
        elif not loose:
            near = nearest(key, known)
            complaints.error(
                span,
                f'key in the template "{key}" is not matched in the substitution data',
                "a value for it",
                _ways(
                    f"did you mean {near}?" if near else "",
                    _braces(key, known),
                    f"give it one: `substitutions: {{{key}: ...}}` or --substitutions {key}=...",
                    f"or write $${key} for a dollar that a shell shall see",
                ),
            )
    if loose or any(_automaps(build)):
        return
    for one in resolved.given:
        if one.key not in used:
            flag = "" if one.key_span else "--substitutions: "
            complaints.error(
                one.key_span,
                f'{flag}key "{one.key}" in the substitution data is not matched in the template',
                "a use of it",
                _unused_help(build, one.key),
            )


def _automaps(build: Build) -> list[bool]:
    return [build.options.automap if step.automap is None else step.automap for step in build.steps]


def _no_builtin(
    key: str, span: Span | None, known: set[str], secrets: set[str], complaints: Complaints
) -> None:
    near = None if key in secrets else nearest(key, NAMES)
    what = "the secret, which a shell puts in" if key in secrets else "a variable of the shell"
    complaints.error(
        span,
        f'key in the template "{key}" is not a valid built-in substitution',
        "a built-in, or a key of yours that begins with `_`",
        _ways(
            _braces(key, known),
            f"did you mean {near}?" if near and near != key.rstrip("_") else "",
            f"write $${key} for {what}",
        ),
    )


def _braces(key: str, known: set[str]) -> str:
    """`$BRANCH_NAME_x` is read as the key BRANCH_NAME_: say how to end it earlier."""
    shorter = [name for name in known | NAMES if key.startswith(name) and key != name]
    if not shorter:
        return ""
    name = max(shorter, key=len)
    return f"a key goes on as long as it can: write ${{{name}}}{key[len(name) :]}"


def _unused_help(build: Build, key: str) -> str:
    if any(key in (step.script.value if step.script else "") for step in build.steps):
        return "a script sees substitutions only with `automapSubstitutions: true`, or through `env`"
    form = f"${{{key}"
    for field, text in texts(build.message):
        if field.substitutes and form in text.value:
            return (
                f"{form}...}} is left to the shell here: expansions work in the values of `substitutions`,"
                " with `dynamicSubstitutions: true`"
            )
    return (
        "remove it, or set `options: {substitutionOption: ALLOW_LOOSE}`;"
        " a triggered build would accept it: --as trigger"
    )


def _ways(*ways: str) -> str:
    return "\n".join(way for way in ways if way)
