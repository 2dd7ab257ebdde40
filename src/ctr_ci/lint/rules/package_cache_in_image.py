from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.cleanup import mounted, removed_after
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

# tool -> where it keeps what it downloads, as root
_CACHES = {
    "cargo": ("/usr/local/cargo/registry", "/root/.cargo/registry"),
    "mvn": ("/root/.m2",),
    "gradle": ("/root/.gradle", "/home/gradle/.gradle"),
    "go": ("/go/pkg/mod", "/root/.cache/go-build"),
    "composer": ("/root/.composer/cache", "/root/.cache/composer", "/tmp/cache"),
    "poetry": ("/root/.cache/pypoetry",),
    "uv": ("/root/.cache/uv",),
    "gem": ("/usr/local/bundle/cache",),
    "conda": ("/opt/conda/pkgs",),
    "mamba": ("/opt/conda/pkgs",),
}
_VERBS = {
    "conda": ("install", "env", "create", "update"),
    "mamba": ("install", "env", "create", "update"),
    "poetry": ("install",),
    "composer": ("install", "update", "require"),
}
_CLEAN = {
    "conda": ("clean",),
    "mamba": ("clean",),
    "poetry": ("cache",),
    "composer": ("clear-cache", "clearcache", "cc"),
}


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        script = facts.script(run)
        commands = script.commands if script else ()
        for command in commands:
            verbs = _VERBS.get(command.name)
            if verbs is None or not set(command.values[:2]) & set(verbs):
                continue
            caches = _CACHES[command.name]
            if mounted(run, *caches) or any("cache" in m.target or "pkgs" in m.target for m in run.mounts):
                continue
            if removed_after(facts, run, command, *caches, "/root/.cache") or "--no-cache" in command.values:
                continue
            if any(
                c.name == command.name
                and set(c.values[:1]) & set(_CLEAN[command.name])
                and c.start > command.start
                for c in commands
            ):
                continue
            how = {
                "conda": "conda clean -afy",
                "mamba": "mamba clean -afy",
                "poetry": "poetry cache clear --all .",
            }.get(command.name, "composer clear-cache")
            end = command.words[1].end if len(command.words) > 1 else command.end
            yield RULE.at(
                facts.span(run, command.start, end),
                f"{command.name} keeps what it downloads in its cache, in this layer",
                help=f"end this RUN with `&& {how}`, or use a cache mount on {caches[0]}",
            )


RULE = Rule(
    id="CT105",
    name="package-cache-in-image",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="A tool's download cache should not stay in a layer that ships",
    why="What was installed is in its place; the cache holds it again.",
    examples=(
        Bad("FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy\n", at="2:5-2:18"),
        Good("FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy && conda clean -afy\n"),
    ),
    same_as=("tally:prefer-package-cache-mounts", "cache-in-layer"),
    check=check,
)
