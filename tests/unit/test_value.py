"""`@value` keeps the promises of a frozen dataclass."""

from __future__ import annotations

import pickle

import pytest

from ctr_ci.value import fields, replace, value


@value
class Pair:
    left: int
    right: tuple[str, ...] = ()


@value
class Other:
    left: int
    right: tuple[str, ...] = ()


def test_fields_are_set_by_position_name_and_default() -> None:
    assert (Pair(1).right, Pair(1, ("a",)).right, Pair(left=1, right=("b",)).right) == ((), ("a",), ("b",))


def test_a_missing_or_unknown_field_is_an_error() -> None:
    with pytest.raises(TypeError):
        Pair()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Pair(1, middle=2)  # type: ignore[call-arg]


def test_equal_fields_make_equal_records_of_one_class_only() -> None:
    assert Pair(1, ("a",)) == Pair(1, ("a",))
    assert hash(Pair(1, ("a",))) == hash(Pair(1, ("a",)))
    assert Pair(1) != Pair(2)
    assert Pair(1) != Other(1)  # type: ignore[comparison-overlap]


def test_nothing_can_be_changed_or_added() -> None:
    pair = Pair(1)
    with pytest.raises(AttributeError):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        pair.extra = 2  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del pair.left
    assert pair == Pair(1)


def test_replace_copies_with_changes() -> None:
    assert replace(Pair(1, ("a",)), left=3) == Pair(3, ("a",))
    with pytest.raises(TypeError):
        replace(Pair(1), nothing=1)


def test_records_pickle_match_and_show_themselves() -> None:
    pair = Pair(1, ("a",))
    assert pickle.loads(pickle.dumps(pair)) == pair
    assert repr(pair) == "Pair(left=1, right=('a',))"
    assert fields(Pair) == ("left", "right")
    match pair:
        case Pair(left, right):
            assert (left, right) == (1, ("a",))
