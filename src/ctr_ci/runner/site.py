"""What a build has in the engine besides its steps: a network, lanes, volumes, and its files.

A network takes the engine a tenth of a second, a lane a third. A site is made from the plan alone, in
the background, so that this is done by the time that the source is copied and the rest of us loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

from ctr_ci.engine import Engine, Image
from ctr_ci.plan import Plan
from ctr_ci.problem import Problem
from ctr_ci.runner.build import Build, Options
from ctr_ci.runner.ground import Ground, Near
from ctr_ci.runner.lanes import Lanes
from ctr_ci.runner.ledger import Ledger
from ctr_ci.runner.metadata import Metadata, facts
from ctr_ci.runner.schedule import width
from ctr_ci.runner.secrets import require
from ctr_ci.secret import Secret

MOST_LANES = 8  # that are started ahead


class Site:
    """Raises InputError, before anything is made, where a secret is missing. `failed` hears of what
    could not be removed."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        build: Build,
        options: Options,
        secrets: Mapping[str, Secret],
        failed: Callable[[Problem], None],
    ) -> None:
        require(plan, secrets)
        self.plan = plan
        self.engine = engine
        self.build = build
        self.options = options
        self.secrets = secrets
        self.failed = failed
        self.ledger = Ledger(
            engine, build.id, build.owner, build.folder, lambda problem: self.failed(problem)
        )
        self.background = ThreadPoolExecutor(8, thread_name_prefix="ctr-ci-build")
        self.volumes = tuple((name, self.ledger.name(f"volume-{name}")) for name in plan.volumes)
        self._metadata = Metadata(facts(plan, secrets))
        self._closing = ExitStack()
        self._closing.callback(self.ledger.close)
        self._closing.callback(self.background.shutdown)
        self._closing.callback(self._metadata.close)
        try:
            network = self._network()
            self._near = self._sees_our_files()
            self._ground: Future[Ground] = self.background.submit(self._nearby) if self._near else Future()
            self.lanes = self._lanes(network)
            self._closing.callback(self.lanes.close)
            self._closing.callback(self._ground.cancel)  # so that no lane waits for it
            self._image = self._any_image()
            if self._image is not None:
                self.lanes.prepare(self._at_once(), self._image)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Removes all that is there, in this order; one that fails keeps no other from its turn."""
        self._closing.close()

    def ground(self, first_image: Callable[[], Image]) -> tuple[Ground, Image | None]:
        """The build's files, where the engine can see them; with an image to fetch them by where they
        had to be carried, which is `first_image` where none is here. The workspace is filled."""
        for _, volume in self.volumes:
            self.ledger.volume(volume)
        if self._near:
            return self._ground.result(), None
        from ctr_ci.runner.far import Far

        carrying = self._image or first_image()
        ground = Far(self.engine, self.ledger, self.build.workspace, self.volumes)
        ground.fill(carrying)
        self._ground.set_result(ground)
        return ground, carrying

    def _network(self) -> Future[str]:
        if self.options.network:
            given: Future[str] = Future()
            given.set_result(self.options.network)
            return given
        name = self.ledger.name("net")
        return self.background.submit(lambda: self.ledger.network(name) and name)

    def _nearby(self) -> Ground:
        return Near(self.build.workspace, self.build.folder, self.volumes)

    def _sees_our_files(self) -> bool:
        folder = str(self.build.folder.absolute())
        carry = self.options.carry_files or not self.engine.socket
        return not carry and self.engine.theirs(folder) is not None

    def _lanes(self, network: Future[str]) -> Lanes:
        """A lane costs a container more, and pays from its second step on. Where it has the metadata
        server it always does: a step must not reach the machine's own in the meantime."""
        own = not self.options.network or self.options.network not in ("none", "host")
        steps = len(self.plan.steps) - len(self.options.skip)
        return Lanes(
            self.engine,
            self.ledger,
            network,
            self._ground,
            self._metadata,
            shared=own and (steps > self._at_once() or bool(self._metadata.hosts)),
            steps=steps,
        )

    def _at_once(self) -> int:
        widest = width(tuple(step.after for step in self.plan.steps), self.options.skip)
        return min(widest, self.options.jobs or widest, MOST_LANES)

    def _any_image(self) -> Image | None:
        for step in self.plan.steps:
            name = self.options.builders.stand_in(step.image) or step.image
            image = self.engine.image(name)
            if image is not None:
                return image
        return None
