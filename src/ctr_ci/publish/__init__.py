"""Pushes exactly the tested image: what may leave, by which credential, and in which order.

Knows no command line and no terminal; engine and registry are handed in.
"""

from ctr_ci.publish.attest import Builder, Document, Seal, documents
from ctr_ci.publish.content import ArchiveContent, EngineContent
from ctr_ci.publish.credential import Surroundings
from ctr_ci.publish.join import join
from ctr_ci.publish.keyless import GITHUB, Identity, Keyless, ambient_token
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.pack import GZIP, zstd
from ctr_ci.publish.promote import promote
from ctr_ci.publish.push import push
from ctr_ci.publish.receipt import Receipt, Shipped, Tagged
from ctr_ci.publish.release import Release, promoted, releases, unverified
from ctr_ci.publish.sbom import check_sbom, sbom
from ctr_ci.publish.settings import Defaults
from ctr_ci.publish.sign import Key, Signer, Verifier
from ctr_ci.publish.tags import Facts
from ctr_ci.publish.verify import Finding, Verified, verify
from ctr_ci.publish.wish import Attest, Content, Wish

__all__ = [
    "GITHUB",
    "GZIP",
    "ArchiveContent",
    "Attest",
    "Builder",
    "Content",
    "Defaults",
    "Document",
    "EngineContent",
    "Facts",
    "Finding",
    "Identity",
    "Key",
    "Keyless",
    "Memory",
    "Receipt",
    "Release",
    "Seal",
    "Shipped",
    "Signer",
    "Surroundings",
    "Tagged",
    "Verified",
    "Verifier",
    "Wish",
    "ambient_token",
    "check_sbom",
    "documents",
    "join",
    "promote",
    "promoted",
    "push",
    "releases",
    "sbom",
    "unverified",
    "verify",
    "zstd",
]
