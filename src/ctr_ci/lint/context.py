"""What the rules may know of a Dockerfile's surroundings, as a value: who reads files is `verbs`."""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.source import Span


@value
class ShellNote:
    """What shellcheck says of a RUN's script, at its place in the Dockerfile; `level` is its own word."""

    span: Span
    code: str
    level: str
    message: str
    edits: tuple[tuple[Span, str], ...] = ()


@value
class Context:
    """How and where a file is built.

    `target`, `build_args` and `contexts` (names of `--build-context`) are what the user says; compose and
    bake files add to `contexts`, and say in `given` which arguments they give. `targets` are stages whose
    image those, cloudbuild or workflow files want; `side_targets` are built for what they do, their image is
    not kept. `dockerignore` is the text of the file that rules this Dockerfile, None where there is none;
    `entries` are the names in the build context's root, None when nobody looked. `notes` are shellcheck's,
    where it was asked."""

    target: str = ""
    build_args: tuple[tuple[str, str], ...] = ()
    contexts: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    dockerignore: str | None = None
    entries: frozenset[str] | None = None
    notes: tuple[ShellNote, ...] = ()
    given: frozenset[str] = frozenset()
    side_targets: frozenset[str] = frozenset()
