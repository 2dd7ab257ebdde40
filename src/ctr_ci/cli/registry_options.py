"""The options that `publish` and `verify` share: how a registry is reached."""

from __future__ import annotations

from ctr_ci.cli.option import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.verbs.publish_parts import Reach

REACH = (
    Option(
        "--credential",
        "env:USER:VARIABLE, file:PATH, docker-config, helper:NAME, github, token-stdin, "
        "password-stdin:USER; a job's own identity: gcp, aws, azure, dockerhub, quay",
        metavar="SOURCE",
    ),
    Option("--token-host", "host that may be sent the credential for a token", kind="list", metavar="HOST"),
    Option("--ca", "certificate of an authority of your own", metavar="FILE"),
    Option("--client-cert", "our certificate for TLS", metavar="FILE"),
    Option("--client-key", "its key, where it is another file", metavar="FILE"),
    Option("--plain-http", "speak http to a registry that is not this machine", kind="flag"),
)


def reach(arguments: argparse.Namespace) -> Reach:
    from ctr_ci.registry import Trust
    from ctr_ci.verbs.publish_parts import Reach

    return Reach(
        arguments.credential or "",
        tuple(arguments.token_host),
        tuple(getattr(arguments, "mount_from", ())),
        arguments.plain_http,
        Trust(arguments.ca or "", arguments.client_cert or "", arguments.client_key or ""),
    )
