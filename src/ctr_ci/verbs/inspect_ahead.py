"""An image's bytes fetched while those before are read: engine and reader work side by side."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Queue
from threading import Event, Thread

BLOCKS = 16  # of a megabyte each: so much is fetched ahead, and no more
PATIENCE_S = 0.2  # for a fetch that is under way when nobody wants more


def ahead(chunks: Iterator[bytes], blocks: int = BLOCKS) -> Iterator[bytes]:
    """The same chunks in the same order, and what ended them; up to `blocks` of them wait to be taken.

    Whoever stops early closes it: then the source is closed as well, by the thread that reads it."""
    waiting: Queue[bytes | BaseException | None] = Queue(blocks)
    stopped = Event()

    def fetch() -> None:
        end: BaseException | None = None
        try:
            for chunk in chunks:
                waiting.put(chunk)
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  it is raised again, where it is waited for
            end = error
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
            if not stopped.is_set():
                waiting.put(end)

    # A daemon: an engine that has gone silent must not keep an interrupted process alive.
    thread = Thread(target=fetch, name="image fetched ahead", daemon=True)
    thread.start()
    try:
        while (got := waiting.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got
    finally:
        stopped.set()
        _emptied(waiting)
        thread.join(PATIENCE_S)


def _emptied(waiting: Queue[bytes | BaseException | None]) -> None:
    """Makes room, so that the thread's last puts do not wait."""
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        pass
