"""What `publish` and `verify` are wired from: clients, facts for tags, policy."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event as Flag

from ctr_ci import gate, settings
from ctr_ci import record as records
from ctr_ci.oci import Object, Repository
from ctr_ci.problem import InputError, Problem, Refused
from ctr_ci.publish import Builder, Defaults, Facts, Surroundings
from ctr_ci.registry import (
    EXCHANGES,
    Access,
    Answer,
    Asked,
    Clock,
    Credential,
    Job,
    Registry,
    Transport,
    Trust,
    obtain,
    patient,
)
from ctr_ci.secret import Secret
from ctr_ci.workspace import git_facts

PR_SET_DUMPABLE = 4

SYSTEM = Trust()


@dataclass(frozen=True, slots=True)
class Reach:
    """How registries are reached, as the user said it. `credential` is a source, not a secret."""

    credential: str = ""
    token_hosts: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    plain_http: bool = False
    trust: Trust = SYSTEM


class Clients:
    """Registry clients of one command: connections are shared, each credential is read once.

    Made before anything else is: a password leaves the environment before a child could get it.
    `others` are credential sources that `registry` may be given.
    """

    def __init__(self, reach: Reach, *others: str) -> None:
        self._reach = reach
        self._stop = Flag()
        self._transport = Transport(reach.trust, os.environ)
        self._around = Surroundings(os.environ, sys.stdin.read, Path.home())
        for source in (reach.credential, *others):
            self._around.hide(source)
        if reach.credential or any(others):
            _shut_in()
        self._credentials: dict[tuple[str, str], Credential] = {}
        self.clock = Clock(time.time, time.monotonic, self._sleep, random.random)

    def registry(
        self,
        repository: Repository,
        writes: bool = True,
        credential: str = "",
        mounts: tuple[str, ...] = (),
    ) -> Registry:
        """A client of one repository; `credential` where it is another than the command's; `mounts`
        are sources beside those that the user named."""
        source = credential or self._reach.credential
        host = repository.host
        access = Access(
            self._credential(source, repository),
            writes,
            frozenset(self._reach.token_hosts),
            (*self._reach.mounts, *mounts),
            self._reach.plain_http,
            tls=bool(self._reach.trust.ca_file),
            renew=partial(self._renewed, source, repository),
        )
        return Registry(
            repository,
            access,
            self._transport,
            self.clock,
            lambda text: print(f"{host} says: {text}", file=sys.stderr, flush=True),
        )

    def _credential(self, source: str, repository: Repository) -> Credential:
        """Read or obtained once; what is obtained is good for one repository."""
        exchanged = source.partition(":")[0] in EXCHANGES
        key = (source, str(repository) if exchanged else repository.host)
        if key not in self._credentials:
            self._credentials[key] = (
                self._obtained(source, repository)
                if exchanged
                else self._around.find(source, repository.host)
            )
        return self._credentials[key]

    def _renewed(self, source: str, repository: Repository) -> Credential | None:
        """Another in the place of one that has been good and is refused now; None where the user's
        own is all there is."""
        if source.partition(":")[0] not in EXCHANGES:
            return None
        made = self._credentials[(source, str(repository))] = self._obtained(source, repository)
        return made

    def _obtained(self, source: str, repository: Repository) -> Credential:
        kind, _, rest = source.partition(":")
        job = Job(repository.host, repository.name, self._around.hidden, self.clock.now())
        return obtain(kind, rest, job, self._ask)

    def _ask(self, request: Asked) -> Answer:
        host = request.url.partition("://")[2].partition("/")[0]
        return patient(request, self._transport.send, host, self.clock)

    def hidden(self, variable: str) -> Secret | None:
        """What a variable held that one of the sources hides."""
        return self._around.hidden.get(variable)

    def close(self) -> None:
        self._stop.set()
        self._transport.close()
        self._credentials.clear()

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)


def _shut_in() -> None:
    """Keeps what is in our memory there: no core dump, no reading by other processes of the user."""
    from ctypes import CDLL
    from resource import RLIMIT_CORE, setrlimit

    setrlimit(RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        CDLL(None).prctl(PR_SET_DUMPABLE, 0)


def policy(
    folder: Path, config_file: str, use_config: bool, require: tuple[str, ...]
) -> tuple[gate.Policy, Defaults]:
    """What ctr-ci.yaml wants of a push, and `require` on top."""
    ours = settings.find(str(folder), os.environ, config_file, use_config)
    section = ours.section("publish")
    found = gate.load(ours.section("stages"), ours.section("gates"), section, ours.path)
    return replace(found, require=(*found.require, *require)), Defaults.read(section, ours.path)


def memory_folder(environment: Mapping[str, str]) -> Path | None:
    """Where pushes remember digests: the user's cache folder."""
    cache = environment.get("XDG_CACHE_HOME") or (
        f"{environment['HOME']}/.cache" if environment.get("HOME") else ""
    )
    return Path(cache) / "ctr-ci" / "publish" if cache else None


def facts(folder: Path, record: records.Record | None, environment: Mapping[str, str], now: float) -> Facts:
    """What tags are made from: the run's own commit first, then GitHub's words, then git's. Raises
    Refused where the job runs a stranger's pull request."""
    git = git_facts(folder)
    built = dict(record.source) if record else {}
    event = environment.get("GITHUB_EVENT_NAME", "")
    pull, head = _pull_request(environment) if event.startswith("pull_request") else ("", "")
    is_tag = environment.get("GITHUB_REF_TYPE") == "tag"
    name = environment.get("GITHUB_REF_NAME", "") if environment.get("GITHUB_REF_TYPE") else ""
    return Facts(
        branch="" if is_tag else name or git.branch,
        tag=name if is_tag else ("" if name else git.tag),
        sha=str(built.get("commit") or "") or head or environment.get("GITHUB_SHA", "") or git.commit,
        pull=pull,
        event=event,
        now=now,
    )


def _pull_request(environment: Mapping[str, str]) -> tuple[str, str]:
    """Number and head commit of the job's pull request."""
    try:
        raw = Path(environment.get("GITHUB_EVENT_PATH", "")).read_bytes()
        pull = Object.parse(raw, "the event").child("pull_request")
        head, base = pull.child("head"), pull.child("base")
        if head.child("repo").text("full_name") != base.child("repo").text("full_name"):
            raise Refused(
                Problem(
                    "this job runs a pull request of a fork: nothing is published from it",
                    help="publish after the merge, on push",
                )
            )
        return str(pull.number("number")), head.text("sha")
    except (OSError, InputError):
        return "", ""


def git_notes(
    found: Facts, record: records.Record | None, environment: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """What git and the run say of the image, in OCI's words (image-spec `annotations.md`); the same
    for the same run, so that its digest is too."""
    server, name = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    at = record.finished if record else None
    made = {
        "created": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else "",
        "revision": found.sha,
        "source": f"{server}/{name}" if server and name else "",
        "version": found.tag,
    }
    return tuple((f"org.opencontainers.image.{key}", text) for key, text in made.items() if text)


def builder(environment: Mapping[str, str]) -> Builder:
    """Who vouches for the run: the workflow that runs us, or this machine."""
    workflow = environment.get("GITHUB_WORKFLOW_REF")
    if environment.get("GITHUB_ACTIONS") != "true" or not workflow:
        return Builder()
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    run = f"{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{environment.get('GITHUB_RUN_ID', '')}"
    return Builder(
        f"{server}/{workflow}", f"{server}/{run}/attempts/{environment.get('GITHUB_RUN_ATTEMPT', '1')}"
    )
