"""Commands that start another command: where in their words that one begins.

`sudo`, `env`, `timeout 5`, `xargs -n1`, `find … -exec`, `sh -c '…'` and their like.
"""

from __future__ import annotations

from ctr_ci.shell.script import Word

SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"])

_SUDO = ("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--chdir")
_XARGS = ("-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s", "--max-args", "--max-procs", "--delimiter")
# command -> (options that take the next word, words of its own before the command that it starts)
WRAPPERS: dict[str, tuple[tuple[str, ...], int]] = {
    "sudo": (_SUDO, 0),
    "doas": (("-u", "-C"), 0),
    "env": (("-u", "--unset", "-C", "--chdir"), 0),
    "nice": (("-n", "--adjustment"), 0),
    "ionice": (("-c", "-n", "-p", "--class", "--classdata"), 0),
    "time": (("-f", "-o", "--format", "--output"), 0),
    "timeout": (("-s", "-k", "--signal", "--kill-after"), 1),
    "xargs": (_XARGS, 0),
    "command": ((), 0),
    "builtin": ((), 0),
    "exec": (("-a",), 0),
    "nohup": ((), 0),
    "setsid": ((), 0),
    "stdbuf": (("-i", "-o", "-e", "--input", "--output", "--error"), 0),
    "eatmydata": ((), 0),
    "fakeroot": (("-l", "-s", "-i", "--lib", "--faked"), 0),
    "gosu": ((), 1),
    "su-exec": ((), 1),
    "setuser": ((), 1),
    "s6-setuidgid": ((), 1),
    "chpst": (("-u", "-U", "-b", "-/", "-e", "-n", "-l", "-L"), 0),
    "setarch": ((), 1),
    "linux32": ((), 0),
    "linux64": ((), 0),
    "chronic": ((), 0),
    "ccache": ((), 0),
    "setpriv": (("--reuid", "--regid", "--groups"), 0),
    "runuser": (("-u", "--user", "-g", "-G"), 0),
    "busybox": ((), 0),
    "tini": (("-p", "-e"), 0),
    "dumb-init": (("-r", "--rewrite"), 0),
    "catchsegv": ((), 0),
    "unbuffer": ((), 0),
}


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.isidentifier()


def inner_command(name: str, words: list[Word]) -> list[tuple[int, int]]:
    """Where the started commands begin and end in `words`: usually none, or one up to the end."""
    if name == "find":
        return _find(words)
    known = WRAPPERS.get(name)
    if known is None:
        return []
    takes, own = known
    at = 1
    while at < len(words):
        text = words[at].value
        if text is None and own == 0:
            return [] if name != "env" or "=" not in words[at].text else _behind_env(words, at)
        if text == "--":
            at += 1
            break
        if text is not None and text.startswith("-") and len(text) > 1:
            if name in ("command",) and text in ("-v", "-V"):
                return []
            at += 2 if text in takes or _ends_in(text, takes) else 1
            continue
        if text is not None and name in ("env", "sudo", "doas") and _is_assignment(text):
            at += 1
            continue
        break
    at += own
    return [(at, len(words))] if at < len(words) else []


def _ends_in(text: str, takes: tuple[str, ...]) -> bool:
    """Whether the last letter of `-Hu` takes the next word; in `-uname` the first one has its value there."""
    if text.startswith("--"):
        return False
    first = next((at for at, letter in enumerate(text[1:], 1) if f"-{letter}" in takes), 0)
    return first > 1 and first == len(text) - 1


def _behind_env(words: list[Word], at: int) -> list[tuple[int, int]]:
    """The command behind `env NAME=$value`."""
    while at < len(words) and _is_assignment(words[at].text):
        at += 1
    return [(at, len(words))] if at < len(words) and words[at].value is not None else []


def _find(words: list[Word]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 1
    while at < len(words):
        if words[at].value in ("-exec", "-execdir", "-ok", "-okdir"):
            end = at + 1
            while end < len(words) and words[end].value not in (";", "+"):
                end += 1
            if end > at + 1:
                found.append((at + 1, end))
            at = end
        at += 1
    return found


def inner_script(name: str, words: list[Word]) -> Word | None:
    """The word that a `sh -c`, `su -c`, `scl enable NAME` or `eval` hands to a shell."""
    if name == "scl":
        enables = len(words) > 3 and words[1].value == "enable" and words[-2].value != "--"
        return words[-1] if enables else None
    if name == "eval":
        return words[1] if len(words) == 2 else None
    if name not in SHELLS and name != "su":
        return None
    at = 1
    while at < len(words) - 1:
        option = words[at].value or ""
        if name == "su":
            if option in ("-c", "--command"):
                return words[at + 1]
        elif not option.startswith(("-", "+")):
            return None
        elif not option.startswith("--"):
            if "c" in option[1:]:
                return words[at + 1]
            at += option.count("o")
        at += 1
    return None


def reads_script(words: list[Word]) -> bool:
    """Whether a command is a shell that reads its script from standard input: `bash`, `sh -e`, `sh -s x`."""
    if not words or (words[0].value or "").rsplit("/", 1)[-1] not in SHELLS:
        return False
    at = 1
    while at < len(words):
        option = words[at].value or ""
        if not option.startswith(("-", "+")):
            return False
        if not option.startswith("--"):
            if "c" in option:
                return False
            if "s" in option or option == "-":
                return True
            at += option.count("o")
        at += 1
    return True
