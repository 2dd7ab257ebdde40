"""Where a registry's credential comes from: each source read once, into a `Secret`.

`env:USER:VARIABLE`, `file:PATH`, `docker-config[:PATH]`, `helper:NAME`, `github`, `token-stdin`,
`password-stdin:USER`. A variable is taken out of the environment as it is read, so that no child
gets it. Nothing is written, and no tool's login is used unless it was named.
"""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from ctr_ci.oci import Object
from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.registry import EXCHANGES, Anonymous, Bearer, Credential, Identity, Password, variables
from ctr_ci.secret import Secret

SOURCES = (
    "env:USER:VARIABLE, file:PATH, docker-config, helper:NAME, github, token-stdin, password-stdin:USER, "
    + ", ".join(EXCHANGES)
)
HUB_KEY = "https://index.docker.io/v1/"
HELPER_ENVIRONMENT = ("PATH", "HOME", "LANG", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
HELPER_S = 60


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What credentials are looked for in: the environment (taken from), standard input, home."""

    environment: MutableMapping[str, str]
    stdin: Callable[[], str]
    home: Path
    hidden: dict[str, Secret] = field(default_factory=dict)

    def hide(self, source: str) -> None:
        """Takes the variable of a source out of the environment at once: before any child starts."""
        kind, _, rest = source.partition(":")
        names = variables(kind)
        if kind in ("github", "env"):
            names = ("GITHUB_TOKEN",) if kind == "github" else (rest.rpartition(":")[2],)
        for name in names:
            if found := self.environment.pop(name, ""):
                self.hidden[name] = Secret(found, name)

    def find(self, source: str, host: str) -> Credential:
        """The credential of `source` for the registry at `host`. Raises InputError where the source
        is not one, or holds none; WorldError where a helper fails. "" is nobody."""
        return _find(source, host, self)


def _find(source: str, host: str, around: Surroundings) -> Credential:
    kind, _, rest = source.partition(":")
    match kind:
        case "":
            return Anonymous()
        case "env":
            return _variable(rest, around)
        case "file":
            return _file(Path(rest))
        case "docker-config":
            return _docker(Path(rest) if rest else None, host, around)
        case "helper" if rest:
            return _helper(rest, host, around)
        case "github":
            return _github(around)
        case "token-stdin":
            return Bearer(_line(around, "token"))
        case "password-stdin" if rest:
            return Password(rest, _line(around, "password"))
    raise InputError(Problem(f"credential source {kind!r}", expected=SOURCES))


def _variable(rest: str, around: Surroundings) -> Credential:
    user, colon, variable = rest.rpartition(":")
    if not colon or not user or not variable:
        raise InputError(
            Problem(
                "a credential source env: without user or variable",
                expected="env:USER:VARIABLE",
                help="the password stands in the environment variable, never on the command line",
            )
        )
    return Password(user, _taken(around, rest, variable))


def _taken(around: Surroundings, rest: str, variable: str) -> Secret:
    around.hide(f"env:{rest}")
    if variable not in around.hidden:
        raise InputError(
            Problem(f"environment variable {variable} is not set or empty", expected="a password in it")
        )
    return around.hidden[variable]


def _file(path: Path) -> Credential:
    """`user:password`, or a JSON object with `username` and `password`, or with `token`."""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a text"
        raise InputError(Problem(f"a credential file that cannot be read ({why})", path=str(path))) from error
    if text.startswith("{"):
        found = _parsed(text, str(path))
        if found.has("token"):
            return Bearer(Secret(found.text("token"), "token"))
        return Password(found.text("username"), Secret(found.text("password"), "password"))
    user, colon, password = text.partition(":")
    if not colon or not user or not password or "\n" in text:
        raise InputError(
            Problem("a credential file of another form", expected="user:password", path=str(path))
        )
    return Password(user, Secret(password, "password"))


def _github(around: Surroundings) -> Credential:
    """The job's own token: good for GHCR, with `permissions: packages: write`."""
    around.hide("github")
    if "GITHUB_TOKEN" not in around.hidden:
        raise InputError(
            Problem(
                "GITHUB_TOKEN is not set",
                help="give the publishing step `env: GITHUB_TOKEN: ${{ github.token }}` and its job "
                "`permissions: packages: write`",
            )
        )
    user = around.environment.get("GITHUB_ACTOR") or "x-access-token"
    return Password(user, around.hidden["GITHUB_TOKEN"])


def _line(around: Surroundings, what: str) -> Secret:
    text = around.stdin().strip()
    if not text or "\n" in text:
        raise InputError(Problem(f"no {what} on standard input", expected="one line"))
    return Secret(text, what)


def _docker(path: Path | None, host: str, around: Surroundings) -> Credential:
    """As docker's CLI looks: DOCKER_AUTH_CONFIG, then the config file: helper of the host, store,
    `auths`."""
    inline = "" if path else around.environment.get("DOCKER_AUTH_CONFIG", "")
    if inline:
        found = _entry(_parsed(inline, "DOCKER_AUTH_CONFIG"), host)
        if found:
            return found
    folder = around.environment.get("DOCKER_CONFIG")
    path = path or (Path(folder) if folder else around.home / ".docker") / "config.json"
    try:
        config = _parsed(path.read_text(), str(path))
    except OSError as error:
        raise InputError(
            Problem(f"no docker config ({error.strerror})", path=str(path), help="`docker login` makes one")
        ) from error
    keys = _keys(host)
    helpers = dict(config.pairs("credHelpers"))
    helper = next((helpers[key] for key in keys if key in helpers), config.text("credsStore", ""))
    entry = _helper(helper, host, around) if helper else _entry(config, host)
    if entry is None:
        raise InputError(Problem(f"no login for {host}", path=str(path), help=f"`docker login {host}`"))
    return entry


def _keys(host: str) -> tuple[str, ...]:
    hub = (HUB_KEY, "index.docker.io") if host == "docker.io" else ()
    return (*hub, host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/")


def _entry(config: Object, host: str) -> Credential | None:
    if not config.has("auths"):
        return None
    auths = config.child("auths")
    for key in _keys(host):
        if not auths.has(key):
            continue
        entry = auths.child(key)
        if token := entry.text("registrytoken", ""):
            return Bearer(Secret(token, "registrytoken"))
        if token := entry.text("identitytoken", ""):
            return Identity(Secret(token, "identitytoken"))
        try:
            pair = b64decode(entry.text("auth", "")).decode()
        except ValueError:
            pair = ""
        user, colon, password = pair.partition(":")
        if colon:
            return Password(user, Secret(password.rstrip("\0"), "password"))
        if entry.has("username"):
            return Password(entry.text("username"), Secret(entry.text("password"), "password"))
    return None


def _helper(name: str, host: str, around: Surroundings) -> Credential:
    """Asks `docker-credential-NAME get` (docker-credential-helpers' protocol)."""
    command = f"docker-credential-{name}"
    if "/" in name:
        raise InputError(Problem(f"helper {name!r}", expected="the NAME of docker-credential-NAME"))
    environment = {k: v for k in HELPER_ENVIRONMENT if (v := around.environment.get(k))}
    server = HUB_KEY if host == "docker.io" else host
    try:
        done = subprocess.run(
            [command, "get"],
            input=server,
            capture_output=True,
            text=True,
            env=environment,
            timeout=HELPER_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise InputError(Problem(f"no program {command} on PATH", help="install that helper")) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorldError(Problem(f"{command} gave no answer")) from error
    if done.returncode:
        said = " ".join(done.stdout.split())[:200]  # the protocol's message comes on standard output
        raise WorldError(Problem(f"{command} has no credential for {server} ({said})"))
    found = _parsed(done.stdout, f"the answer of {command}")
    user, secret = found.text("Username"), Secret(found.text("Secret"), "helper's secret")
    return Identity(secret) if user == "<token>" else Password(user, secret)


def _parsed(text: str, where: str) -> Object:
    """The JSON object; a complaint about it does not repeat what may be a secret."""
    try:
        return Object.parse(text, where)
    except InputError as error:
        raise InputError(Problem(f"{where} is no JSON object", expected="JSON")) from error
