"""Pushes exactly the tested image: what may leave, by which credential, and in which order.

Knows no command line and no terminal; engine and registry are handed in.
"""

from ctr_ci.publish.attest import Builder, Document, documents
from ctr_ci.publish.content import ArchiveContent, EngineContent
from ctr_ci.publish.credential import Surroundings
from ctr_ci.publish.credential import find as find_credential
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.push import Attest, Content, Wish, push
from ctr_ci.publish.receipt import Receipt, Shipped, Tagged
from ctr_ci.publish.release import Release, releases, unverified
from ctr_ci.publish.settings import Defaults
from ctr_ci.publish.sign import Key, Signer
from ctr_ci.publish.tags import Facts
from ctr_ci.publish.tags import expand as expand_tags
from ctr_ci.publish.verify import Finding, Verified, verify

__all__ = [
    "ArchiveContent",
    "Attest",
    "Builder",
    "Content",
    "Defaults",
    "Document",
    "EngineContent",
    "Facts",
    "Finding",
    "Key",
    "Memory",
    "Receipt",
    "Release",
    "Shipped",
    "Signer",
    "Surroundings",
    "Tagged",
    "Verified",
    "Wish",
    "documents",
    "expand_tags",
    "find_credential",
    "push",
    "releases",
    "unverified",
    "verify",
]
