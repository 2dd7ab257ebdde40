"""What a registry's refusal means, in words that name the way out (distribution-spec "Error Codes").

Keeps method, URL without its query, status and code. Never a body of a token service, which may
repeat a secret; of a registry only its own `message`, cut short.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ctr_ci.problem import Problem, Refused, WorldError
from ctr_ci.registry.http import Request, Response, redact

LONGEST = 300  # characters of a registry's own words that are worth showing
DENIED = ("DENIED", "UNAUTHORIZED")
# What a refusal says -> the way out that it does not name (GitHub's registry; publishing.md §3.1).
WAYS_OUT = (
    ("write_package", "let this repository write it: the package's settings, Manage Actions access"),
    ("not allowed to Write", "give the publishing job `permissions: packages: write`"),
)
IMMUTABLE = ("TAG_IMMUTABLE", "PRECONDITION")


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the `errors` of an answer."""

    code: str
    message: str


class RegistryError(WorldError):
    """`status` 0 where there was no answer; `code` is the spec's, "" where none was given."""

    def __init__(self, request: Request, status: int, code: str, retry: bool, problem: Problem) -> None:
        super().__init__(problem)
        self.method = request.method
        self.url = redact(request.url)
        self.status = status
        self.code = code
        self.retry = retry


class Broken(Exception):
    """The connection broke before an answer came; told as RegistryError once tries are used up.
    `lasting`: trying again cannot help (a certificate that nobody trusts); `absent`: nobody answers
    there, which is more often a wrong name than a passing trouble."""

    def __init__(self, why: str, lasting: bool = False, absent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.lasting = lasting
        self.absent = absent


def told(response: Response) -> Told:
    """The first error of an answer's body; both empty where it has another form."""
    try:
        found: object = json.loads(response.body)
    except (ValueError, RecursionError):
        return Told("", "")
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return Told("", "")
    code, message = first.get("code"), first.get("message")
    return Told(
        code if isinstance(code, str) else "",
        " ".join(message.split())[:LONGEST] if isinstance(message, str) else "",
    )


def refusal(request: Request, response: Response, host: str, name: str) -> RegistryError | Refused:
    """The error that says what `response` to `request` means for repository `name` at `host`."""
    said = told(response)
    status, words = response.status, f" ({said.message})" if said.message else ""
    if status in (401, 403) or said.code in DENIED:
        problem = _denied(request, response, host, name, words)
    elif immutable(response):
        return Refused(Problem(f"the tag is immutable at {host}{words}", help="push under another tag"))
    elif status == 404 and said.code in ("NAME_UNKNOWN", "", "UNKNOWN"):
        problem = Problem(
            f"{host} knows no repository {name}{words}",
            help="many registries want a repository to be made before the first push",
        )
    elif status == 429:
        problem = Problem(f"{host} answers that it gets too many requests{words}", help="try again later")
    elif said.code == "MANIFEST_INVALID":
        kind = dict(request.headers).get("Content-Type", "this type")
        problem = Problem(f"{host} refuses this manifest, of type {kind}{words}")
    elif status == 413:
        problem = Problem(f"{host} finds this upload too large{words}")
    else:
        code = f" {said.code}" if said.code else ""
        problem = Problem(
            f"{host} answered {request.method} {redact(request.url)} with {status}{code}{words}",
            help="the registry is in trouble: try again later" if status >= 500 else "",
        )
    return RegistryError(request, status, said.code, retry=status >= 500 or status == 429, problem=problem)


def immutable(response: Response) -> bool:
    """Does the answer say that the tag must stay where it is? (Quay 409, Harbor 412, ECR's text.)"""
    said = told(response)
    return said.code in IMMUTABLE or "ImageTagAlreadyExists" in said.message or said.code == "TAG_INVALID"


def _denied(request: Request, response: Response, host: str, name: str, words: str) -> Problem:
    writes = request.method not in ("GET", "HEAD")
    verb, action = ("push to", "push") if writes else ("read", "pull")
    if any(
        challenge.lower().lstrip().startswith("basic") for challenge in response.every("www-authenticate")
    ):
        return Problem(
            f"credentials refused by {host}",
            help="is the password right? `--credential env:USER:VARIABLE` says where it is found",
        )
    known = [way for said, way in WAYS_OUT if said in words]
    return Problem(
        f"may not {verb} {host}/{name}{words}",
        expected=f"a credential with the right to {action}",
        help=known[0]
        if known
        else f"the right to {action} {name} must be granted at {host}: what was asked for was not given",
    )


def unreachable(request: Request, host: str, error: Broken) -> RegistryError:
    """No answer, and no tries left."""
    return RegistryError(
        request,
        0,
        "",
        retry=not error.lasting,
        problem=Problem(
            f"registry {host} cannot be reached: {error.why}",
            help="is it running, and is the name right?"
            if not error.lasting
            else "`--ca FILE` names the certificate of an authority of your own",
        ),
    )
