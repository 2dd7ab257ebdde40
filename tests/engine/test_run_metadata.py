"""Steps find a metadata server of their build's own, and never the machine's."""

from __future__ import annotations

from pathlib import Path

from testbed.builds import Builds, Step, sh

ASK = (
    "wget -q -O - --header 'Metadata-Flavor: Google' "
    "http://metadata.google.internal/computeMetadata/v1/project/project-id"
)


def by_address(path: str, **more: object) -> Step:
    url = f"http://169.254.169.254/computeMetadata/v1/{path}"
    return sh(f"wget -q -O - --header 'Metadata-Flavor: Google' {url} 2>&1 || echo none", **more)


def test_a_single_step_knows_its_project_by_name(ran: Builds) -> None:
    assert ran(sh(ASK)).out == "local-project"


def test_parallel_steps_and_later_ones_know_it_too(ran: Builds) -> None:
    done = ran(*(by_address("project/project-id", waitFor=["-"]) for _ in range(3)), sh(ASK))
    assert done.out.count("local-project") == 4


def test_without_the_header_nothing_is_told(ran: Builds) -> None:
    done = ran(sh("wget -q -O - http://metadata/computeMetadata/v1/project/project-id 2>&1 || echo no"))
    assert done.out.endswith("no\n")
    assert "local-project" not in done.out


def test_there_is_no_token_unless_one_is_handed_over(ran: Builds) -> None:
    assert ran(by_address("instance/service-accounts/default/token")).out.endswith("none\n")


def test_a_handed_token_reaches_the_step_and_no_log(ran: Builds, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ya29.canary-of-a-token\n")
    done = ran(
        sh(
            "wget -q -O t --header 'Metadata-Flavor: Google' http://metadata/computeMetadata/v1/"
            "instance/service-accounts/default/token; cat t; wc -c < t"
        ),
        secrets=(f"GOOGLE_ACCESS_TOKEN=file:{tmp_path / 'token'}",),
    )
    shown, size = done.out.split("}")
    assert shown == '{"access_token": "***", "expires_in": 1800, "token_type": "Bearer"'
    assert int(size) > 80
    assert "canary" not in done.out + done.err
