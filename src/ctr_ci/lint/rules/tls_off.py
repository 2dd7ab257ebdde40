from __future__ import annotations

from ctr_ci.dockerfile import Arg, Env
from ctr_ci.lint.download import given
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command

_VARIABLES = {
    "PYTHONHTTPSVERIFY": ("0",),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "NPM_CONFIG_STRICT_SSL": ("false",),
    "npm_config_strict_ssl": ("false",),
    "GOINSECURE": (),
}

_UNCHECKED = {"curl": ("k", ("--insecure",)), "wget": ("", ("--no-check-certificate",))}


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Env, Arg):
        for pair in one.pairs:
            name = pair.key.text
            value = pair.value.text.strip("\"'").lower() if pair.value is not None else ""
            if name in _VARIABLES and value in _VARIABLES[name]:
                yield RULE.at(pair.span, f"{name}={value} turns the check of certificates off")
    for run, command in facts.commands():
        for assignment in command.assignments:
            if (assignment.value or "").lower() in _VARIABLES.get(assignment.name, ()):
                place = facts.span(run, assignment.start, assignment.end)
                yield RULE.at(
                    place, f"{assignment.name}={assignment.value} turns the check of certificates off"
                )
        unchecked = command.name in _UNCHECKED and given(command, *_UNCHECKED[command.name])
        if unchecked:
            why = f"{command.name} {unchecked.value} accepts any certificate"
            yield RULE.at(facts.span(run, unchecked.start, unchecked.end), why)
        values = command.values
        for at, word in enumerate(command.arguments):
            why = _why(command, values, at, word.value or "")
            if why:
                yield RULE.at(facts.span(run, word.start, word.end), why)


def _why(command: Command, values: tuple[str, ...], at: int, text: str) -> str:
    name = command.name
    if name in ("pip", "pip3", "pip2", "python", "python3") and text.startswith("--trusted-host"):
        return "pip --trusted-host takes packages without a check of the certificate"
    if (
        name == "git"
        and ("http.sslverify" in text.lower())
        and (text.lower().endswith("=false") or values[at + 1 : at + 2] in (("false",), ("0",)))
    ):
        return "git http.sslVerify false accepts any certificate"
    if (
        name in ("npm", "yarn", "pnpm")
        and "strict-ssl" in text
        and ("false" in text or values[at + 1 : at + 2] == ("false",))
    ):
        return f"{name} strict-ssl false accepts any certificate"
    if name == "apk" and text == "--allow-untrusted" and "add" in values:
        return "apk --allow-untrusted takes unsigned packages"
    if name in ("apt-get", "apt", "aptitude") and text in ("--allow-unauthenticated", "--force-yes"):
        return f"{name} {text} takes unsigned packages"
    if name in ("yum", "dnf", "microdnf", "tdnf") and (
        text == "--nogpgcheck" or "sslverify=0" in text or "sslverify=false" in text
    ):
        return f"{name} {text} takes packages without checking them"
    if name in ("zypper", "rpm") and text in ("--no-gpg-checks", "--nosignature", "--nodigest"):
        return f"{name} {text} takes packages without checking them"
    return ""


RULE = Rule(
    id="CT213",
    name="tls-off",
    severity=Severity.ERROR,
    category=Category.SECURITY,
    summary="Downloads must check who they come from",
    why="Without the check of certificate or signature, whoever sits between the builder and the server "
    "decides what is in the image.",
    help="install the authority's certificate (ca-certificates, or your own) and leave the check on",
    examples=(
        Bad("FROM alpine:3.20\nRUN curl -fk https://example.com/x\n", at="2:10-2:13"),
        Bad("FROM alpine:3.20\nENV NODE_TLS_REJECT_UNAUTHORIZED=0\n", at="2:5-2:35"),
        Good("FROM alpine:3.20\nRUN curl -f https://example.com/x\n"),
    ),
    same_as=(
        "checkov:CKV2_DOCKER_2",
        "checkov:CKV2_DOCKER_3",
        "checkov:CKV2_DOCKER_4",
        "checkov:CKV2_DOCKER_5",
        "checkov:CKV2_DOCKER_6",
        "checkov:CKV2_DOCKER_7",
        "checkov:CKV2_DOCKER_8",
        "checkov:CKV2_DOCKER_9",
        "checkov:CKV2_DOCKER_10",
        "checkov:CKV2_DOCKER_11",
        "checkov:CKV2_DOCKER_12",
        "checkov:CKV2_DOCKER_13",
        "checkov:CKV2_DOCKER_14",
        "checkov:CKV2_DOCKER_15",
        "checkov:CKV2_DOCKER_16",
    ),
    check=check,
)
