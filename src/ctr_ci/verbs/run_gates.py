"""The gates of a run: ctr-ci.yaml's, and the rule that an image must have been run to be tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from ctr_ci import settings
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, Engine
from ctr_ci.events import GateDecided
from ctr_ci.plan import Plan, Step
from ctr_ci.runner import Build
from ctr_ci.settings import Settings
from ctr_ci.source import Source
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci import gate
    from ctr_ci.record import Record

SECTIONS = ("stages", "gates", "publish", "steps")
TESTED = "tested"
FILE_FLAGS = ("-f", "--file")


@value
class Gates:
    """What is asked of the images. `folder` is where the source lies. `policy` None: nothing is declared.
    `grants`: see broker.Scope."""

    policy: gate.Policy | None
    settings: Settings
    folder: Path
    plan: Plan
    grants: tuple[tuple[int, str], ...] = ()

    def origin(self) -> tuple[str, str]:
        """The path of the file that the policy comes from, and its digest; "" where there is none."""
        path = self.settings.path
        if not path or not Path(path).is_file():
            return "", ""
        return path, f"sha256:{sha256(Path(path).read_bytes()).hexdigest()}"

    def judge(
        self,
        record: Record,
        engine: Engine,
        build: Build,
        clock: Callable[[], float],
        memory_bytes: int | None,
        environment: Mapping[str, str],
    ) -> Iterator[GateDecided]:
        """Every declared gate's verdict, then for each image whether it may ship."""
        from ctr_ci import gate
        from ctr_ci.record import fold

        policy = self.policy or gate.Policy()
        around = gate.Surroundings(
            engine,
            ((BUILD_LABEL, build.id), (OWNER_LABEL, build.owner)),
            self.folder,
            clock,
            self._lint,
            memory_bytes,
            environment,
        )
        for event in gate.judge(record, policy, around):
            record = fold((event,), record)
            yield event
        for verdict in gate.decide(record, policy):
            yield GateDecided(
                clock(),
                TESTED,
                verdict.image_id,
                "passed" if verdict.passed else "missing",
                f"{verdict.name}: {verdict.because}",
                verdict.tested_by,
            )

    def _lint(self, severity: str) -> str:
        """What the linter says of the Dockerfiles that the build's steps name; "" where it is less
        than this severity."""
        from ctr_ci import dockerfile, lint

        worst = lint.Severity(severity).rank
        for path in dockerfiles(self.plan, self.folder):
            source = Source.decode(str(path), path.read_bytes())
            for finding in lint.check(dockerfile.parse(source), self.settings.lint):
                if finding.severity.rank <= worst:
                    return f"{path.name}:{finding.span.start.line}: {finding.message}"
        return ""


def gates_of(
    plan: Plan, folder: Path, environment: Mapping[str, str], config_file: str, use_config: bool
) -> Gates:
    """The gates that ctr-ci.yaml declares for the source in `folder`. Raises InputError."""
    found = settings.find(str(folder), environment, config_file, use_config)
    if not any(found.section(name) for name in SECTIONS):
        return Gates(None, found, folder, plan)
    from ctr_ci import broker, gate

    policy = gate.load(found.section("stages"), found.section("gates"), found.section("publish"), found.path)
    steps = {step.id or str(step.index): step.index for step in plan.steps}
    return Gates(policy, found, folder, plan, broker.read_grants(found.section("steps"), steps, found.path))


def dockerfiles(plan: Plan, folder: Path) -> tuple[Path, ...]:
    """The Dockerfiles that `docker build` steps of a plan name, as far as they lie in the source."""
    named = (folder / name for step in plan.steps for name in _named(step))
    return tuple(dict.fromkeys(path for path in named if path.is_file()))


def _named(step: Step) -> Iterator[str]:
    arguments = step.args or ()
    if "build" not in arguments:
        return
    place = step.workdir.removeprefix("/workspace").lstrip("/")
    for at, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in FILE_FLAGS:
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            yield f"{place}/{value if equals else following}".lstrip("/")
            return
    yield f"{place}/{arguments[-1]}/Dockerfile".lstrip("/")
