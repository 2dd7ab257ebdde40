from __future__ import annotations

from ctr_ci.dockerfile import Add, Cmd, Copy, Entrypoint, Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.image import Image
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    shelled: set[int] = set()
    for one in facts.each(Copy, Add, Run, Cmd, Entrypoint):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        image = facts.image(stage)
        bare = image is not None and (image.text == "scratch" or _distroless(image))
        if not bare or image is None:
            continue
        if isinstance(one, Copy | Add):
            if _may_bring_a_shell(one):
                shelled.add(stage.index)
            continue
        if one.json is not None or any(link.index in shelled for link in facts.dockerfile.chain(stage)):
            continue
        if isinstance(one, Run) and any(mount.type == "bind" for mount in one.mounts):
            continue
        if not isinstance(one, Run) and (one.script is None or not one.script.text.strip()):
            continue
        if facts.before(one).shell is not None:
            continue
        yield RULE.at(
            one.keyword_span,
            f"{one.keyword} in shell form needs /bin/sh, and {image.text} has none",
            help='use the JSON form: ["/program", "argument"]'
            if not isinstance(one, Run)
            else "run it in a build stage",
        )


def _distroless(image: Image) -> bool:
    return "distroless" in image.path and "debug" not in image.tag


def _may_bring_a_shell(one: Copy | Add) -> bool:
    if isinstance(one, Add):
        return any(
            word.text.endswith((".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst")) or "$" in word.text
            for word in one.sources
        )
    texts = [word.text for word in (*one.sources, one.destination)]
    if any(text.rstrip("/").endswith(("sh", "busybox", "/bin", "/usr")) for text in texts):
        return True
    if one.destination.text not in ("/", ".", "./"):
        return False
    return any("." not in text.rstrip("/").rpartition("/")[2].strip(".") for text in texts[:-1])


RULE = Rule(
    id="CT151",
    name="shell-in-scratch",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="The shell form needs a shell in the image",
    why="scratch and distroless images hold no /bin/sh: the build stops at RUN, the container at CMD.",
    examples=(
        Bad("FROM scratch\nCOPY a /a\nCMD /a\n", at="3:1-3:4"),
        Good('FROM scratch\nCOPY a /a\nCMD ["/a"]\n'),
    ),
    same_as=("tally:shell-run-in-scratch",),
    check=check,
)
