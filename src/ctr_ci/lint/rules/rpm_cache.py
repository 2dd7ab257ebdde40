from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.cleanup import mounted, removed_after
from ctr_ci.lint.repair import appended
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

# manager -> its caches, and how it cleans them
_CACHES = {
    "dnf": ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"),
    "zypper": ("/var/cache/zypp",),
    "pacman": ("/var/cache/pacman/pkg",),
}
_CODES = {"yum": "DL3032", "zypper": "DL3036", "dnf": "DL3040", "microdnf": "DL3040", "dnf5": "DL3040"}
_MAKING = ("install", "groupinstall", "upgrade", "dist-upgrade", "update")


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        operations = facts.operations(run)
        for manager, caches in _CACHES.items():
            makes = [one for one in operations if one.manager == manager and one.verb in _MAKING]
            if not makes or mounted(run, *caches):
                continue
            last = makes[-1]
            # yum and dnf are one program on newer releases, but each cleans its own cache on older ones
            cleans = any(
                one.verb == "clean" and one.manager == manager and one.command.start > last.command.start
                for one in operations
            )
            if cleans or removed_after(facts, run, last.command, *caches):
                continue
            how = {"dnf": f"{last.tool} clean all", "zypper": "zypper clean --all"}.get(
                manager, "pacman -Scc --noconfirm"
            )
            yield RULE.at(
                facts.span(run, last.command.words[0].start, last.verb_word.end),
                f"the cache of `{last.tool} {last.verb_word.text}` stays in the layer",
                help=f"end this RUN with `&& {how}`",
                fix=appended(facts, run, how, f"add {how}"),
                code=_CODES.get(last.tool, ""),
            )


RULE = Rule(
    id="CT209",
    name="rpm-cache",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="The cache of yum, dnf, zypper or pacman should not stay in a layer that ships",
    why=(
        "These package managers keep metadata (tens to hundreds of MB) and often the packages. Cleaning in "
        "a later "
        "RUN frees nothing."
    ),
    examples=(
        Bad(
            "FROM fedora:41\nRUN dnf install -y curl\n",
            at="2:5-2:16",
            fixed="FROM fedora:41\nRUN dnf install -y curl && dnf clean all\n",
        ),
        Good("FROM centos:7\nRUN yum install -y curl && rm -rf /var/cache/yum\n"),
    ),
    same_as=("DL3032", "DL3036", "DL3040", "trivy:DS015", "trivy:DS019", "trivy:DS020", "trivy:DS027"),
    check=check,
)
