"""What the requests of steps came to: images made and named, containers run to their end.

Every fact is asked of the engine by ID after the event, never taken from a step's words, and is noted
before the step sees the answer.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from ctr_ci.broker.body import Json, field, items
from ctr_ci.broker.build import is_guarded, is_pulled
from ctr_ci.broker.client import Client, Waiting
from ctr_ci.broker.made import Container, Made, View
from ctr_ci.broker.name import full
from ctr_ci.broker.note import Built, Note, Ran, Tagged
from ctr_ci.broker.pin import PIN_LABEL
from ctr_ci.broker.rules import BROKER_LABEL, labels
from ctr_ci.broker.verdict import Builds, Creates, Effect, Loads, Opens, Removes, Renames, Starts, Stops, Tags
from ctr_ci.engine import BUILD_LABEL
from ctr_ci.problem import Problem, WorldError

_ID = rb'(sha256:[0-9a-f]{64})"'
_MADE = {
    "build": re.compile(rb'"aux":\{"ID":"' + _ID),
    "quiet": re.compile(rb'"stream":"(sha256:[0-9a-f]{64})\\n"'),
    "commit": re.compile(rb'\{"Id":"' + _ID),
    "import": re.compile(rb'\{"status":"' + _ID),
}
_LOADED = re.compile(rb'"stream":"Loaded image(?: ID)?: ([^"\\]{1,500})\\n"')
_OVERLAP = 600
_SETTLE_S = 10.0

Outcome = Callable[[int, bytes], None]


class Watch:
    """One run of a container, from before its start to its end."""

    def __init__(self, container: Container, step: int, waiting: Waiting, started: float) -> None:
        self.container = container
        self.step = step
        self.waiting = waiting
        self.started = started
        self.thread: threading.Thread | None = None


class Follower:
    """Notes what happens through one broker. Safe to use from several threads."""

    def __init__(
        self, made: Made, client: Client, notes: Callable[[Note], None], clock: Callable[[], float]
    ) -> None:
        self._made = made
        self._client = client
        self._notes = notes
        self._clock = clock
        self._one_note = threading.Lock()
        self._changed = threading.Condition()
        self._pending: dict[int, int] = {}
        self._watches: list[Watch] = []

    def note(self, note: Note) -> None:
        with self._one_note:
            self._notes(note)

    def make_volume(self, name: str, view: View) -> None:
        body: Json = {"Name": name + view.suffix, "Driver": "local", "Labels": labels(None, view)}
        status, answer = self._client.ask("POST", "/volumes/create", body)
        if status == 201:
            self._made.add_volume(name + view.suffix)
            return
        raise WorldError(Problem(f"volume {name!r} was not made: {field(answer, 'message')}"))

    @contextmanager
    def during(self, effect: Effect | None, view: View) -> Iterator[Outcome]:
        """Around one request: the result takes pieces of the answer (status 0), then its end."""
        if effect is None:
            yield lambda status, piece: None
            return
        with self._changed:
            self._pending[view.step] = self._pending.get(view.step, 0) + 1
        try:
            match effect:
                case Builds():
                    yield self._building(effect, view)
                case Loads():
                    yield self._loading(view)
                case Starts():
                    with self._starting(effect, view) as outcome:
                        yield outcome
                case Stops(container) | Removes("container", container):
                    self._stopping(container)
                    yield lambda status, piece: self._done(effect, view, status, piece)
                case _:
                    yield lambda status, piece: self._done(effect, view, status, piece)
        finally:
            with self._changed:
                self._pending[view.step] -= 1
                self._changed.notify_all()

    def settle(self, step: int | None) -> None:
        """Waits until what the step (None: any) has ended is noted."""
        deadline = monotonic() + _SETTLE_S
        with self._changed:
            self._changed.wait_for(
                lambda: not any(n for s, n in self._pending.items() if step in (None, s)),
                max(deadline - monotonic(), 0),
            )
            watches = [watch for watch in self._watches if step in (None, watch.step)]
        for watch in watches:
            if watch.thread and not self._runs(watch.container.id):
                watch.thread.join(max(deadline - monotonic(), 0))

    def remove_all(self) -> tuple[str, ...]:
        """Notes what still runs, removes all that steps have made. What could not be removed, in words."""
        wanted = [f"{BUILD_LABEL}={self._made.scope.build_id}", BROKER_LABEL]
        filters = json.dumps({"label": wanted})
        kept: list[str] = []
        _, found = self._client.ask("GET", "/containers/json", all="1", filters=filters)
        threads = []
        for item in items(found):
            identity = str(field(item, "Id"))
            self._stopping(identity)
            path = f"/containers/{identity}"
            thread = threading.Thread(target=self._remove, args=(path, kept), kwargs={"force": "1", "v": "1"})
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        self.settle(None)
        _, found = self._client.ask("GET", "/networks", filters=filters)
        for item in items(found):
            self._remove(f"/networks/{field(item, 'Id')}", kept)
        for label in (BROKER_LABEL, PIN_LABEL):
            filters = json.dumps({"label": [wanted[0], label]})
            _, found = self._client.ask("GET", "/volumes", filters=filters)
            for item in items(field(found, "Volumes")):
                self._remove(f"/volumes/{field(item, 'Name')}", kept)
        return tuple(kept)

    def _remove(self, path: str, kept: list[str], **query: str) -> None:
        deadline = monotonic() + 10
        while True:
            try:
                status, answer = self._client.ask("DELETE", path, **query)
            except WorldError as error:
                kept.append(f"{path.lstrip('/')}: {error.problems[0].found}")
                return
            if status < 400 or status == 404:
                return
            if status != 409 or monotonic() > deadline:  # 409: somebody is removing it already
                kept.append(f"{path.lstrip('/')}: {field(answer, 'message')}")
                return
            threading.Event().wait(0.1)

    def _runs(self, container_id: str) -> bool:
        status, found = self._client.ask("GET", f"/containers/{container_id}/json")
        state = field(found, "State")
        return status == 200 and bool(field(state, "Running") or field(state, "Restarting"))

    def _stopping(self, container_id: str) -> None:
        container = self._made.container(container_id)
        if container is not None and self._runs(container_id):
            container.stopping = True

    @contextmanager
    def _starting(self, starts: Starts, view: View) -> Iterator[Outcome]:
        container = self._made.container(starts.container)
        if container is None:
            yield lambda status, piece: None
            return
        if starts.again:
            self._stopping(container.id)
        waiting = None if starts.again else self._client.wait(container.id, "next-exit")
        started = self._clock()
        taken = False

        def outcome(status: int, _: bytes) -> None:
            nonlocal taken, waiting
            if status != 204:
                return
            if starts.again:
                waiting = self._client.wait(container.id, "not-running")
            if waiting is not None and waiting.taken:
                taken = True
                container.stopping = False
                self._watch(Watch(container, view.step, waiting, started))

        try:
            yield outcome
        finally:
            if waiting is not None and not taken:
                waiting.close()

    def _watch(self, watch: Watch) -> None:
        def run() -> None:
            code: int | None = None
            with suppress(WorldError):
                code = watch.waiting.exit_code()
            watch.waiting.close()
            if code is not None:
                ran = watch.container
                self.note(Ran(watch.step, ran.image_id, code, watch.started, ran.stopping, ran.program))
            with self._changed:
                self._watches.remove(watch)

        watch.thread = threading.Thread(target=run, name="broker-watch", daemon=True)
        with self._changed:
            self._watches.append(watch)
        watch.thread.start()

    def _building(self, builds: Builds, view: View) -> Outcome:
        found: list[str] = []
        tail = b""
        pattern = _MADE.get(builds.how)

        def outcome(status: int, piece: bytes) -> None:
            nonlocal tail
            whole = tail + piece
            if pattern is not None:
                found.extend(match.decode("ascii") for match in pattern.findall(whole))
            tail = whole[-_OVERLAP:]
            if 0 < status < 300:
                ids = tuple(found[-1:])
                if builds.how == "pull":
                    ids = tuple(filter(None, map(self._made.resolve, builds.names)))
                self.built(ids, builds.names, view)

        return outcome

    def built(self, image_ids: tuple[str, ...], names: tuple[str, ...], view: View) -> None:
        """Notes the image that has one of these IDs, with those of the asked names that point at it."""
        pointing = {name: self._made.resolve(name) for name in names}
        present = (found for found in image_ids if self._made.resolve(found) is not None)
        image_id = next(present, None)
        if image_id is None:
            return
        given = tuple(name for name, found in pointing.items() if found == image_id)
        self._made.add_image(image_id, *given)
        self.note(Built(view.step, image_id, given))

    def _loading(self, view: View) -> Outcome:
        before = self._common_names()
        found: list[str] = []
        tail = b""

        def outcome(status: int, piece: bytes) -> None:
            nonlocal tail
            whole = tail + piece
            matches = list(_LOADED.finditer(whole))
            found.extend(match.group(1).decode("utf-8", "replace") for match in matches)
            tail = whole[max(matches[-1].end() if matches else 0, len(whole) - _OVERLAP) :]
            if 0 < status < 300:
                self._restore(before)
                for reference in dict.fromkeys(found):
                    self._loaded(reference, before, view)

        return outcome

    def _loaded(self, reference: str, before: dict[str, str], view: View) -> None:
        seen = self._made.image(reference)
        if seen is None or full(reference) in before:
            return
        names = () if reference.startswith("sha256:") else (full(reference),)
        self._made.add_image(seen.id, *names)
        self.note(Built(view.step, seen.id, names))

    def _common_names(self) -> dict[str, str]:
        """Names that other builds start from, and their images: an archive may not move them."""
        _, found = self._client.ask("GET", "/images/json")
        names: dict[str, str] = {}
        for item in items(found):
            identity = str(field(item, "Id"))
            for name in map(full, map(str, items(field(item, "RepoTags")))):
                pulled = is_pulled(name, identity, field(item, "RepoDigests"))
                if not self._made.made(name) and is_guarded(name, pulled, self._made.scope):
                    names[name] = identity
        return names

    def _restore(self, before: dict[str, str]) -> None:
        for name, image_id in before.items():
            if self._made.resolve(name) != image_id:
                repository, _, tag = name.rpartition(":")
                self._client.ask("POST", f"/images/{image_id}/tag", repo=repository, tag=tag)

    def _done(self, effect: Effect, view: View, status: int, raw: bytes) -> None:
        if status >= 300:
            return
        answer = _json(raw)
        match effect:
            case Creates("container", name):
                identity = str(field(answer, "Id"))
                image, program = self._made.image_of(identity)
                self._made.add_container(Container(identity, name, image, view.step, program))
            case Creates("network", name):
                self._made.add_network(name, str(field(answer, "Id")))
            case Creates("volume"):
                self._made.add_volume(str(field(answer, "Name")))
            case Creates("exec"):
                self._made.add_execution(str(field(answer, "Id")))
            case Renames(container, name):
                self._made.rename(container, name)
            case Removes(kind, identity):
                self._made.forget(kind, identity)
            case Tags(image, name):
                self._made.add_name(name)
                self.note(Tagged(view.step, image, name))
            case Opens(session):
                self._made.add_session(session)
            case _:
                pass


def _json(raw: bytes) -> Json:
    try:
        found: Json = json.loads(raw)
    except (ValueError, RecursionError):  # the latter where it is nested too deep
        return None
    return found
