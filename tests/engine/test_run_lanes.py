"""Steps that join a network which is already up are as alone as with one of their own."""

from __future__ import annotations

from testbed.builds import Builds, sh


def test_a_listener_does_not_outlive_its_step(ran: Builds) -> None:
    done = ran(
        sh("(echo a | nc -l -p 7000 &) ; sleep 0.2; netstat -ltn | grep -c 7000"),
        sh("netstat -ltn | grep -c 7000 || true"),
        sh("(echo c | nc -l -p 7000 &) ; sleep 0.2; nc 127.0.0.1 7000"),
    )
    assert done.out.splitlines() == ["Step #0: 1", "Step #1: 0", "Step #2: c"]


def test_parallel_steps_have_a_localhost_each(ran: Builds) -> None:
    listen = "(echo {0} | nc -l -p 7000 &) ; sleep 1; nc 127.0.0.1 7000"
    done = ran(
        sh("true"),
        sh(listen.format("one"), waitFor=["-"]),
        sh(listen.format("two"), waitFor=["-"]),
        sh("true"),
        sh("true"),
    )
    assert set(done.out.splitlines()) == {"Step #1: one", "Step #2: two"}


def test_a_step_sees_only_its_own_processes(ran: Builds) -> None:
    done = ran(sh("ps; ps | grep -c '[c]tr-ci-holder' || true"), sh("true"))
    assert done.out.endswith("Step #0: 0\n")


def test_a_network_of_the_users_can_be_asked_for(ran: Builds) -> None:
    for steps in (1, 3):
        done = ran(*[sh("ip -o link | grep -vc ' lo:' || true")] * steps, network="none")
        assert {line.rpartition(" ")[2] for line in done.out.splitlines()} == {"0"}
