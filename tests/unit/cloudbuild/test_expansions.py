"""The scanner's laws, and expansions held against bash itself."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctr_ci import plan
from ctr_ci.cloudbuild import Builtins, Rules, load
from ctr_ci.cloudbuild.evaluate import evaluate
from ctr_ci.cloudbuild.expand import Unsupported, parse
from ctr_ci.cloudbuild.scan import replace, uses
from ctr_ci.document import load as load_document
from ctr_ci.problem import InputError
from ctr_ci.source import Source

VALUES = {"_A": "a/b.c-a", "_E": "", "_S": "x*y", "_D": "01", "_P": "*/"}


def test_10_the_scanner_finds_keys_and_escapes() -> None:
    assert [use.key for use in uses(r"\$BAR$FOO$$BAZ$$$_BOO$$$$BAH")] == ["BAR", "FOO", "_BOO"]


TEXTS = st.lists(st.sampled_from(["$", "{", "}", "_A", "B1", "a", " ", "(", "\\", "1", "_"])).map("".join)


@given(TEXTS)
def test_what_is_escaped_is_text(text: str) -> None:
    assert replace(text.replace("$", "$$"), lambda key: "never") == text


@given(TEXTS)
def test_every_use_is_a_key_of_the_text_and_replaced_once(text: str) -> None:
    found = list(uses(text))
    assert all(text[use.start : use.end].strip("${}") == use.key for use in found)
    seen: list[str] = []
    replace(text, lambda key: seen.append(key) or "$_A")  # type: ignore[func-returns-value]
    assert seen == [use.key for use in found]


ATOMS = [
    *"abcx/.-*?[]!^0:_ ",
    "${_A}",
    "${_S}",
    "${_P}",
    r"\*",
    r"\/",
    r"\\",
    '"*"',
    "${_E:-z}",
    "${_U:-a}",
    r"\}",
]
WORDS = st.lists(st.sampled_from([*ATOMS, "[!a]", "[a-c]", "[[:alpha:]]", "'/'"]), max_size=4).map("".join)
FORMS = [":-", "-", ":+", "+", "#", "##", "%", "%%", "/", "//", "/#", "/%", "^", "^^", ",", ",,"]
KEYS = st.sampled_from(["_A", "_E", "_S", "_U", "_P"])
NUMBERS = st.integers(-9, 9).map(lambda n: f" {n}" if n < 0 else str(n)) | st.just("$_D")


# A pattern to replace that begins with `*` and ends with a quoted one: before it searches, bash asks
# whether the pattern matches anywhere, and forgets the star after a quoted last one. So with _S=x*y it
# does not find `*\*` in `${_S/*\*/}`, but does in `${_S#*\*}` and the same pattern written `*[*]`.
MISSED_BY_BASH = re.compile(r"""\$\{_[A-Z]//?\#?  (\*|\$\{_P\})  .*  (\\\*|"\*")  (/|\}$)""", re.VERBOSE)


@st.composite
def bash_expansions(draw: st.DrawFn) -> str:
    key, form = draw(KEYS), draw(st.sampled_from([*FORMS, ":", "#KEY"]))
    if form == "#KEY":
        return f"${{#{key}}}"
    if form == ":":
        length = draw(st.just("") | NUMBERS.map(lambda n: f":{n}"))
        return f"${{{key}:{draw(NUMBERS)}{length}}}"
    word = draw(WORDS)
    if form in (":-", "-", ":+", "+"):
        word = word.replace("'", "")
    if form.startswith("/"):
        word += draw(st.sampled_from(["", "/"])) + draw(WORDS)
    return f"${{{key}{form}{word}}}"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(bash_expansions(), min_size=40, max_size=40))
def test_expansions_are_bashs(expansions: list[str]) -> None:
    ours: list[tuple[str, str]] = []
    for text in expansions:
        if MISSED_BY_BASH.match(text):
            continue
        try:
            ours.append((text, evaluate(parse(text), VALUES.get, lambda path: "")))
        except Unsupported:
            continue
    given_values = "".join(f"{key}='{value}';" for key, value in VALUES.items())
    # The `&` of a replacement, which bash 5.2 added, is text here.
    script = f"shopt -u patsub_replacement 2>/dev/null;{given_values}" + "".join(
        f'printf "%s\\0" "{text}";' for text, _ in ours
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, env={"LC_ALL": "C.UTF-8"}, check=True)
    assert list(zip((text for text, _ in ours), done.stdout.decode().split("\0"), strict=False)) == ours


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("$$_A $$", "$_A $"),
        ("${lower} $1 $? $", "${lower} $1 $? $"),
        ("${_U-w}", "w"),
        ("${_E-w}", ""),
        ("${_U:+w}|${_A:+w}|${_E+w}", "|w|w"),
        ("${_A^}", "A/b.c-a"),
        ("${_A^^[a-b]}", "A/B.c-A"),
        ("${_A%%/*}", "a"),
        ("${_A/#a/Z}", "Z/b.c-a"),
        ("${_A/%a/Z}", "a/b.c-Z"),
        ("${_A////-}", "a-b.c-a"),
        ("${#_A}", "7"),
        ("${_A: -1}", "a"),
        ("${_A::1}", "a"),
        ("it's ${_U:-it's}", "it's it's"),
        ("${_A//$_P/}", "b.c-a"),
        ('${_S//"*"/-}', "x-y"),
        ('${_S/*"*"}|${_S#*"*"}|${_S/*[*]}', "y|y|y"),
        (r"${_S/#*\*/Z}|${_S/%\*?/Z}", "Zy|xZ"),
        ("&${_A/a/&}", "&&/b.c-a"),
    ],
)
def test_forms(value: str, expected: str) -> None:
    assert evaluate(parse(value), VALUES.get, lambda path: "") == expected


@pytest.mark.parametrize("value", ["${_A:x}", "${_A:08}", "${_A:1:-9}", "${_A:-x", '${_A#"}', "${_A:1+1}"])
def test_what_bash_cannot_read_is_refused(value: str) -> None:
    with pytest.raises(Unsupported):
        evaluate(parse(value), VALUES.get, lambda path: "")


def test_a_value_cannot_grow_without_end() -> None:
    keys = {f"_K{n}": f"$_K{n + 1}${{_K{n + 1}:-x}}" for n in range(40)}
    keys["_K40"] = "x" * 100
    listed = "".join(f"  {key}: '{value}'\n" for key, value in keys.items())
    text = f"steps: [{{name: b, args: ['$_K0']}}]\nsubstitutions:\n{listed}"
    with pytest.raises(InputError, match="more than 1000000 characters"):
        plan.make(load(Source("c.yaml", text)), {}, Builtins(), rules=Rules.TRIGGER)


EVENT = '{"a": {"b": ["zero", {"c": 1}]}, "ref": "refs/heads/main", "full name": true}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("body.ref", "refs/heads/main"),
        ("body.a.b[0]", "zero"),
        ("body.a.b[1]", '{"c":1}'),
        ("body['full name']", "true"),
        ("body.a.b[1].c", "1"),
    ],
)
def test_payload_bindings_look_into_the_event(path: str, expected: str) -> None:
    text = f'steps: [{{name: b, args: ["$_A"]}}]\nsubstitutions: {{_A: "$({path})"}}\n'
    payload = load_document(Source("event.json", EVENT))
    made, _ = plan.make(load(Source("c.yaml", text)), {}, Builtins(), rules=Rules.TRIGGER, payload=payload)
    assert made.steps[0].args == (expected,)


def test_a_binding_is_resolved_before_expansions() -> None:
    text = "steps: [{name: b, args: ['$_T']}]\nsubstitutions: {_R: $(body.ref), _T: '${_R##*/}'}\n"
    payload = load_document(Source("event.json", EVENT))
    made, _ = plan.make(load(Source("c.yaml", text)), {}, Builtins(), rules=Rules.TRIGGER, payload=payload)
    assert made.steps[0].args == ("main",)


@pytest.mark.parametrize("payload", [None, '{"b": 1}'])
def test_a_binding_without_value_is_refused(payload: str | None) -> None:
    text = "steps: [{name: b, args: ['$_R']}]\nsubstitutions: {_R: 'x$(body.a)'}\n"
    event = load_document(Source("event.json", payload)) if payload else None
    with pytest.raises(InputError, match=r"c\.yaml:2:23: error: the payload binding \$\(body\.a\)"):
        plan.make(load(Source("c.yaml", text)), {}, Builtins(), rules=Rules.TRIGGER, payload=event)
