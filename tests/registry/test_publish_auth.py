"""Rights at real registries: the scope is ours alone, and refusals say who refused what."""

from __future__ import annotations

import os

import pytest

from conftest import StartRegistry
from ctr_ci.problem import Exit, WorldError
from ctr_ci.registry import RegistryError
from testbed.pushing import Push, to
from testbed.saved import Saved, layer


def image() -> Saved:
    return Saved([layer(app=os.urandom(20_000)), layer(more=b"m")])


def test_the_token_service_is_asked_for_this_repository_and_push_only(registry: StartRegistry) -> None:
    started = registry("token")
    to(started)(image(), "v1")
    assert started.scopes_asked == ["repository:team/app:pull,push"]


def test_a_named_mount_source_adds_pull_on_it_and_no_more(registry: StartRegistry) -> None:
    started = registry("token")
    push = to(started)
    push.mounts = ("team/base",)
    push(image(), "v1")
    assert started.scopes_asked == ["repository:team/app:pull,push", "repository:team/base:pull"]


def test_a_password_works_where_the_registry_wants_basic(registry: StartRegistry) -> None:
    receipt = to(registry("htpasswd"))(image(), "v1")
    assert [tag.name for tag in receipt.tags] == ["v1"]


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
def test_a_wrong_password_is_told_with_the_host_that_refused_it(registry: StartRegistry, auth: str) -> None:
    started = registry(auth)  # type: ignore[arg-type]
    refuser = started.tokens.realm.split("/")[2] if started.tokens else started.host
    push = to(started)
    push.password = "wrong"
    with pytest.raises(WorldError, match=f"credentials refused by {refuser}") as error:
        push(image(), "v1")
    assert error.value.exit == Exit.WORLD
    assert "wrong" not in str(error.value)
    if started.tokens:
        assert started.tokens.logins_refused == 1


def test_no_credentials_where_some_are_wanted_points_to_the_option(registry: StartRegistry) -> None:
    push = Push(registry("htpasswd").host)
    with pytest.raises(WorldError, match="--credential"):
        push(image(), "v1")


def test_a_right_that_was_not_granted_is_named_and_not_asked_for_again(registry: StartRegistry) -> None:
    started = registry("token")
    assert started.tokens
    started.tokens.grants = {"team/app": frozenset({"pull"})}
    with pytest.raises(RegistryError, match=r"may not push to .*/team/app") as error:
        to(started)(image(), "v1")
    assert "the right to push" in str(error.value)
    assert error.value.status == 401
    assert len(started.scopes_asked) <= 2


def test_an_unreachable_registry_is_the_worlds_fault(registry: StartRegistry) -> None:
    started = registry()
    started.stop()
    push = Push(started.host)
    with pytest.raises(WorldError, match="cannot be reached: connection refused"):
        push(image(), "v1")
    assert len(push.slept) == 2
