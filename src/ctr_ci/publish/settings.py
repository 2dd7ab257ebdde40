"""The `publish` section of ctr-ci.yaml: what a repository wants of every push of it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ctr_ci.document import List, Map, Node, Scalar, nearest
from ctr_ci.problem import InputError, Problem

# Keys with one text, and what it may be (None: anything).
CHOICES: dict[str, tuple[str, ...] | None] = {
    "to": None,
    "attest": ("none", "evidence", "signed", "keyless"),
    "sbom": ("cyclonedx",),
    "only-if-newer": ("true", "false"),
    "git-annotations": ("true", "false"),
}
KEYS = ("require", "tag", "immutable", *CHOICES)


@dataclass(frozen=True, slots=True)
class Defaults:
    """`immutable`: patterns of tags that must not move once they exist; the rest as the options."""

    to: str = ""
    tags: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()
    attest: str = ""
    sbom: str = ""
    only_if_newer: bool = False
    git_annotations: bool = False

    @classmethod
    def read(cls, node: Node | None, path: str) -> Defaults:
        """Raises InputError with all problems; `require` is the gate's to read."""
        if node is None:
            return cls()
        if not isinstance(node, Map):
            raise InputError(
                Problem("`publish` is no map", expected=", ".join(KEYS), path=path, span=node.span)
            )
        problems: list[Problem] = []
        texts: dict[str, tuple[str, ...]] = {}
        for entry in node.entries:
            if entry.key not in KEYS:
                near = nearest(entry.key, KEYS)
                problems.append(
                    Problem(
                        f"unknown key {entry.key!r} in `publish`",
                        expected=f"one of {', '.join(KEYS)}",
                        help=f"did you mean {near!r}?" if near else "",
                        path=path,
                        span=entry.key_span,
                    )
                )
                continue
            items = entry.value.items if isinstance(entry.value, List) else (entry.value,)
            single = entry.key in CHOICES
            if not all(isinstance(item, Scalar) for item in items) or (single and len(items) != 1):
                expected = "a text" if single else "a text or a list of texts"
                problems.append(
                    Problem(f"`{entry.key}`", expected=expected, path=path, span=entry.value.span)
                )
                continue
            texts[entry.key] = tuple(item.text for item in items if isinstance(item, Scalar))
            choices = CHOICES.get(entry.key)
            if choices and texts[entry.key][0] not in choices:
                found = f"`{entry.key}` is {texts[entry.key][0]!r}"
                problems.append(
                    Problem(found, f"one of {', '.join(choices)}", path=path, span=entry.value.span)
                )
        if problems:
            raise InputError(*problems)
        return cls(
            "".join(texts.get("to", ())),
            texts.get("tag", ()),
            texts.get("immutable", ()),
            "".join(texts.get("attest", ())),
            "".join(texts.get("sbom", ())),
            texts.get("only-if-newer") == ("true",),
            texts.get("git-annotations") == ("true",),
        )

    def keeps(self, tags: tuple[str, ...]) -> frozenset[str]:
        """Those of `tags` that must not move."""
        return frozenset(tag for tag in tags if any(fnmatchcase(tag, pattern) for pattern in self.immutable))
