"""`RUN --mount=…`: its comma-separated fields, read and checked as BuildKit does.

BuildKit `instructions/commands_runmount.go`, `dockerfile2llb/convert_runmount.go`. A value with a
variable in it is taken as it is: what it will be is not known here.
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.complain import Complaints, nearest
from ctr_ci.dockerfile.instruction import Flag, Mount
from ctr_ci.dockerfile.text import Word

TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
SHARING = ("shared", "private", "locked")
KEYS = (
    *("type", "from", "source", "src", "target", "dst", "destination", "readonly", "ro", "readwrite", "rw"),
    *("id", "sharing", "required", "size", "mode", "uid", "gid", "env"),
)
BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_NAMES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}


def fields(text: str) -> list[str] | None:
    """The fields of one line of CSV, None when its quotes are wrong."""
    if '"' not in text:
        return text.split(",")
    found: list[str] = []
    at = 0
    while True:
        if text[at : at + 1] == '"':
            closed = re.match(r'"((?:[^"]|"")*)"(,|\Z)', text[at:])
            if closed is None:
                return None
            found.append(closed[1].replace('""', '"'))
            at += closed.end(1) + 1
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            if '"' in text[at:end]:
                return None
            found.append(text[at:end])
            at = end
        if at >= len(text):
            return found
        at += 1


def mount(flag: Flag, complaints: Complaints) -> Mount:
    """The mount that a flag describes; what is wrong with it goes to `complaints`."""
    word = flag.word
    given = fields(flag.value or "")
    if given is None:
        complaints.at(word, "a --mount whose quotes do not close", 'fields as "key=value" in CSV')
        given = []
    keys: list[tuple[str, str | None]] = []
    values: dict[str, str] = {}
    read_only: bool | None = None
    for field in given:
        key, equals, text = field.partition("=")
        key = key.lower()
        name = _NAMES.get(key, key)
        keys.append((name, text if equals else None))
        if key not in KEYS or (not equals and name not in ("readonly", "readwrite", "required")):
            _unknown(word, key, field, bool(equals), complaints)
            continue
        values[name] = text if equals else "true"
        if name in ("readonly", "readwrite", "required") and equals and "$" not in text:
            if text not in BOOLEANS:
                complaints.at(word, f"{key}={text} in a --mount", "true or false")
            values[name] = "true" if BOOLEANS.get(text, True) else "false"
        if name in ("readonly", "readwrite"):
            read_only = (values[name] != "false") == (name == "readonly")
    kind = values.get("type", "bind")
    kind = kind if "$" in kind else kind.lower()
    _check(word, kind, values, complaints)
    origin = values.get("from", "")
    at = word.text.lower().find(f"from={origin.lower()}") + 5
    from_ = Word(origin, word.start + at, word.start + at + len(origin), word.source) if origin else None
    if read_only is None:
        read_only = kind not in ("cache", "tmpfs")
    return Mount(
        type=kind,
        source=values.get("source", ""),
        target=values.get("target", ""),
        from_=from_,
        id=values.get("id", ""),
        read_only=read_only,
        sharing=values.get("sharing", "").lower(),
        required=values.get("required", "false") != "false",
        env=values.get("env"),
        mode=values.get("mode", ""),
        uid=values.get("uid", ""),
        gid=values.get("gid", ""),
        size=values.get("size", ""),
        keys=tuple(keys),
        word=word,
    )


def _unknown(word: Word, key: str, field: str, equals: bool, complaints: Complaints) -> None:
    if key in KEYS and not equals:
        complaints.at(word, f"{field!r} in a --mount has no value", f"{key}=VALUE")
        return
    near = nearest(key, KEYS)
    help = f"did you mean {near}?" if near else ""
    complaints.at(word, f"{field!r} in a --mount", "key=value with a key that mounts have", help)


def _check(word: Word, kind: str, values: dict[str, str], complaints: Complaints) -> None:
    origin = values.get("from", "")
    if 0 <= origin.find("$") < len(origin) - 1:
        help = "name the image as a stage (FROM $X AS y) and mount from that stage"
        complaints.at(word, "a variable in a mount's from", "a stage or an image", help)
    if "$" in kind:
        return
    if kind not in TYPES:
        near = nearest(kind, TYPES)
        help = f"did you mean {near}?" if near else ""
        complaints.at(word, f"the mount type {kind!r}", ", ".join(TYPES), help)
        return
    sharing = values.get("sharing", "")
    if sharing and "$" not in sharing and sharing.lower() not in SHARING:
        complaints.at(word, f"sharing={sharing} in a --mount", ", ".join(SHARING))
    elif sharing and kind != "cache":
        complaints.at(word, f"sharing in a {kind} mount", "it in a cache mount only")
    if "required" in values and kind not in ("secret", "ssh"):
        complaints.at(word, f"required in a {kind} mount", "it in a secret or ssh mount only")
    if "size" in values and kind != "tmpfs":
        complaints.at(word, f"size in a {kind} mount", "it in a tmpfs mount only")
    elif "size" in values and not re.match(
        r"\d+(\.\d+)? ?([kmgtpe]?(i?b)?)\Z", values["size"] if "$" not in values["size"] else "0", re.I
    ):
        complaints.at(word, f"size={values['size']} in a --mount", "a size such as 64m")
    for key, form in (("mode", r"[0-7]+\Z"), ("uid", r"\d+\Z"), ("gid", r"\d+\Z")):
        text = values.get(key, "")
        if key in values and "$" not in text and not re.match(form, text):
            complaints.at(word, f"{key}={text} in a --mount", "octal" if key == "mode" else "a number")
        elif key in values and kind in ("bind", "tmpfs"):
            complaints.at(word, f"{key} in a {kind} mount", "it in a cache, secret or ssh mount only")
    if kind == "secret":
        if origin:
            complaints.at(word, "from in a secret mount", "id, source or target")
        if not (values.get("source") or values.get("target") or values.get("id")):
            complaints.at(word, "a secret mount that names no secret", "id=NAME")
        if values.get("source") and values.get("id"):
            complaints.at(word, "both source and id in a secret mount", "one of them")
    elif kind == "ssh":
        if values.get("source"):
            complaints.at(word, "source in an ssh mount", "id=NAME")
    elif _is_root(values.get("target", "")):
        complaints.at(word, "a mount over /", "a folder below /")


def _is_root(target: str) -> bool:
    return target.startswith("/") and all(part in ("", ".", "..") for part in target.split("/"))
