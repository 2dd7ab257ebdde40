"""A checked build → the plan of its run: Cloud Build's rules of order, environment and folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from posixpath import join, normpath

from ctr_ci.cloudbuild import Build, BuildStep, Builtins, Message, Rules, Volume, substitute
from ctr_ci.document import Node
from ctr_ci.plan.model import Mount, Package, Plan, SecretSource, Step
from ctr_ci.plan.stages import StagePolicy, add_barriers
from ctr_ci.problem import Problem

WORKSPACE = "/workspace"
HOME = "/builder/home"
OUTPUTS = "/builder/outputs"
TIMEOUT = timedelta(hours=1)
PACKAGES = ("mavenArtifacts", "pythonPackages", "npmPackages", "goModules", "oci", "genericArtifacts")


def make(
    build: Build,
    substitutions: Mapping[str, str],
    builtins: Builtins,
    *,
    rules: Rules = Rules.MANUAL,
    payload: Node | None = None,
    timeout: timedelta | None = None,
    stages: Sequence[StagePolicy] = (),
) -> tuple[Plan, tuple[Problem, ...]]:
    """The plan of a build, and what should be said about it (kind "warning").

    `substitutions` are those of the command line, which win over the file's; `timeout` is its
    `--timeout`. Raises InputError with every problem of the substitutions, or else of the names
    that they make.
    """
    done, warnings = substitute(build, substitutions, builtins, rules=rules, payload=payload, timeout=timeout)
    ready = done.build
    ids = {step.id.value: step.index for step in ready.steps if step.id}
    steps = tuple(_step(step, ready, done.values, ids) for step in ready.steps)
    own = ready.timeout.value if ready.timeout else None
    objects = ready.objects
    location = objects.location.value if objects and objects.location else ""
    plan = Plan(
        steps=add_barriers(steps, stages),
        images=tuple(dict.fromkeys(image.value for image in ready.images or ready.artifact_images)),
        timeout=timeout or own or TIMEOUT,
        substitutions=tuple(sorted((key, value) for key, value in done.values.items() if value)),
        secrets=tuple(SecretSource(secret.variable.value, secret.version.value) for secret in ready.secrets),
        volumes=tuple(dict.fromkeys(mount.name for step in steps for mount in step.mounts)),
        tags=tuple(tag.value for tag in ready.kept_tags),
        config_path=build.source.path,
        config_digest=build.digest,
        object_paths=tuple(path.value for path in objects.paths) if objects else (),
        object_location=location if not location or location.endswith("/") else f"{location}/",
        packages=_packages(ready),
    )
    return plan, warnings


def _step(step: BuildStep, build: Build, values: Mapping[str, str], ids: Mapping[str, int]) -> Step:
    options = build.options
    secrets = dict.fromkeys(name.value for name in (*options.secret_env, *step.secret_env))
    codes = frozenset(code.value for code in step.allow_exit_codes)
    return Step(
        index=step.index,
        id=step.id.value if step.id else "",
        image=step.name.value,
        entrypoint=step.entrypoint.value if step.entrypoint and step.entrypoint.value else None,
        args=tuple(argument.value for argument in step.args) if step.args else None,
        script=step.script.value if step.script else None,
        env=_env(step, build, values),
        secrets=tuple(secrets),
        workdir=_workdir(build.source_dir, step.dir.value if step.dir else ""),
        mounts=tuple(_mount(volume) for volume in (*options.volumes, *step.volumes)),
        after=_after(step, ids),
        timeout=step.timeout.value if step.timeout and step.timeout.value else None,
        # Exit codes, where given, decide alone what is forgiven (cloudbuild.proto).
        allow_failure=step.allow_failure and not codes,
        allow_exit_codes=codes,
    )


def _env(step: BuildStep, build: Build, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Sorted by name; a step's own variable wins over an option's, and both over a mapped one."""
    env = {"HOME": HOME, "BUILDER_OUTPUT": OUTPUTS}
    if build.options.automap if step.automap is None else step.automap:
        env |= values
    for entry in (*build.options.env, *step.env):
        name, _, value = entry.value.partition("=")
        env[name] = value
    return tuple(sorted(env.items()))


def _workdir(source_dir: str, step_dir: str) -> str:
    """An absolute `dir` stands alone; `..` may leave the workspace, as on Google's workers."""
    path = normpath(join(WORKSPACE, source_dir, step_dir) if not step_dir.startswith("/") else step_dir)
    return path[1:] if path.startswith("//") else path


def _mount(volume: Volume) -> Mount:
    return Mount(volume.name.value, normpath(volume.path.value))


def _packages(build: Build) -> tuple[Package, ...]:
    artifacts = build.message.message("artifacts")
    return tuple(
        Package(kind, tuple((one.field.name, _values(message, one.field.name)) for one in message.held))
        for kind in PACKAGES
        for message in artifacts.messages(kind)
    )


def _values(message: Message, field: str) -> tuple[str, ...]:
    return tuple(text.value for text in message.texts(field))


def _after(step: BuildStep, ids: Mapping[str, int]) -> frozenset[int]:
    if step.wait_for is None:
        return frozenset(range(step.index))
    return frozenset(ids[wait.value] for wait in step.wait_for if wait.value != "-")
