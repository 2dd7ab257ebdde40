"""A rule's case file: Markdown with a section a case, each holding fenced blocks.

## what the case shows
```dockerfile        the file
```settings          (optional) the `lint` section of ctr-ci.yaml
```surroundings      (optional) files beside it: `.dockerignore: TEXT`, `entry: NAME`, `target: NAME`
```findings          what the rule says: PLACE severity message
```fixed             (optional) the file after all fixes of the rule
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Context, Finding, Safety, check, find, fix, select
from ctr_ci.settings import LintSettings, Name
from ctr_ci.settings.load import read
from ctr_ci.source import Source
from ctr_ci.value import replace

HERE = Path(__file__).parent
ORDER = ("settings", "surroundings", "dockerfile", "findings", "fixed")


@dataclass
class Case:
    title: str
    blocks: dict[str, str] = field(default_factory=dict)

    def settings(self, rule: str) -> LintSettings:
        said = self.blocks.get("settings")
        found = LintSettings()
        if said is not None:
            whole = read(
                Source("ctr-ci.yaml", "lint:\n" + "".join(f"  {line}\n" for line in said.splitlines()))
            )
            assert whole is not None
            found = whole.lint
        return replace(found, select=(Name(rule),))

    def context(self) -> Context:
        context = Context()
        for line in self.blocks.get("surroundings", "").splitlines():
            key, _, text = line.partition(": ")
            if key == ".dockerignore":
                context = replace(context, dockerignore=text.replace("\\n", "\n"))
            elif key == "entry":
                context = replace(context, entries=(context.entries or frozenset()) | {text})
            elif key == "target":
                context = replace(context, targets=context.targets | {text})
        return context

    def findings(self, rule: str) -> tuple[Finding, ...]:
        settings = self.settings(rule)
        return check(parse(self.source), settings, self.context(), select(settings))

    def fixed(self, rule: str) -> str:
        settings = self.settings(rule)
        return fix(self.source, settings, Safety.UNSAFE, self.context(), select(settings)).source.text

    @property
    def source(self) -> Source:
        return Source("Dockerfile", self.blocks["dockerfile"])


def described(findings: tuple[Finding, ...]) -> str:
    return "".join(
        f"{one.span} {one.severity.value}{f' {one.code}' if one.code else ''} {one.message}\n"
        for one in findings
    )


def load(path: Path) -> list[Case]:
    cases: list[Case] = []
    block: str | None = None
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if block is not None:
            if line == "```":
                cases[-1].blocks[block] = "".join(f"{text}\n" for text in lines)
                block = None
            else:
                lines.append(line)
        elif line.startswith("## "):
            cases.append(Case(line[3:]))
        elif line.startswith("```") and cases:
            block, lines = line[3:].strip(), []
    return cases


def save(path: Path, rule: str, cases: list[Case]) -> None:
    parts = [f"# {rule}\n"]
    for case in cases:
        parts.append(f"\n## {case.title}\n")
        kept = [name for name in ORDER if name in case.blocks]
        parts += [f"\n```{name}\n{case.blocks[name]}```\n" for name in kept]
    path.write_text("".join(parts), encoding="utf-8")


def known(rule: str) -> bool:
    return bool(find(rule))
