"""What a command does with a package manager: which one, which verb, which packages.

Knows the managers' command lines (apt-get(8), apk(8), dnf(8), zypper(8), pacman(8), pip, npm and kin,
gem, go, cargo), not what is right or wrong about them.
"""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.shell import Command, Word


@value
class Operation:
    """`manager` is the family ("apt", "apk", "dnf", "zypper", "pacman", "pip", "npm", "gem", "go", …),
    `tool` the command used ("apt-get", "yum"). `verb` is canonical: "install", "update" (the lists),
    "upgrade", "dist-upgrade", "remove", "clean", or as written. `packages` are the words that name
    packages, `flags` the options as written, `settings` the values of options that take one."""

    manager: str
    tool: str
    verb: str
    verb_word: Word
    packages: tuple[Word, ...]
    flags: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    command: Command

    def has(self, *flags: str) -> bool:
        return any(flag in self.flags for flag in flags)

    def setting(self, *names: str) -> str | None:
        """The value of the last option of one of these names."""
        return next((text for name, text in reversed(self.settings) if name in names), None)


_APT = {
    "install": "install",
    "reinstall": "install",
    "build-dep": "build-dep",
    "update": "update",
    "upgrade": "upgrade",
    "safe-upgrade": "upgrade",
    "dist-upgrade": "dist-upgrade",
    "full-upgrade": "dist-upgrade",
    "remove": "remove",
    "purge": "remove",
    "autoremove": "autoremove",
    "autopurge": "autoremove",
    "auto-remove": "autoremove",
    "clean": "clean",
    "autoclean": "autoclean",
    "dist-clean": "clean",
    "distclean": "clean",
}
_DNF = {
    "install": "install",
    "localinstall": "install",
    "reinstall": "install",
    "groupinstall": "groupinstall",
    "group": "group",
    "update": "upgrade",
    "upgrade": "upgrade",
    "upgrade-minimal": "upgrade",
    "distro-sync": "dist-upgrade",
    "check-update": "update",
    "makecache": "update",
    "remove": "remove",
    "erase": "remove",
    "autoremove": "autoremove",
    "history": "history",
    "clean": "clean",
    "builddep": "build-dep",
}
_ZYPPER = {
    "install": "install",
    "in": "install",
    "source-install": "install",
    "update": "upgrade",
    "up": "upgrade",
    "patch": "upgrade",
    "dist-upgrade": "dist-upgrade",
    "dup": "dist-upgrade",
    "refresh": "update",
    "ref": "update",
    "remove": "remove",
    "rm": "remove",
    "clean": "clean",
    "cc": "clean",
}
_APK = {
    "add": "install",
    "del": "remove",
    "update": "update",
    "upgrade": "upgrade",
    "fix": "fix",
    "cache": "cache",
}
_PIP = {
    "install": "install",
    "wheel": "wheel",
    "download": "download",
    "uninstall": "remove",
    "cache": "cache",
}
_NPM = {
    "install": "install",
    "i": "install",
    "add": "install",
    "in": "install",
    "ci": "ci",
    "clean-install": "ci",
    "run": "run",
    "run-script": "run",
    "cache": "cache",
    "prune": "prune",
    "store": "store",
    "pm": "pm",
    "global": "global",
    "dlx": "dlx",
    "uninstall": "remove",
    "remove": "remove",
    "workspaces": "workspaces",
    "deploy": "deploy",
    "build": "build",
    "config": "config",
}
_GEM = {"install": "install", "update": "upgrade", "uninstall": "remove", "i": "install"}

_APT_OPTIONS = frozenset(
    ["-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a"]
)
_APK_OPTIONS = frozenset(
    [
        "-t",
        "--virtual",
        "-X",
        "--repository",
        "-p",
        "--root",
        "--arch",
        "--keys-dir",
        "--repositories-file",
        "--wait",
        "--cache-dir",
        "--cache-max-age",
    ]
)
_DNF_OPTIONS = frozenset(
    [
        "-c",
        "--config",
        "--enablerepo",
        "--disablerepo",
        "--repo",
        "--repoid",
        "--installroot",
        "-x",
        "--exclude",
        "--releasever",
        "-d",
        "-e",
        "--setopt",
        "--from-repo",
    ]
)
_ZYPPER_OPTIONS = frozenset(
    ["-t", "--type", "-r", "--repo", "--from", "-R", "--root", "-c", "--config", "-p", "--plus-repo"]
)
_PIP_OPTIONS = frozenset(
    [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-e",
        "--editable",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "-t",
        "--target",
        "-d",
        "--dest",
        "-w",
        "--wheel-dir",
        "--prefix",
        "--root",
        "--src",
        "--trusted-host",
        "--proxy",
        "--cert",
        "--client-cert",
        "--cache-dir",
        "--log",
        "--timeout",
        "--retries",
        "--platform",
        "--python-version",
        "--implementation",
        "--abi",
        "--no-binary",
        "--only-binary",
        "--upgrade-strategy",
        "--global-option",
        "--config-settings",
        "-C",
        "--progress-bar",
        "--python",
        "-p",
        "--build-option",
        "--install-option",
        "--exists-action",
        "--group",
        "--report",
        "--root-user-action",
        "--torch-backend",
        "--index-strategy",
        "--resolution",
        "--prerelease",
        "--link-mode",
        "--extra",
        "--requirements",
    ]
)
_NPM_OPTIONS = frozenset(
    [
        "--prefix",
        "--registry",
        "-C",
        "--cache",
        "--cwd",
        "--dir",
        "--filter",
        "--network-timeout",
        "--cache-folder",
        "--modules-folder",
        "--store-dir",
        "--loglevel",
        "-w",
        "--workspace",
        "--fetch-retries",
        "--target",
        "--arch",
        "--omit",
        "--include",
        "-F",
        "--maxsockets",
        "--fetch-timeout",
        "--production-folder",
    ]
)
_GEM_OPTIONS = frozenset(
    ["-v", "--version", "-i", "--install-dir", "-n", "--bindir", "--source", "-s", "-P", "--platform"]
)

# command -> family, its verbs, its options that take a value
_TOOLS: dict[str, tuple[str, dict[str, str], frozenset[str]]] = {
    "apt-get": ("apt", _APT, _APT_OPTIONS),
    "apt": ("apt", _APT, _APT_OPTIONS),
    "aptitude": ("apt", _APT, _APT_OPTIONS),
    "apk": ("apk", _APK, _APK_OPTIONS),
    "yum": ("dnf", _DNF, _DNF_OPTIONS),
    "dnf": ("dnf", _DNF, _DNF_OPTIONS),
    "dnf5": ("dnf", _DNF, _DNF_OPTIONS),
    "microdnf": ("dnf", _DNF, _DNF_OPTIONS),
    "tdnf": ("dnf", _DNF, _DNF_OPTIONS),
    "zypper": ("zypper", _ZYPPER, _ZYPPER_OPTIONS),
    "pip": ("pip", _PIP, _PIP_OPTIONS),
    "pip2": ("pip", _PIP, _PIP_OPTIONS),
    "pip3": ("pip", _PIP, _PIP_OPTIONS),
    "npm": ("npm", _NPM, _NPM_OPTIONS),
    "pnpm": ("pnpm", _NPM, _NPM_OPTIONS),
    "yarn": ("yarn", _NPM, _NPM_OPTIONS),
    "bun": ("bun", _NPM, _NPM_OPTIONS),
    "gem": ("gem", _GEM, _GEM_OPTIONS),
    "td-agent-gem": ("gem", _GEM, _GEM_OPTIONS),
    "fluent-gem": ("gem", _GEM, _GEM_OPTIONS),
    "google-fluentd-gem": ("gem", _GEM, _GEM_OPTIONS),
}
# Families whose packages come from the distribution.
SYSTEM = ("apt", "apk", "dnf", "zypper", "pacman")


def operation(command: Command) -> Operation | None:
    """What `command` does with a package manager; None when it is none of theirs."""
    name, words = command.name, command.words
    if name == "pacman":
        return _pacman(command)
    if name in ("python", "python3", "python2", "pypy3", "uv") or name.startswith("python3."):
        at = next((i for i, word in enumerate(words[1:4], 1) if word.value in ("pip", "pip3")), 0)
        if not at:
            return None
        name, words = "pip", words[at:]
    elif name.startswith(("pip3.", "pip2.", "pip-3", "pip-2")):
        name = "pip"
    known = _TOOLS.get(name)
    if known is None:
        return None
    family, verbs, with_value = known
    return _read(command, family, name, words[1:], verbs, with_value)


def _read(
    command: Command,
    family: str,
    tool: str,
    words: tuple[Word, ...],
    verbs: dict[str, str],
    with_value: frozenset[str],
) -> Operation | None:
    verb: Word | None = None
    packages: list[Word] = []
    flags: list[str] = []
    settings: list[tuple[str, str]] = []
    pending = ""
    for word in words:
        text = word.value if word.value is not None else word.text
        if pending:
            settings.append((pending, text))
            pending = ""
        elif text == "--":
            continue
        elif text.startswith("-") and len(text) > 1:
            name, equals, given = text.partition("=")
            flags.append(text)
            if equals:
                settings.append((name, given))
            elif text in with_value:
                pending = text
            elif len(text) > 2 and text[1] != "-" and text[:2] in with_value:
                settings.append((text[:2], text[2:]))
        elif verb is None and (text in verbs or family in ("npm", "pnpm", "yarn", "bun", "gem", "pip")):
            verb = word
        elif verb is None and family == "zypper":
            continue
        elif verb is None:
            verb = word
        else:
            packages.append(word)
    if verb is None:
        if family != "yarn":
            return None
        verb = command.words[0]
        return Operation(family, tool, "install", verb, (), tuple(flags), tuple(settings), command)
    text = verb.value or verb.text
    canonical = verbs.get(text, text)
    if family == "dnf" and canonical == "group":
        canonical = "groupinstall" if packages and packages[0].value == "install" else "group"
        packages = packages[1:]
    if family == "yarn" and canonical == "global" and packages:
        canonical = verbs.get(packages[0].value or "", "global")
        flags.append("global")
        packages = packages[1:]
    return Operation(family, tool, canonical, verb, tuple(packages), tuple(flags), tuple(settings), command)


def _pacman(command: Command) -> Operation | None:
    flags = [word for word in command.arguments if (word.value or word.text).startswith("-")]
    packages = tuple(word for word in command.arguments if not (word.value or word.text).startswith("-"))
    letters = "".join((w.value or "")[1:] for w in flags if not (w.value or "").startswith("--"))
    names = tuple(word.value or word.text for word in flags)
    if "R" in letters or "--remove" in names:
        verb = "remove"
    elif "S" in letters or "--sync" in names:
        if letters.count("c") and not packages:
            verb = "clean"
        elif packages:
            verb = "install"
        else:
            verb = "upgrade" if "u" in letters else "update"
    elif "U" in letters:
        verb = "install"
    else:
        return None
    return Operation(
        "pacman", "pacman", verb, flags[0] if flags else command.words[0], packages, names, (), command
    )


def assumes_yes(one: Operation) -> bool:
    """Whether a system manager's operation asks no question."""
    if one.manager == "apt":
        letters = "".join(
            flag[1:] for flag in one.flags if flag[:1] == "-" and flag[:2] != "--" and "=" not in flag
        )
        if "y" in letters or letters.count("q") >= 2 or one.has("--yes", "--assume-yes"):
            return True
        options = [text for name, text in one.settings if name in ("-o", "--option")]
        return one.setting("-q") == "2" or any(
            "Assume-Yes" in text and "true" in text.lower() for text in options
        )
    if one.manager == "dnf":
        return any(flag in ("--assumeyes", "--assume-yes") for flag in one.flags) or _letter(one, "y")
    if one.manager == "zypper":
        return one.has("--non-interactive", "--no-confirm") or _letter(one, "n") or _letter(one, "y")
    if one.manager == "pacman":
        return one.has("--noconfirm")
    return True


def _letter(one: Operation, letter: str) -> bool:
    return any(flag[:1] == "-" and flag[:2] != "--" and letter in flag[1:] for flag in one.flags)
