"""A structure test tried on an image: its commands run, its files read, its metadata compared.

Answers "" where the image passes, else which test failed and why.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ctr_ci.engine import ContainerSpec, Image
from ctr_ci.gate.go_pattern import matches
from ctr_ci.gate.structure import CommandTest, Structure
from ctr_ci.gate.structure_files import Files
from ctr_ci.gate.structure_metadata import metadata
from ctr_ci.gate.trial import OUTPUT_LIMIT, Bench, Said, container_of, last, run
from ctr_ci.secret import Mask
from ctr_ci.value import replace

# Go's os.Expand: `$NAME`, `${NAME}`; one sign or digit is a name too.
_VARIABLE = re.compile(r"\$(?:\{([^}]+)\}|([*#$@!?\-0-9]|[A-Za-z_]\w*))", re.ASCII)


def structure(
    image: Image, tests: Structure, config: Callable[[], dict[str, object]], bench: Bench, within_s: float
) -> str:
    """All tests of a file; the first that fails answers. `config` gives the image's own JSON,
    `within_s` is what each command may take."""
    if tests.options.binds and not bench.engine.socket:
        return "bindMounts cannot be had of an engine on another machine"
    trial = _Trial(image, tests, bench, within_s)
    failed = metadata(image, tests.metadata, config)
    if failed:
        return f"metadata: {failed}"
    for test in tests.commands:
        failed = trial.command(test)
        if failed:
            return f"{test.name}: {failed}"
    return trial.files() if tests.files or tests.contents or tests.licenses else ""


@dataclass(frozen=True, slots=True)
class _Trial:
    image: Image
    tests: Structure
    bench: Bench
    within_s: float

    def command(self, test: CommandTest) -> str:
        env = self._env()
        own = tuple((pair.key, _expanded(pair.value, env)) for pair in test.env)
        if test.setup:  # what it sets stays in the image that it leaves
            env = {**env, **dict(own)}
        with self._set_up(test, own) as (image_id, failed):
            if failed:
                return failed
            argv = tuple(_expanded(word, env) for word in test.command)
            return self._judged(test, self._run(image_id, argv, own))

    def files(self) -> str:
        spec = self._spec(self.image.id, ("/ctr-ci-never-started",), ())
        env = self._env()
        with container_of(self.bench, spec) as container:
            files = Files(self.bench.engine, container)
            for content in self.tests.contents:
                failed = files.holds(content)
                if failed:
                    return f"{content.name}: {failed}"
            for file in self.tests.files:
                failed = files.stands(file, _expanded(file.path, env))
                if failed:
                    return f"{file.name}: {failed}"
            for license in self.tests.licenses:
                failed = files.licensed(license)
                if failed:
                    return f"license: {failed}"
        return ""

    @contextmanager
    def _set_up(self, test: CommandTest, env: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
        """The image that the set-up commands leave, each committed as upstream does, removed afterwards;
        and which of them failed."""
        engine = self.bench.engine
        images = [self.image.id]
        try:
            for words in test.setup:
                spec = replace(self._spec(images[-1], words[:1], words[1:]), env=(*self._given(), *env))
                with container_of(self.bench, spec) as container:
                    said = run(container, self.bench, self.within_s)
                    if said.refused or not said.in_time:
                        why = said.refused or f"did not end within {self.within_s:g} s"
                        yield images[-1], f"its set-up `{shlex.join(words)}` {why}"
                        return
                    images.append(engine.commit(container))
            yield images[-1], ""
        finally:
            for made in reversed(images[1:]):
                engine.remove_image(made)

    def _run(self, image_id: str, argv: tuple[str, ...], env: tuple[tuple[str, str], ...]) -> Said:
        options = self.tests.options
        given = tuple((name, secret.reveal()) for name, secret in options.env)
        spec = replace(
            self._spec(image_id, argv[:1], argv[1:]),
            env=(*self._given(), *env, *given),
            terminal=options.terminal,
        )
        with container_of(self.bench, spec) as container:
            return run(container, self.bench, self.within_s, terminal=options.terminal)

    def _judged(self, test: CommandTest, said: Said) -> str:
        if said.refused:
            return said.refused
        if not said.in_time:
            return f"did not end within {self.within_s:g} s"
        if said.code != test.exit_code:
            told = Mask(secret for _, secret in self.tests.options.env).text(last(said))
            return f"exit {said.code}, not {test.exit_code}{told}"
        for name, wanted, unwanted, raw in (
            ("stdout", test.output, test.no_output, said.stdout),
            ("stderr", test.error, test.no_error, said.stderr),
        ):
            text = raw.decode("utf-8", "replace")
            for pattern in wanted:
                if not matches(pattern, text):
                    return f"{name} has no {pattern!r}"
            if unwanted and len(raw) == OUTPUT_LIMIT:  # what came after it could hold anything
                return f"{name} has more than the {OUTPUT_LIMIT >> 20} MiB that a test can look at"
            for pattern in unwanted:
                if matches(pattern, text):
                    return f"{name} has {pattern!r}"
        return ""

    def _env(self) -> Mapping[str, str]:
        """The image's environment, and what the file sets for all of its tests."""
        return {**self._own(), **dict(self._given())}

    def _own(self) -> dict[str, str]:
        return dict(entry.partition("=")[::2] for entry in self.image.env)

    def _given(self) -> tuple[tuple[str, str], ...]:
        own = self._own()
        return tuple((pair.key, _expanded(pair.value, own)) for pair in self.tests.env)

    def _spec(self, image_id: str, entrypoint: tuple[str, ...], command: tuple[str, ...]) -> ContainerSpec:
        options = self.tests.options
        return replace(
            self.bench.spec(image_id, entrypoint, command),
            user=options.user,
            privileged=options.privileged,
            no_new_privileges=not options.privileged,
            capabilities=options.capabilities,
            binds=options.binds,
            healthcheck=False,
        )


def _expanded(text: str, env: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2], ""), text)
