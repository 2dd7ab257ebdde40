"""`ctr-ci publish`: a run's evidence, or an image by name, to a registry."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from ctr_ci import record as records
from ctr_ci.engine import connect
from ctr_ci.gate import Policy
from ctr_ci.oci import Reference
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.publish import (
    ArchiveContent,
    Defaults,
    EngineContent,
    Memory,
    Receipt,
    Release,
    check_sbom,
    join,
    promote,
    promoted,
    push,
    releases,
    unverified,
    verify,
)
from ctr_ci.registry import Registry, manifests
from ctr_ci.verbs import publish_parts as parts
from ctr_ci.verbs import record_seal
from ctr_ci.verbs.publish_github import TOKEN, announce
from ctr_ci.verbs.publish_places import targets
from ctr_ci.verbs.publish_request import Request, Way
from ctr_ci.verbs.publish_tell import hand_out, rehearse, watch
from ctr_ci.verbs.publish_trust import seal_of

__all__ = ["Request", "publish"]

Runs = tuple[tuple[Path, records.Record], ...]


def publish(request: Request) -> Exit:
    """Pushes every image that was asked for and allowed; the receipts go to standard output."""
    if request.record_key is not None and (request.unverified or request.from_registry):
        other = "--unverified" if request.unverified else "--from-registry"
        raise InputError(Problem(f"--record-signed-by with {other}, which reads no record", "one of them"))
    clients = parts.Clients(request.reach, request.from_credential, "github" if request.tells_github else "")
    content = _content(request)
    try:
        policy, defaults = parts.policy(
            request.folder, request.config_file, request.use_config, request.require
        )
        request = request.under(defaults)
        if request.sbom:
            check_sbom()
        if request.from_registry:
            return _promote(request, policy.require, defaults, clients)
        runs = _records(request)
        way = _way(request, defaults, runs[0][1] if runs else None, clients, content)
        if len(runs) > 1:
            return _join(way, policy, runs, content, clients)
        if runs:
            chosen = releases(runs[0][1], policy, request.image)
        else:
            image_id = content.find("" if request.archive else request.image)
            chosen = (unverified(image_id, request.image),)
        for release, place in targets(request.to or (defaults.to,), chosen):
            registry = clients.registry(place.repository)
            if request.dry_run:
                rehearse(request, release, way.wish(release, place, registry), registry)
                continue
            receipt, runs = _push(way, release, place, registry, content, runs)
            _hand_out(request, receipt, clients)
    finally:
        clients.close()
        content.close()
    return Exit.DONE


def _way(
    request: Request,
    defaults: Defaults,
    record: records.Record | None,
    clients: parts.Clients,
    content: ArchiveContent | EngineContent,
) -> Way:
    seal = seal_of(request.attest or defaults.attest, request.key, request.trusted.trust_config)
    facts = parts.facts(request.folder, record, os.environ, clients.clock.now())
    notes = parts.git_notes(facts, record, os.environ) if request.git_annotations else ()
    return Way(request, defaults, facts, notes, seal, content, Memory(parts.memory_folder(os.environ)))


def _push(
    way: Way,
    release: Release,
    place: Reference,
    registry: Registry,
    content: ArchiveContent | EngineContent,
    runs: Runs,
    tagged: bool = True,
) -> tuple[Receipt, Runs]:
    """One push, and what it adds to the record of the first of `runs`."""
    wish = way.wish(release, place, registry)
    wish = wish if tagged else replace(wish, tags=())
    receipt, events = watch(way.request, push(release, wish, registry, content, way.memory))
    if not runs:
        return receipt, runs
    (path, record), *others = runs
    record = records.fold(events, record)
    records.write(path, record)
    return receipt, ((path, record), *others)


def _join(
    way: Way,
    policy: Policy,
    runs: Runs,
    content: ArchiveContent | EngineContent,
    clients: parts.Clients,
) -> Exit:
    """One image of each run, each by digest, and an index over them under the tags."""
    chosen = [releases(record, policy, way.request.image) for _, record in runs]
    for (path, _), found in zip(runs, chosen, strict=True):
        if len(found) != 1:
            raise InputError(Problem(f"{len(found)} images", "one a record: `--image NAME`", path=str(path)))
    for release, place in targets(way.request.to or (way.defaults.to,), chosen[0]):
        registry = clients.registry(place.repository)
        wish = way.wish(release, place, registry)
        if way.request.dry_run:
            rehearse(way.request, release, wish, registry)
            continue
        members = []
        for run, (each,) in zip(runs, chosen, strict=True):
            member, _ = _push(way, each, place, registry, content, (run,), tagged=False)
            members.append(member)
        joining = join(replace(wish, attest=lambda _: ()), registry, tuple(members))
        receipt, _ = watch(way.request, joining)
        _hand_out(way.request, receipt, clients)
    return Exit.DONE


def _promote(request: Request, require: tuple[str, ...], defaults: Defaults, clients: parts.Clients) -> Exit:
    """Registry to registry, by the evidence that the image carries there."""
    origin = Reference.parse(request.from_registry)
    given = "--sbom" if request.sbom else "--attest" if request.attest not in ("", "none") else ""
    if given:
        raise InputError(
            Problem(f"{given} with --from-registry", help="what is attached there travels with the image")
        )
    if len(request.to) > 1:
        raise InputError(Problem("several --to with --from-registry", expected="one"))
    to = Reference.parse("".join(request.to) or defaults.to or request.from_registry)
    source = clients.registry(origin.repository, writes=False, credential=request.from_credential)
    near = (origin.repository.name,) if origin.repository.host == to.repository.host else ()
    target = clients.registry(to.repository, mounts=near)
    if request.unverified and (request.key or request.trusted.identity):
        raise InputError(Problem("--unverified, and a signature that is demanded", expected="one of them"))
    if request.unverified:
        digest = manifests.digest_of(source, origin.selector)
        if digest is None:
            raise InputError(Problem(f"no image {origin}", help="is the tag or digest right?"))
        release = unverified(digest, str(origin))
    else:
        verdict = verify(source, origin, require, request.trusted.read())
        digest = verdict.digest
        release = promoted(verdict.image_id or digest, str(origin), verdict.passed)
    way = Way(request, defaults, parts.facts(request.folder, None, os.environ, clients.clock.now()))
    wish = way.wish(release, Reference(to.repository, to.tag or origin.tag), target)
    if request.dry_run:
        rehearse(request, release, wish, target)
        return Exit.DONE
    receipt, _ = watch(request, promote(release, wish, source, target, digest))
    _hand_out(request, receipt, clients)
    return Exit.DONE


def _hand_out(request: Request, receipt: Receipt, clients: parts.Clients) -> None:
    hand_out(request, receipt)
    announce(request, receipt, clients.hidden(TOKEN), os.environ, parts.builder(os.environ).run)


def _content(request: Request) -> ArchiveContent | EngineContent:
    if request.archive:
        return ArchiveContent(request.archive)
    return EngineContent(partial(connect, request.engine, os.environ))


def _records(request: Request) -> tuple[tuple[Path, records.Record], ...]:
    """The runs to publish; () where the user goes without."""
    if request.unverified:
        if not request.image and not request.archive:
            raise InputError(
                Problem("--unverified without an image", expected="--image REF or --archive FILE")
            )
        return ()
    path = request.record or records.newest(request.folder)
    if path is None:
        raise InputError(
            Problem(
                f"no run found under {request.folder / records.FOLDER}",
                expected="the record of a run",
                help="`ctr-ci run` makes one; `--record FILE` names one elsewhere; "
                "`--image REF --unverified` pushes what no run has tested",
            )
        )
    found = tuple((each, records.read(each)) for each in (path, *request.others))
    if request.record_key is not None:
        for each, record in found:
            record_seal.check(record, each, request.record_key)
    return found
