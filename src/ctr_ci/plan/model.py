"""What will run: the values that planning makes and the runner obeys.

Frozen, serialisable, free of secret values: a plan holds secret *names* only.
"""

from __future__ import annotations

from datetime import timedelta

from ctr_ci.value import value


@value
class Mount:
    """A declared volume of a step: `name` as in the config, `path` absolute in the container."""

    name: str
    path: str


@value
class Step:
    """One step, substitutions done.

    `id` is "" where the config gives none. `after` holds the indexes of the steps that must have
    succeeded first (waitFor resolved, stage barriers included). `args` is None where absent: the
    image's own command. `env` is complete and ordered: later entries win. `secrets` names the
    environment variables to be filled from secrets. `workdir` is absolute.
    """

    index: int
    id: str
    image: str
    entrypoint: str | None
    args: tuple[str, ...] | None
    script: str | None
    env: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    workdir: str
    mounts: tuple[Mount, ...]
    after: frozenset[int]
    timeout: timedelta | None = None
    allow_failure: bool = False
    allow_exit_codes: frozenset[int] = frozenset()
    stage: str = ""
    gate: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """What the config says in it, beside its image."""
        return (*(self.args or ()), self.script or "", *(value for _, value in self.env))

    @property
    def label(self) -> str:
        """The field's own name for it in logs: `Step #0` or `Step #0 - "id"`."""
        return f'Step #{self.index} - "{self.id}"' if self.id else f"Step #{self.index}"


@value
class SecretSource:
    """Where the value of a secret variable would come from at Google's: shown when it is missing."""

    variable: str
    version_name: str


@value
class Package:
    """Something of `artifacts:` to upload after the steps, other than images and objects.

    `kind` is the config's own name: mavenArtifacts, pythonPackages, npmPackages, goModules, oci or
    genericArtifacts. `fields` are its fields, by the config's names, each with its values.
    """

    kind: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@value
class Plan:
    """One build: its steps in the config's order, and what happens after them."""

    steps: tuple[Step, ...]
    images: tuple[str, ...]
    timeout: timedelta
    substitutions: tuple[tuple[str, str], ...]
    secrets: tuple[SecretSource, ...] = ()
    volumes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    config_path: str = ""
    config_digest: str = ""
    object_paths: tuple[str, ...] = ()
    object_location: str = ""
    packages: tuple[Package, ...] = ()
