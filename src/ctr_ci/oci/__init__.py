"""The nouns of the OCI specifications: digests, names, descriptors, manifests with their exact bytes.

Pure. Knows no registry and no engine.
"""

from ctr_ci.oci import media
from ctr_ci.oci.descriptor import Descriptor, Pairs, Platform
from ctr_ci.oci.digest import Digest
from ctr_ci.oci.manifest import LARGEST, Index, Manifest, image_index, image_manifest
from ctr_ci.oci.manifest import parse as parse_manifest
from ctr_ci.oci.reference import Reference, Repository, check_tag
from ctr_ci.oci.shape import Object

__all__ = [
    "LARGEST",
    "Descriptor",
    "Digest",
    "Index",
    "Manifest",
    "Object",
    "Pairs",
    "Platform",
    "Reference",
    "Repository",
    "check_tag",
    "image_index",
    "image_manifest",
    "media",
    "parse_manifest",
]
