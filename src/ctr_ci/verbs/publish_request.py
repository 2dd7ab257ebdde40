"""What `publish` was asked for, and what that means for one push."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from ctr_ci import __version__
from ctr_ci.oci import Digest, Reference
from ctr_ci.publish import (
    GZIP,
    Attest,
    Content,
    Defaults,
    Document,
    Facts,
    Memory,
    Release,
    Seal,
    Wish,
    documents,
    sbom,
    zstd,
)
from ctr_ci.registry import Registry, manifests
from ctr_ci.verbs import publish_parts as parts
from ctr_ci.verbs.publish_trust import NOBODY, Trusted


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `record` None: the newest run of `folder`; `others`: further records, which
    make one index with it; `to` (): the policy's place, or the images' own names; `tags` are
    templates; `immutable`: tags that exist may not move, `only_if_newer`: they move forward only;
    `archive`: the bytes come from this file, not from the engine; `from_registry`: they are in a
    registry; `github_deployment`: the environment that is told of the digest, "" none."""

    folder: Path
    reach: parts.Reach
    record: Path | None = None
    others: tuple[Path, ...] = ()
    record_key: Path | None = None  # a public key that must have signed each record
    image: str = ""
    unverified: bool = False
    archive: Path | None = None
    from_registry: str = ""
    from_credential: str = ""
    to: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    immutable: bool = False
    only_if_newer: bool = False
    annotations: tuple[tuple[str, str], ...] = ()
    git_annotations: bool = False
    sbom: Literal["", "cyclonedx"] = ""
    zstd: bool = False
    harmless: tuple[str, ...] = ()
    attest: Literal["", "none", "evidence", "signed", "keyless"] = ""
    key: str = ""
    trusted: Trusted = NOBODY
    github_status: bool = False
    github_deployment: str = ""
    dry_run: bool = False
    json: bool = False
    quiet: bool = False
    engine: str | None = None
    config_file: str = ""
    use_config: bool = True

    def under(self, defaults: Defaults) -> Request:
        """The same with what ctr-ci.yaml wants of every push; an image from a registry has been looked
        into when it was pushed there."""
        return replace(
            self,
            only_if_newer=self.only_if_newer or defaults.only_if_newer,
            git_annotations=self.git_annotations or defaults.git_annotations,
            sbom=self.sbom or ("cyclonedx" if defaults.sbom and not self.from_registry else ""),
        )

    @property
    def tells_github(self) -> bool:
        return self.github_status or bool(self.github_deployment)


@dataclass(frozen=True, slots=True)
class Way:
    """What all pushes of one command have in common: the request, the policy's defaults, facts for
    tags, annotations from git, what signs (None: nothing is signed), where the bytes come from (None:
    a registry) and what is remembered."""

    request: Request
    defaults: Defaults
    facts: Facts
    notes: tuple[tuple[str, str], ...] = ()
    seal: Seal | None = None
    content: Content | None = None
    memory: Memory = field(default_factory=lambda: Memory(None))

    def wish(self, release: Release, place: Reference, registry: Registry) -> Wish:
        request, defaults = self.request, self.defaults
        templates = request.tags or defaults.tags or (place.tag or "latest",)
        tags = self.facts.tags(templates, partial(manifests.tags, registry))
        return Wish(
            tags,
            frozenset(tags) if request.immutable else defaults.keeps(tags),
            (*self.notes, *request.annotations),
            frozenset(request.harmless),
            zstd() if request.zstd else GZIP,
            self.attesting(release, registry),
            request.only_if_newer,
        )

    def attesting(self, release: Release, registry: Registry) -> Attest:
        """What is attached to a pushed manifest; nothing unless it was asked for."""
        evidence = (self.request.attest or self.defaults.attest or "none") != "none"
        who = parts.builder(os.environ)

        def made(manifest: Digest) -> tuple[Document, ...]:
            found = documents(release, registry.repository, manifest, who, self.seal) if evidence else ()
            if self.request.sbom and self.content:
                found += (sbom(release, manifest, registry, self.content, __version__, self.seal),)
            return found

        return made
