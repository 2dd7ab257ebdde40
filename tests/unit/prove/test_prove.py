"""Findings against bytes: attached, raised, withdrawn, and each of it said."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.dockerfile import parse
from ctr_ci.image import Weight
from ctr_ci.lint import Finding, Severity, all_rules, check
from ctr_ci.prove import FLAGSHIP, Proven, measure, prove
from ctr_ci.prove.proofs import PROOFS
from ctr_ci.settings import find
from ctr_ci.source import Source
from unit.image.pack import Content, weigh
from unit.image.test_elf import elf

ELF = elf((), 10)
BUILDS = """\
FROM debian:bookworm
RUN apt-get update && apt-get install -y gcc \\
    # the compiler
    libc6-dev
COPY . /src
RUN gcc -o /app /src/main.c
CMD ["/app"]
"""
HISTORY: list[dict[str, object]] = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
    {"created_by": "/bin/sh -c apt-get update && apt-get install -y gcc     libc6-dev"},
    {"created_by": "/bin/sh -c #(nop) COPY dir:2 in /src "},
    {"created_by": "/bin/sh -c gcc -o /app /src/main.c"},
]
COMPILER: dict[str, Content] = {
    "usr/lib/gcc/x/12/cc1": ELF + bytes(2_000_000),
    "usr/include/stdio.h": b"x" * 1000,
}


def findings(text: str, tmp: str = "/") -> tuple[Finding, ...]:
    return check(parse(Source("Dockerfile", text)), find(tmp, {}, "", False).lint)


def image(*layers: Mapping[str, Content], history: list[dict[str, object]] = HISTORY) -> Weight:
    return weigh(*layers, history=history, config={"Cmd": ["/app"]})


def named(proven: Proven, name: str = FLAGSHIP) -> Finding:
    return next(finding for finding in proven.findings if finding.rule.name == name)


def test_bytes_are_attached_and_a_compiler_makes_it_an_error() -> None:
    weight = image({"etc/x": "1"}, COMPILER, {"src/main.c": "x"}, {"app": ELF})
    proven = prove(findings(BUILDS), weight, parse(Source("Dockerfile", BUILDS)))
    found = named(proven)
    assert found.bytes == weight.build_bytes == 2_000_000 + len(ELF) + 1000
    assert found.severity is Severity.ERROR
    assert "proven: 2.0 MB that only building needs in the image" in found.help
    assert "compilers in the image: C (/usr/lib/gcc/x/12/cc1)" in found.help
    assert found in proven.raised
    assert measure(findings(BUILDS), weight) != findings(BUILDS)


def test_what_the_bytes_refute_is_withdrawn_with_the_reason() -> None:
    weight = image({"etc/x": "1"}, {"usr/bin/true": ELF}, {"etc/y": "x"}, {"app": ELF})
    proven = prove(findings(BUILDS), weight, parse(Source("Dockerfile", BUILDS)))
    gone = {finding.rule.name: reason for finding, reason in proven.withdrawn}
    assert gone[FLAGSHIP] == "no bytes that only building needs in the image"
    assert gone["missing-multi-stage"] == "no bytes that a second stage would leave behind in the image"
    assert not {finding.rule.name for finding in proven.findings} & set(gone)


def test_a_package_that_is_not_there_is_named_though_the_finding_stands() -> None:
    status = (
        "Package: libc6-dev\nStatus: install ok installed\n"
        "Architecture: amd64\nVersion: 1\nSection: libdevel\n"
    )
    installed: dict[str, Content] = {
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/libc6-dev:amd64.list": "/usr/include/stdio.h\n",
        "usr/include/stdio.h": b"x" * 9000,
    }
    weight = image({"etc/x": "1"}, installed, {"src/main.c": "x"}, {"app": ELF})
    found = named(prove(findings(BUILDS), weight, parse(Source("Dockerfile", BUILDS))))
    assert "refuted: no package gcc in the image" in found.help
    said = {related.message for related in found.related}
    assert {"gcc is not in the image", "libc6-dev stays installed"} <= said
    assert found.severity is Severity.WARNING


def test_a_cache_counts_in_the_layer_of_its_own_instruction() -> None:
    lists: dict[str, Content] = {"var/lib/apt/lists/x_Packages": b"y" * 5000}
    there = prove(
        findings(BUILDS),
        image({"etc/x": "1"}, lists, {"src/main.c": "x"}, {"app": ELF}),
        parse(Source("Dockerfile", BUILDS)),
    )
    assert named(there, "apt-lists").bytes == 5000
    elsewhere = prove(
        findings(BUILDS),
        image(lists, {"etc/x": "1"}, {"src/main.c": "x"}, {"app": ELF}),
        parse(Source("Dockerfile", BUILDS)),
    )
    gone = {finding.rule.name: reason for finding, reason in elsewhere.withdrawn}
    assert gone["apt-lists"] == "no bytes of apt's lists and caches in layer 2 of the image"


def test_what_only_the_bytes_show_is_raised_where_it_was_brought() -> None:
    text = 'FROM debian:bookworm\nRUN ./setup.sh\nCOPY . /src\nCMD ["/app"]\n'
    history: list[dict[str, object]] = [
        *HISTORY[:2],
        {"created_by": "RUN /bin/sh -c ./setup.sh # buildkit"},
        {"created_by": "COPY . /src # buildkit"},
    ]
    weight = image({"etc/x": "1"}, COMPILER, {"app": ELF}, history=history)
    assert not any(finding.rule.name == FLAGSHIP for finding in findings(text))
    found = named(prove(findings(text), weight, parse(Source("Dockerfile", text))))
    assert found.span.start.line == 2
    assert "this instruction brings 2.0 MB that only building needs" in found.message
    assert found.severity is Severity.WARNING
    assert found.bytes == weight.build_bytes
    silent = prove(findings(text), weight, parse(Source("Dockerfile", text)), raises=None)
    assert not any(finding.rule.name == FLAGSHIP for finding in silent.findings)


def test_a_toolchain_of_the_base_is_raised_at_from_and_mildly_for_a_shell() -> None:
    text = 'FROM vendor/base\nCOPY . /src\nCMD ["bash"]\n'
    history: list[dict[str, object]] = [*HISTORY[:2], {"created_by": "COPY . /src # buildkit"}]
    weight = weigh(COMPILER, {"src/x": "1"}, history=history, config={"Cmd": ["bash"]})
    found = named(prove(findings(text), weight, parse(Source("Dockerfile", text))))
    assert (found.span.start.line, found.severity) == (1, Severity.INFO)
    assert "the base image brings" in found.message


def test_other_findings_are_left_as_they_are() -> None:
    weight = image({"etc/x": "1"}, {"a": "1"}, {"b": "1"}, {"app": ELF})
    before = {finding.rule.name: finding for finding in findings(BUILDS) if finding.bytes is None}
    after = {finding.rule.name: finding for finding in prove(findings(BUILDS), weight).findings}
    assert after["root"] == before["root"]


def test_every_proof_is_of_a_rule() -> None:
    names = {rule.name for rule in all_rules()}
    assert set(PROOFS) <= names
