"""Reads COPY and ADD: sources, destination, flags, and what they may not be.

BuildKit `instructions/parse.go`, `dockerfile2llb/convert_copy.go`.
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.flag import truth
from ctr_ci.dockerfile.instruction import Add, Copy, Flag, Line
from ctr_ci.dockerfile.text import Word
from ctr_ci.dockerfile.words import blank_delimited, check_expansion

_SYMBOLIC = r"[ugoa]*([-+=][rwxXst]*|[-+=][ugo])+(,[ugoa]*([-+=][rwxXst]*|[-+=][ugo])+)*\Z"


def copy_or_add(
    line: Line, json: tuple[Word, ...] | None, escape: str, complaints: Complaints
) -> Copy | Add | None:
    """The instruction; None when it has no destination."""
    keyword = line.keyword.text.upper()
    words = list(json) if json is not None else blank_delimited(line.arguments)
    if len(words) < 2:
        found = f"{keyword} {words[0].text} without a destination" if words else f"{keyword} without paths"
        help = ""
        if words:
            help = f"{keyword} {words[0].text} . puts it into the working directory"
        place = words[0] if words else line.keyword
        complaints.at(place, found, f"{keyword} source… destination", help)
        return None
    destination = words.pop()
    if _is_heredoc(destination):
        complaints.at(destination, f"a heredoc as the destination of {keyword}", "a path")
    sources = [word for word in words if not (line.heredocs and _is_heredoc(word))]
    for word in (*sources, destination):
        check_expansion(word, escape, complaints)
    options = {flag.name: flag for flag in line.flags}
    values = {name: _word(flag) for name, flag in options.items()}
    excludes = [_word(flag) for flag in line.flags if flag.name == "exclude"]
    patterns = tuple([word for word in excludes if word is not None])
    chmod, checksum = values.get("chmod"), values.get("checksum")
    for option in (chmod, values.get("chown"), checksum):
        check_expansion(option, escape, complaints)
    _check_mode(chmod, complaints)
    if keyword == "COPY":
        for word in sources:
            if is_url(word.text) or is_git(word.text):
                help = "ADD fetches it, or RUN curl with a checksum"
                complaints.at(word, f"COPY of the URL {word.text}", "a path of the build context", help)
        return Copy(
            line,
            tuple(sources),
            destination,
            json is not None,
            values.get("from"),
            values.get("chown"),
            chmod,
            truth(options.get("link")) or False,
            truth(options.get("parents")) or False,
            patterns,
        )
    if checksum is not None:
        if len(sources) != 1:
            complaints.at(checksum, f"a checksum for {len(sources)} sources", "one source")
        elif not (is_url(sources[0].text) or is_git(sources[0].text) or "$" in sources[0].text):
            complaints.at(checksum, f"a checksum for {sources[0].text}", "a source by HTTP(S) or git")
    return Add(
        line,
        tuple(sources),
        destination,
        json is not None,
        values.get("chown"),
        chmod,
        truth(options.get("link")) or False,
        patterns,
        checksum,
        truth(options.get("unpack")),
        truth(options.get("keep-git-dir")),
    )


def _word(flag: Flag | None) -> Word | None:
    if flag is None or flag.argument is None:
        return None
    return Word(flag.value or "", flag.argument.start, flag.argument.end, flag.argument.source)


def _is_heredoc(word: Word) -> bool:
    if "<<" not in word.text:
        return False
    from ctr_ci.dockerfile.heredoc import heredoc_mark
    from ctr_ci.dockerfile.pattern import LexError

    try:
        return heredoc_mark(word.text) is not None
    except LexError:
        return False


def _check_mode(chmod: Word | None, complaints: Complaints) -> None:
    if chmod is None or not chmod.text or "$" in chmod.text:
        return
    if re.match(r"[0-7]+\Z", chmod.text):
        if int(chmod.text, 8) > 0o7777:
            complaints.at(chmod, f"--chmod={chmod.text}", "octal up to 7777")
    elif not re.match(_SYMBOLIC, chmod.text):
        complaints.at(chmod, f"--chmod={chmod.text}", "octal up to 7777, or symbolic as u+x")


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://")) and not is_git(text)


def is_git(text: str) -> bool:
    """Whether BuildKit takes a source for a git repository."""
    if text.startswith(("git://", "ssh://", "git@")):
        return True
    if text.startswith(("http://", "https://")):
        return re.sub(r"[#?].*", "", text).endswith(".git")
    return (text.startswith("github.com/") and ".git" in text) or re.match(
        r"[\w.-]+@[\w.-]+:", text
    ) is not None
