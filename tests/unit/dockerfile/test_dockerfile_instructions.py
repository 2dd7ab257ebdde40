"""What each instruction holds, and where."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    From,
    Healthcheck,
    Label,
    Onbuild,
    Run,
    Shell,
    User,
    Volume,
    Word,
    parse,
)
from ctr_ci.source import Source


def one(text: str, kind: type) -> object:
    found = parse(Source("Dockerfile", text)).instructions[-1]
    assert isinstance(found, kind)
    return found


def at(word: Word | None) -> str:
    assert word is not None
    return f"{word.text}@{word.span.start.column}"


def test_from() -> None:
    found = one("FROM --platform=linux/amd64 a:1 as Build", From)
    assert isinstance(found, From)
    assert (at(found.image), at(found.as_), at(found.name)) == ("a:1@29", "as@33", "Build@36")
    assert at(found.platform) == "linux/amd64@17"


def test_copy_with_flags() -> None:
    found = one('COPY --from="b" --chown=1:2 --exclude=x --link a b /c/', Copy)
    assert isinstance(found, Copy)
    assert [at(w) for w in found.sources] == ["a@48", "b@50"]
    assert at(found.destination) == "/c/@52"
    assert at(found.from_) == "b@13"
    assert found.link
    assert [w.text for w in found.excludes] == ["x"]
    assert found.flags[0].word.text == '--from="b"'


def test_copy_of_json_paths() -> None:
    found = one('COPY ["a b", "c\\u0041"]', Copy)
    assert isinstance(found, Copy)
    assert found.json
    assert [w.text for w in (*found.sources, found.destination)] == ["a b", "cA"]
    assert str(found.destination.span) == "1:14-1:23"


def test_blanks_part_copy_paths_whatever_the_quotes() -> None:
    found = one("COPY 'a b' c\\ d /e", Copy)
    assert isinstance(found, Copy)
    assert [w.text for w in found.sources] == ["'a", "b'", "c\\", "d"]


def test_add_says_what_was_not_said() -> None:
    found = one("ADD --unpack=false a b", Add)
    assert isinstance(found, Add)
    assert (found.unpack, found.keep_git_dir) == (False, None)


@pytest.mark.parametrize("kind", [Env, Label])
def test_pairs_keep_their_quotes(kind: type) -> None:
    found = one(f"{kind.__name__.upper()} a=\"b c\" d='e' f=g\\ h \\\n  i=", kind)
    assert isinstance(found, Env | Label)
    assert [(p.key.text, p.value.text if p.value else None) for p in found.pairs] == [
        ("a", '"b c"'),
        ("d", "'e'"),
        ("f", "g\\ h"),
        ("i", ""),
    ]
    assert str(found.pairs[3].span) == "2:3-2:5"
    assert not found.legacy


def test_the_old_form_takes_the_rest_as_its_value() -> None:
    found = one("ENV a  b=c d", Env)
    assert isinstance(found, Env)
    assert found.legacy
    assert [(p.key.text, p.value.text if p.value else None) for p in found.pairs] == [("a", "b=c d")]


def test_arg_with_and_without_default() -> None:
    found = one("ARG a b=1 c=", Arg)
    assert isinstance(found, Arg)
    assert [(p.key.text, p.value.text if p.value else None) for p in found.pairs] == [
        ("a", None),
        ("b", "1"),
        ("c", ""),
    ]


def test_user_is_the_rest_of_the_line() -> None:
    found = one("USER a b ", User)
    assert isinstance(found, User)
    assert found.user.text == "a b"


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("[]", []),
        ('  [ "a" ]', ["a"]),
        ('["a\\n\\"\\ud83d\\ude00"]', ['a\n"😀']),
        ('["a", \\\n "b"]', ["a", "b"]),
        ("['a']", None),
        ('["a",]', None),
        ('["a"] b', None),
        ('["c:\\d"]', None),
        ("a b", None),
    ],
)
def test_json_or_shell_form(text: str, json: list[str] | None) -> None:
    for kind in (Cmd, Entrypoint):
        found = one(f"{kind.__name__.upper()} {text}", kind)
        assert isinstance(found, Cmd | Entrypoint)
        assert (None if found.json is None else [w.text for w in found.json]) == json
        assert (found.script is None) == (json is not None)


def test_the_script_of_a_json_run_is_mapped() -> None:
    found = one('RUN ["bash", "-o", "pipefail", "-c", "echo \\"x\\" && make"]', Run)
    assert isinstance(found, Run)
    assert found.script is not None
    assert found.script.text == 'echo "x" && make'
    assert found.line.source.slice(found.script.span(12, 16)) == "make"
    assert found.line.source.slice(found.script.span(5, 8)) == '\\"x\\"'


def test_a_json_run_of_a_program_has_no_script() -> None:
    found = one('RUN ["make", "-c", "x"]', Run)
    assert isinstance(found, Run)
    assert found.script is None


def test_mounts_are_read_to_fields() -> None:
    text = "RUN --mount=type=cache,dst=/x,sharing=locked --mount=from=b,src=/s,target=t make"
    found = one(text, Run)
    assert isinstance(found, Run)
    cache, bind = found.mounts
    assert (cache.type, cache.target, cache.sharing, cache.read_only) == ("cache", "/x", "locked", False)
    assert (bind.type, bind.source, bind.target, bind.read_only) == ("bind", "/s", "t", True)
    assert at(bind.from_) == "b@59"
    assert found.script is not None
    assert found.script.text == "make"


def test_volume_shell_and_healthcheck() -> None:
    volume = one("VOLUME /a /b", Volume)
    assert isinstance(volume, Volume)
    assert [w.text for w in volume.paths] == ["/a", "/b"]
    shell = one('SHELL ["a", "-c"]', Shell)
    assert isinstance(shell, Shell)
    assert [w.text for w in shell.words] == ["a", "-c"]
    check = one("HEALTHCHECK --interval=5s cmd curl x", Healthcheck)
    assert isinstance(check, Healthcheck)
    assert check.script is not None
    assert (check.kind, check.script.text) == ("CMD", "curl x")


def test_onbuild_holds_an_instruction_with_its_own_places() -> None:
    found = one("ONBUILD  copy --from=x a b", Onbuild)
    assert isinstance(found, Onbuild)
    assert isinstance(found.inner, Copy)
    assert (found.inner.keyword, str(found.inner.span)) == ("COPY", "1:10-1:27")
    assert at(found.inner.destination) == "b@26"


def test_a_flag_is_read_with_quotes_and_escapes() -> None:
    found = one("COPY --chown='a b':c\\ d x y", Copy)
    assert isinstance(found, Copy)
    assert found.chown is not None
    assert found.chown.text == "a b:c d"
