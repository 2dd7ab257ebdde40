"""Cloud Build configs: read, checked, substituted, as Google's service does it.

Pure: a source in, values out. Knows nothing of engines, folders or stages.
"""

from __future__ import annotations

import json

from ctr_ci.cloudbuild.build import Build, BuildStep, Options, SecretVariable, Volume, read_build
from ctr_ci.cloudbuild.builtins import Builtins
from ctr_ci.cloudbuild.check import check, check_timeouts
from ctr_ci.cloudbuild.check_names import check_names
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.fields import MESSAGES, Field, Kind, find
from ctr_ci.cloudbuild.flags import parse_substitutions, parse_timeout
from ctr_ci.cloudbuild.load import read_message
from ctr_ci.cloudbuild.substitute import Rules, Substituted
from ctr_ci.cloudbuild.substitute import substitute as _substitute
from ctr_ci.cloudbuild.tree import Message
from ctr_ci.document import Map, Node, Scalar
from ctr_ci.document import read as _read
from ctr_ci.problem import Problem
from ctr_ci.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

__all__ = [
    "MESSAGES",
    "Build",
    "BuildStep",
    "Builtins",
    "Field",
    "Kind",
    "Message",
    "Options",
    "Rules",
    "SecretVariable",
    "Substituted",
    "Volume",
    "for_tag",
    "load",
    "parse_substitutions",
    "parse_timeout",
    "substitute",
]

BUILDER = "gcr.io/cloud-builders/docker"


def load(source: Source) -> Build:
    """A config that Google would accept, as far as can be said before substitution.

    Raises InputError with every problem of the file. `Build.warnings` says what gcloud forgives
    and a trigger would not.
    """
    node, problems = _read(source)
    complaints = Complaints(source)
    complaints.problems += problems
    if not isinstance(node, Map):
        empty = isinstance(node, Scalar) and node.kind == "null"
        complaints.error(
            node.span,
            "an empty config" if empty else "a config that is no map: could not parse as a dictionary",
            "`steps:` and other fields",
        )
        complaints.settle()
        raise AssertionError
    known = [field for entry in node.entries if (field := find("Build", entry.key))]
    if node.entries and all(field.output for field in known):
        complaints.error(
            node.entries[0].key_span,
            f"unknown field .{node.entries[0].key}: unused; there is no field of a Cloud Build config at all",
            "`steps:` and other fields",
            "is this the right file?",
        )
        complaints.settle()
    root = read_message("Build", node, "", complaints)
    build = read_build(source, root)
    check(build, complaints)
    return read_build(source, root, complaints.settle())


def for_tag(image: str) -> Build:
    """What `--tag IMAGE` means without a config: one step that builds the Dockerfile, as gcloud
    makes it (command_lib/builds/submit_util.py). Raises InputError for what is no image name."""
    arguments = ["build", "--network", "cloudbuild", "--no-cache", "-t", image, "."]
    config = {"steps": [{"name": BUILDER, "args": arguments}], "images": [image]}
    return load(Source(f"--tag {image}", json.dumps(config)))


def substitute(
    build: Build,
    flags: Mapping[str, str],
    builtins: Builtins,
    *,
    rules: Rules = Rules.MANUAL,
    payload: Node | None = None,
    timeout: timedelta | None = None,
) -> tuple[Substituted, tuple[Problem, ...]]:
    """A build whose keys are replaced and whose names are checked, and the warnings so far.

    Raises InputError with every problem: of keys first, and only if there is none, of names.
    """
    complaints = Complaints(build.source)
    complaints.problems += build.warnings
    done = _substitute(build, flags, builtins, complaints, rules, payload)
    complaints.settle()
    check_names(done.build, build, done.values, complaints)
    check_timeouts(done.build, timeout, complaints)
    return done, complaints.settle()
