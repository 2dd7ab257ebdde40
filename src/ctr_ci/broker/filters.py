"""The `filters` parameter of lists: always narrowed to what is the build's. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import dump, parse, record
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import is_name
from ctr_ci.broker.target import Target
from ctr_ci.broker.verdict import Owned
from ctr_ci.engine import BUILD_LABEL


def narrow(target: Target, owned: Owned, *needed: str) -> Target:
    """The target with only things of this build in its answer; `needed` are further labels."""
    found = _filters(target.get("filters"))
    found["label"] = [*found.get("label", []), f"{BUILD_LABEL}={owned.scope.build_id}", *needed]
    for kind in ("name", "network", "volume", "container", "before", "since"):
        if kind in found:
            found[kind] = [_word(kind, value, owned) for value in found[kind]]
    encoded = dump({kind: dict.fromkeys(values, True) for kind, values in found.items()})
    return target.with_query(filters=encoded.decode("ascii"))


def _filters(raw: str) -> dict[str, list[str]]:
    """Both forms that clients send: {"kind": ["value"]} and the older {"kind": {"value": true}}."""
    found: dict[str, list[str]] = {}
    for kind, values in record(parse(raw.encode("utf-8", "surrogateescape"))).items():
        words = list(values) if isinstance(values, dict | list) else []
        if not all(isinstance(word, str) for word in words):
            raise Malformed(400, f"filter {kind!r} is not a list of texts")
        found[kind.lower()] = [str(word) for word in words]
    return found


def _word(kind: str, word: str, owned: Owned) -> str:
    if kind == "name":
        # Names are matched as patterns: an anchored end must lie behind what we add to names.
        return word[:-1] + owned.suffix.replace(".", "\\.") + "$" if word.endswith("$") else word
    if kind == "network":
        return owned.network(word) or word
    if kind == "volume":
        return owned.volume(word) or word
    found = owned.container(word)
    return found if found is not None else word if is_name(word) else "none"
