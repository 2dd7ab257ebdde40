"""How the tables of `container` and `mount` are written: a key, and the check of its value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ctr_ci.broker.body import Json, canonical, record, text
from ctr_ci.broker.scope import GRANTABLE
from ctr_ci.broker.verdict import Denial, Owned
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL

BROKER_LABEL = "ctr-ci.broker"  # the step: on what steps made, not on what the runner made
_OURS = "ctr-ci."


@dataclass(slots=True)
class Making:
    """One container in the making: whose, and the volumes that must exist before it."""

    owned: Owned
    name: str
    volumes: list[str] = field(default_factory=list)

    def may(self, rule: str) -> bool:
        """Has the user granted this step to break a rule?"""
        return rule in GRANTABLE and (self.owned.step, rule) in self.owned.scope.grants


Check = Callable[[Json, Making], Json]


def checked(value: Json, table: Mapping[str, Check], making: Making, where: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, item in canonical(value, table).items():
        check = table.get(key)
        if check is not None:
            try:
                found[key] = check(item, making)
            except Denial as denial:
                if not making.may(denial.rule):
                    raise
                found[key] = item
        elif item:
            raise Denial("unknown-field", f"{where}.{key} is not known to be harmless", "leave it out")
    return found


def keep(value: Json, _: Making) -> Json:
    return value


def never(rule: str, why: str, way_out: str = "leave it out") -> Check:
    def check(value: Json, _: Making) -> Json:
        if value:
            raise Denial(rule, why, way_out)
        return value

    return check


def one_of(rule: str, name: str, *allowed: str) -> Check:
    def check(value: Json, _: Making) -> Json:
        if text(value) not in allowed:
            shown = ", ".join(word for word in allowed if word)
            raise Denial(rule, f"{name}={value} is closed to steps", f"use one of: {shown}, or leave it out")
        return value

    return check


def unset(rule: str, why: str) -> Check:
    def check(value: Json, _: Making) -> Json:
        if value is not None:
            raise Denial(rule, why, "leave it out")
        return None

    return check


def labels(value: Json, owned: Owned) -> dict[str, Json]:
    """The user's labels and ours; nobody else sets ours."""
    kept = {key: item for key, item in record(value).items() if not key.startswith(_OURS)}
    scope = owned.scope
    ours = dict(scope.labels) | {BUILD_LABEL: scope.build_id, OWNER_LABEL: scope.owner}
    return kept | ours | {BROKER_LABEL: str(owned.step)}
