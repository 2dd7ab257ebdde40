"""The runner's and the publisher's only output: what happened, as it happens.

Every view (log, JSON lines, record, report) is a reader of this stream. A closed union, only
added to. Times are seconds since the epoch, UTC, as the clock that was handed in gives them.
"""

from __future__ import annotations

from ctr_ci.problem import Problem
from ctr_ci.value import value


@value
class BuildStarted:
    build_id: str
    at: float
    source: tuple[tuple[str, str | bool | None], ...]  # kind, path, commit, dirty, tree
    config_path: str
    config_digest: str
    substitutions: tuple[tuple[str, str], ...]
    steps: tuple[tuple[int, str, str], ...]  # index, id, image name
    images: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = ()  # of each step: entrypoint and args, or interpreter and script
    entrypoints: tuple[str | None, ...] = ()  # of each step: what replaces the image's own program
    policy_path: str = ""  # of ctr-ci.yaml, "" for none
    policy_digest: str = ""


@value
class Noted:
    """Something of ours worth a line: `level` is "info" or "warning"; step None for the build."""

    at: float
    level: str
    text: str
    step: int | None = None


@value
class StepAllowed:
    """A step's containers may break a rule of the broker, because ctr-ci.yaml says so."""

    at: float
    step: int
    rule: str


@value
class ImagePulling:
    at: float
    step: int
    name: str


@value
class StepStarted:
    """`image_id` is the image that the container really runs."""

    at: float
    step: int
    image_id: str


@value
class StepOutput:
    """Whole lines of one stream ("stdout" or "stderr"), masked, each with its `\\n`
    (the last one of a step perhaps without)."""

    at: float
    step: int
    stream: str
    data: bytes


@value
class ImageBuilt:
    """A step made or re-made an image; `names` are the names it got by that."""

    at: float
    step: int
    image_id: str
    names: tuple[str, ...]


@value
class ImageTagged:
    """A name came to point at an image (seen at the broker, or found after a step)."""

    at: float
    step: int
    image_id: str
    name: str


@value
class ImageRan:
    """A container that a step started ran `image_id` to its end; `started` is its start.
    `stopped`: a step or the end of the build stopped it, so its exit code blames nobody.
    `program`: what ran in place of the image's own, None where its own did."""

    at: float
    step: int
    image_id: str
    exit_code: int
    started: float
    stopped: bool = False
    program: str | None = None


@value
class PushHeld:
    """A step asked the engine to push; nothing left the machine."""

    at: float
    step: int
    name: str


@value
class StepFinished:
    """`status`: SUCCESS, FAILURE, TIMEOUT, CANCELLED, QUEUED (never started) or SKIPPED.
    `forgiven`: a FAILURE that allowFailure or allowExitCodes excuses."""

    at: float
    step: int
    status: str
    exit_code: int | None
    forgiven: bool = False
    output: bytes | None = None  # BUILDER_OUTPUT, cut at 50 KB


@value
class ImageFound:
    """After the steps: what a name of `images:` points at."""

    at: float
    name: str
    image_id: str


@value
class ArtifactKept:
    """A file of `artifacts:` was kept. `kind`: objects, or the config's name of a kind of package;
    `location` is where Google would put it, `path` where it is."""

    at: float
    kind: str
    location: str
    path: str
    size_bytes: int


@value
class GateDecided:
    """`verdict`: passed, failed or missing; `steps` are those that count as the test."""

    at: float
    name: str
    image_id: str
    verdict: str
    because: str
    steps: tuple[str, ...] = ()


@value
class BlobPushed:
    """`how`: uploaded, mounted or existing."""

    at: float
    digest: str
    size_bytes: int
    how: str


@value
class PushProgress:
    """How far a push is. `read_bytes` of an engine's export; of each blob under way: its name (of the
    blob, else of the layer), "packing", "fetching" or "sending", and how many of its bytes are done."""

    at: float
    read_bytes: int
    blobs: tuple[tuple[str, str, int, int], ...]


@value
class ManifestPushed:
    at: float
    repository: str
    digest: str
    image_id: str


@value
class TagMoved:
    at: float
    repository: str
    tag: str
    digest: str
    previous_digest: str | None


@value
class BuildFinished:
    """`status`: SUCCESS, FAILURE, TIMEOUT, CANCELLED or INTERNAL_ERROR."""

    at: float
    status: str
    problem: Problem | None = None


Event = (
    BuildStarted
    | Noted
    | StepAllowed
    | ImagePulling
    | StepStarted
    | StepOutput
    | ImageBuilt
    | ImageTagged
    | ImageRan
    | PushHeld
    | StepFinished
    | ImageFound
    | ArtifactKept
    | GateDecided
    | BlobPushed
    | PushProgress
    | ManifestPushed
    | TagMoved
    | BuildFinished
)
