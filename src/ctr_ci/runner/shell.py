"""A shell in a step's place: its container as the step would have it, and a person at the keyboard."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ctr_ci.engine import ContainerSpec, Terminal
from ctr_ci.value import replace, value

# bash where the image has it; a login shell would lose the step's variables.
COMMAND = ("/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh")


def with_shell(spec: ContainerSpec) -> ContainerSpec:
    """The container of a step, with a shell instead of its program."""
    return replace(spec, entrypoint=COMMAND, command=(), terminal=True, env=(*spec.env, ("TERM", "xterm")))


class Keyboard:
    """The user's terminal, by its two file descriptors."""

    def __init__(self, reading: int = 0, writing: int = 1) -> None:
        self._reading = reading
        self._writing = writing

    def talk(self, terminal: Terminal, over: Callable[[], bool]) -> None:
        """Passes keys to the container and its output back, until the container's end or `over`."""
        with self._raw():
            sources = [self._reading, terminal.fileno()]
            size: tuple[int, int] | None = None
            while not over():
                if size != (size := self._size()) and size is not None:
                    terminal.resize(*size)
                ready, _, _ = select.select(sources, [], [], 0.5)
                if terminal.fileno() in ready:
                    said = terminal.receive()
                    if not said:
                        return
                    os.write(self._writing, said)
                if self._reading in ready:
                    keys = os.read(self._reading, 4096)
                    if keys:
                        terminal.send(keys)
                    else:
                        sources.remove(self._reading)

    def _size(self) -> tuple[int, int] | None:
        """Columns and rows of the window, which may change at any time."""
        try:
            size = os.get_terminal_size(self._writing)
        except OSError:
            return None
        return size.columns, size.lines

    @contextmanager
    def _raw(self) -> Iterator[None]:
        """Keys come one by one, Ctrl-C as a key: it is the container's."""
        before = termios.tcgetattr(self._reading)
        try:
            tty.setraw(self._reading)
            yield
        finally:
            termios.tcsetattr(self._reading, termios.TCSADRAIN, before)


@value
class Shell:
    """In which step's place, and whose keyboard."""

    step: int
    keyboard: Keyboard
