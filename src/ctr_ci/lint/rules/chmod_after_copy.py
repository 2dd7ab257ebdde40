from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    copied: dict[int, list[Copy | Add]] = {}
    for one in facts.each(Copy, Add, Run):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        if isinstance(one, Copy | Add):
            copied.setdefault(stage.index, []).append(one)
            continue
        script = facts.script(one)
        for command in script.commands if script else ():
            if command.name not in ("chmod", "chown", "chgrp"):
                continue
            recursive = any(text[:1] == "-" and "R" in text for text in command.values)
            plain = [text for text in command.values if not text.startswith("-")]
            for path in plain[1:]:
                source = next(
                    (c for c in copied.get(stage.index, ()) if _covers(facts, c, path, recursive)), None
                )
                if source is not None:
                    if not recursive and path.endswith((".sh", "entrypoint", ".py", ".bash")):
                        continue
                    flag = "--chmod" if command.name == "chmod" else "--chown"
                    value = plain[0] if plain else ""
                    yield RULE.at(
                        facts.span(one, command.start, command.end),
                        f"{command.name} stores each file again in a layer of its own",
                        help=f"write {source.keyword} {flag}={value} …, which stores it once",
                        severity=None if recursive else Severity.INFO,
                        related=(Related(source.keyword_span, "copied here"),),
                    )
                    break


def _covers(facts: Facts, copy: Copy | Add, path: str, recursive: bool) -> bool:
    base = facts.before(copy).workdir or ""
    target = copy.destination.text.rstrip("/") or "/"
    if not target.startswith("/"):
        target = f"{base.rstrip('/')}/{target}".replace("/./", "/").removesuffix("/.") if base else target
    whole = path.rstrip("/") or "/"
    if not whole.startswith("/"):
        whole = f"{base.rstrip('/')}/{whole}".removesuffix("/.") if base else whole
    if whole == target:
        return True
    if recursive:
        return target.startswith(f"{whole.rstrip('/')}/")
    names = {word.text.rstrip("/").rpartition("/")[2] for word in copy.sources}
    return whole.startswith(f"{target.rstrip('/')}/") and whole.rpartition("/")[2] in names


RULE = Rule(
    id="CT181",
    name="chmod-after-copy",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="Set mode and owner while copying",
    why=(
        "A layer stores whole files: chmod or chown of copied files in a later RUN stores each of them a "
        "second time, "
        "even when only the mode changes. BuildKit's COPY takes --chown and --chmod."
    ),
    examples=(
        Bad("FROM alpine:3.20\nCOPY app /app\nRUN chown -R 1000 /app\n", at="3:5-3:23"),
        Good("FROM alpine:3.20\nCOPY --chown=1000 app /app\n"),
    ),
    same_as=("tally:prefer-copy-chmod", "chown/chmod-copy"),
    check=check,
)
