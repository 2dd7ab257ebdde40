from __future__ import annotations

from ctr_ci.dockerfile import Add
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_ARCHIVES = (
    ".tar",
    ".gz",
    ".tgz",
    ".bz2",
    ".tbz",
    ".tbz2",
    ".xz",
    ".txz",
    ".zst",
    ".tzst",
    ".lzma",
    ".tlz",
    ".z",
)


def check(facts: Facts) -> Iterator[Finding]:
    for add in facts.each(Add):
        if (
            add.checksum is not None
            or add.unpack is not None
            or add.keep_git_dir is not None
            or not add.sources
        ):
            continue
        if any(_remote_or_archive(word.text) for word in add.sources):
            continue
        word = add.line.keyword
        yield RULE.at(
            word.span,
            "ADD copies here, and COPY says so",
            fix=Fix("use COPY", Safety.SAFE, (Edit(word.span, "COPY" if word.text.isupper() else "copy"),)),
        )


def _remote_or_archive(text: str) -> bool:
    lower = text.lower().strip("\"'")
    if "://" in lower or lower.startswith("git@") or (".git" in lower and ":" in lower) or "$" in lower:
        return True
    return lower.endswith(_ARCHIVES) or (
        "*" in lower and any(part in lower for part in (".tar", ".t*", ".gz"))
    )


RULE = Rule(
    id="CT175",
    name="copy-not-add",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="Use COPY for plain files and folders",
    why="ADD also unpacks archives and fetches URLs, so a reader has to check that it does neither here.",
    examples=(
        Bad("FROM alpine:3.20\nADD app /app\n", at="2:1-2:4", fixed="FROM alpine:3.20\nCOPY app /app\n"),
        Good("FROM alpine:3.20\nADD rootfs.tar.gz /\n"),
        Good("FROM alpine:3.20\nADD git@github.com:a/b.git /src\n"),
    ),
    same_as=("DL3020", "trivy:DS005", "checkov:CKV_DOCKER_4", "dockle:CIS-DI-0009"),
    check=check,
)
