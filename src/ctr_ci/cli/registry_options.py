"""The options that `publish` and `verify` share: how a registry is reached, whose word is taken."""

from __future__ import annotations

from ctr_ci.cli.option import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.verbs.publish_parts import Reach
    from ctr_ci.verbs.publish_trust import Trusted

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

TRUSTED = (
    Option(
        "--certificate-identity",
        "whose evidence is believed: a workflow's URL with its @ref, or an address; * stands for any text "
        "(without @ where it is not the last sign)",
        metavar="NAME",
    ),
    Option(
        "--certificate-oidc-issuer", "who vouched for that identity (default: GitHub Actions)", metavar="URL"
    ),
    Option(
        "--trust-config",
        "a Sigstore of your own (JSON of its ClientTrustConfig) in place of the public one",
        metavar="FILE",
    ),
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


def trusted(arguments: argparse.Namespace) -> Trusted:
    from ctr_ci.problem import InputError, Problem
    from ctr_ci.verbs.publish_trust import Trusted

    for name in ("key", "certificate_identity", "certificate_oidc_issuer", "trust_config"):
        if getattr(arguments, name) == "":  # a variable that is not set must not lift the demand
            raise InputError(
                Problem(f"--{name.replace('_', '-')} is empty", expected="a value, or no option")
            )
    return Trusted(
        arguments.key or "",
        arguments.certificate_identity or "",
        arguments.certificate_oidc_issuer or "",
        arguments.trust_config or "",
    )
