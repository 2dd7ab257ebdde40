"""A registry over the OCI distribution spec 1.1: blobs, manifests, tags, and the right to them.

Knows nothing of engines, records or why something is pushed.
"""

from ctr_ci.registry import blobs, manifests, referrers
from ctr_ci.registry.auth import Anonymous, Bearer, Credential, Identity, Password
from ctr_ci.registry.blobs import How
from ctr_ci.registry.client import Access, Registry, patient
from ctr_ci.registry.exchange import KINDS as EXCHANGES
from ctr_ci.registry.exchange import Job, obtain, variables
from ctr_ci.registry.failure import RegistryError
from ctr_ci.registry.http import Request as Asked
from ctr_ci.registry.http import Response as Answer
from ctr_ci.registry.http import Upload
from ctr_ci.registry.retry import Clock, Tries
from ctr_ci.registry.transport import Transport, Trust

__all__ = [
    "EXCHANGES",
    "Access",
    "Anonymous",
    "Answer",
    "Asked",
    "Bearer",
    "Clock",
    "Credential",
    "How",
    "Identity",
    "Job",
    "Password",
    "Registry",
    "RegistryError",
    "Transport",
    "Tries",
    "Trust",
    "Upload",
    "blobs",
    "manifests",
    "obtain",
    "patient",
    "referrers",
    "variables",
]
