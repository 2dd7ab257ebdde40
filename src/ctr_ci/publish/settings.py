"""The `publish` section of ctr-ci.yaml: what a repository wants of every push of it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ctr_ci.document import List, Map, Node, Scalar, nearest
from ctr_ci.problem import InputError, Problem

KEYS = ("require", "to", "tag", "immutable", "attest")
ATTEST = ("none", "evidence", "signed", "keyless")


@dataclass(frozen=True, slots=True)
class Defaults:
    """`immutable`: patterns of tags that must not move once they exist; `attest` as the option."""

    to: str = ""
    tags: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()
    attest: str = ""

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
            single = entry.key in ("to", "attest")
            if not all(isinstance(item, Scalar) for item in items) or (single and len(items) != 1):
                expected = "a text" if single else "a text or a list of texts"
                problems.append(
                    Problem(f"`{entry.key}`", expected=expected, path=path, span=entry.value.span)
                )
                continue
            texts[entry.key] = tuple(item.text for item in items if isinstance(item, Scalar))
            if entry.key == "attest" and texts["attest"][0] not in ATTEST:
                found = f"`attest` is {texts['attest'][0]!r}"
                expected = f"one of {', '.join(ATTEST)}"
                problems.append(Problem(found, expected, path=path, span=entry.value.span))
        if problems:
            raise InputError(*problems)
        return cls(
            "".join(texts.get("to", ())),
            texts.get("tag", ()),
            texts.get("immutable", ()),
            "".join(texts.get("attest", ())),
        )

    def keeps(self, tags: tuple[str, ...]) -> frozenset[str]:
        """Those of `tags` that must not move."""
        return frozenset(tag for tag in tags if any(fnmatchcase(tag, pattern) for pattern in self.immutable))
