"""Our reading of shell lines against tree-sitter-bash (which commands, where) and shfmt (is it valid)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_bash

from ctr_ci.shell import parse

LINES = [
    "apt-get update && apt-get install -y --no-install-recommends"
    " gcc=4:12 make && rm -rf /var/lib/apt/lists/*",
    'set -eux; \tsavedAptMark="$(apt-mark showmanual)"; \tapt-get'
    " update; \tapt-mark auto '.*' > /dev/null; \tmake",
    "find /usr/local -type f -executable -not \\( -name '*tkinter*'"
    " \\) -exec ldd '{}' ';' | awk '/=>/ { print $(NF-1) }'",
    'for f in $(ls *.tar.gz | sort -r); do tar xzf "$f" -C /opt --strip-components=1 || exit 1; done',
    'if [ "$(uname -m)" = x86_64 ] && ! command -v foo >/dev/null'
    " 2>&1; then curl -fsSL https://x | sh -s -- -y; fi",
    'case "${ARCH##*-}" in amd64|x86_64) url=a ;; arm*) url=b;'
    " sum='c' ;; *) echo >&2 \"error: ($ARCH)\"; exit 1 ;; esac",
    "[[ $a =~ ^v([0-9]+)\\.([0-9]+)$ && -n ${b:-} || ! -d /x ]] && echo ${BASH_REMATCH[1]}",
    "while read -r line; do echo \"$line\"; done < <(grep -v '^#' list)",
    'f() { local x=$1; shift; "$@"; }; f a b; function g { echo g; }',
    "echo $((1 + (2 * 3))) $(( $(nproc) * 2 )) $((a<<2)); ((i++)); for ((i=0;i<3;i++)); do echo $i; done",
    "cat <<EOF > /etc/x && chmod +x /etc/x\nhello $(date)\nEOF\nls",
    "cat <<-'EOF'\n\t$(not run)\n\tEOF\necho done",
    "{ echo a; echo b; } | tee -a log >&2 & wait",
    '(cd /tmp && make -j"$(nproc)") && (rm -rf /tmp/* || :)',
    'python3 -c \'import sys; print("a && b")\' "$(python3 -c "print(\'x\')")"',
    'echo $\'tab\\tquote\\\'s end\' "nested \\"$(echo "in $(echo deep)")\\""',
    'arr=(a "b c" $(d) [5]=e); arr+=(f); echo "${arr[@]}" ${#arr[@]} ${arr[0]}',
    "echo ${x#'}'} ${x%%/*} ${x//a/b} ${x:?not set} ${x:0:3} ${!x} ${x^^}",
    'a=1 b="$c" d e=f; export PATH="/x:$PATH" LANG=C',
    "sed -i -e 's/^#\\(.*\\)$/\\1/' -e \"s|@X@|${X}|g\" /etc/conf # trailing; comment",
    "diff <(sort a) <(sort b) >/dev/null || true",
    'curl -fsSL "https://x/${V}/y_$(dpkg --print-architecture).deb" -o /tmp/y.deb && dpkg -i /tmp/y.deb',
    "! grep -q x /etc/passwd && useradd -r x; [ ! -e /y ]",
    "until pg_isready; do sleep 1; done",
    "trap 'rm -rf \"$t\"' EXIT; t=$(mktemp -d)",
    "echo a\\ b \\& c\\;d '#' \\# e#f",
    "printf '%s\\n' {a,b}{1..3} ~ ~/x *.[ch] ?",
    "select x in a b; do break; done; coproc cat",
    "time sleep 1; time { a; b; }; time -p c",
    "if a; then b; elif c; then d; else e; fi >/dev/null 2>&1 </dev/null",
    "exec 3>&1 4<&0 5<>x; echo a >&3 3>&-; read -u 4 b",
    "declare -A m=([a]=1 [b]=2); readonly r=3; unset m r",
]
BROKEN = [
    "if a; then b",
    "a && && b",
    "echo 'x",
    'echo "x',
    "(a",
    "{ a",
    "a )",
    "case x in a) b",
    "for i in a; do b",
    "done",
]
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def starts(text: str) -> set[int]:
    """Where tree-sitter sees the words that name commands (all texts here are ASCII)."""
    tree = _PARSER.parse(text.encode())
    assert not tree.root_node.has_error
    found: set[int] = set()
    todo = [tree.root_node]
    while todo:
        node = todo.pop()
        todo += node.children
        if node.type == "command":
            name = node.child_by_field_name("name")
            if name is not None:
                found.add(name.start_byte)
        elif node.type in ("declaration_command", "unset_command") or (
            node.type == "test_command" and node.children[0].type in ("[", "[[")
        ):
            found.add(node.start_byte)
    return found


def shfmt_takes(text: str) -> bool:
    shfmt = Path(sys.executable).parent / "shfmt"
    command = [str(shfmt), "-ln", "bash", "--to-json"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    return done.returncode == 0


# tree-sitter-bash takes `time` and `select` for commands, and does not know `3>&-`
ODD = [line for line in LINES if line.startswith(("time", "select", "exec"))]


# tree-sitter-bash takes `time` and `select` for commands, and does not know `3>&-`
ODD = [line for line in LINES if line.startswith(("time", "select", "exec"))]


@pytest.mark.parametrize("text", [line for line in LINES if line not in ODD])
def test_the_same_commands_begin_at_the_same_places(text: str) -> None:
    ours = {each.words[0].start for each in parse(text).commands if each.words and not each.wrappers}
    assert ours == starts(text)


@pytest.mark.parametrize("text", LINES)
def test_what_shfmt_takes_is_read_whole(text: str) -> None:
    assert shfmt_takes(text)
    assert parse(text).unread == ()


@pytest.mark.parametrize("text", BROKEN)
def test_what_shfmt_refuses_is_not_read_whole(text: str) -> None:
    assert not shfmt_takes(text)
    assert parse(text).unread
