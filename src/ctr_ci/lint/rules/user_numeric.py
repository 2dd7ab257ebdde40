from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, User
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Stage
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        users = [
            one
            for link in facts.dockerfile.chain(stage)[:1]
            for one in link.instructions
            if isinstance(one, User)
        ]
        if not users:
            continue
        word = users[-1].user
        state = facts.before(users[-1])
        expanded = state.expand(word).value
        name = (expanded if expanded is not None else word.text).strip("\"'").partition(":")[0]
        if not name or name.isdigit() or name == "root" or "$" in name:
            continue
        image = facts.image(stage)
        bare = image is not None and image.text == "scratch" and not _passwd(facts, stage)
        yield RULE.at(
            word.span,
            f"{image.text if image else 'the image'} has no /etc/passwd, so the name {name} cannot be found"
            if bare
            else f"USER {name} is a name: Kubernetes' runAsNonRoot can only check a number",
            help="write the user's number",
            severity=Severity.ERROR if bare else None,
        )


def _passwd(facts: Facts, stage: Stage) -> bool:
    return any(
        isinstance(one, Copy | Add)
        and (
            "passwd" in one.destination.text
            or "etc" in one.destination.text
            or one.destination.text in ("/", "./", ".")
        )
        for one in stage.instructions
    )


RULE = Rule(
    id="CT172",
    name="user-numeric",
    severity=Severity.INFO,
    category=Category.SECURITY,
    summary="The last USER should be a number",
    why="Kubernetes' runAsNonRoot refuses a container whose user it knows by name only; a number needs no "
    "/etc/passwd.",
    examples=(
        Bad("FROM alpine:3.20\nUSER app\n", at="2:6-2:9"),
        Good("FROM alpine:3.20\nUSER 10001\n"),
    ),
    same_as=("DL3066", "tally:named-identity-in-passwdless-stage"),
    default=False,
    check=check,
)
