"""A build's events as a live view for a terminal: a line a step, drawn again in place.

Finished steps scroll away above as lines of their own; a failed one leaves the end of its output.
Pure: every method gives the text to write, and knows neither terminal nor clock. Whatever a step
prints cannot steer the terminal: its control characters are left out.
"""

from __future__ import annotations

from collections import defaultdict
from unicodedata import category, east_asian_width

from ctr_ci.events import (
    ArtifactKept,
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageFound,
    ImagePulling,
    Noted,
    PushHeld,
    StepAllowed,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.report.log import short
from ctr_ci.tail import Tail
from ctr_ci.value import replace, value

TAIL = 64 * 1024  # bytes of each step's output that are kept, for when it fails
LAST = 200  # lines of them that a failed step leaves on the screen
SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SIGNS = {"SUCCESS": ("✔", "32"), "FAILURE": ("✘", "31"), "TIMEOUT": ("✘", "31"), "CANCELLED": ("■", "33")}
CLEAR = "\x1b[J"


@value
class _Step:
    label: str
    image: str
    state: str = "waiting"
    since: float | None = None
    last: str = ""


class Live:
    """`columns` and `rows` of the terminal are asked for at each drawing, so resizing works."""

    def __init__(self, colour: bool = True) -> None:
        self._colour = colour
        self._steps: dict[int, _Step] = {}
        self._tails: defaultdict[int, Tail] = defaultdict(lambda: Tail(TAIL))
        self._drawn = 0
        self._turn = 0
        self._over = False

    def read(self, event: Event, columns: int, rows: int) -> str:
        """What to write for one event: lines that stay, and the block below them anew.

        Output lines alone draw nothing: `tick` shows them, so that a chatty step costs no drawing.
        """
        lines = self._lasting(event, columns)
        if isinstance(event, StepOutput):
            return ""
        return self._frame(lines, event.at, columns, rows)

    def tick(self, at: float, columns: int, rows: int) -> str:
        """The block drawn anew, at time `at` (epoch seconds): call it some ten times a second."""
        self._turn += 1
        return "" if self._over else self._frame([], at, columns, rows)

    def _lasting(self, event: Event, columns: int) -> list[str]:
        match event:
            case BuildStarted(build_id=build_id, steps=steps):
                for index, id, image in steps:
                    self._steps[index] = _Step(f"#{index} {id}" if id else f"#{index}", image)
                return [self._paint(f"build {build_id}", "2")]
            case ImagePulling(at=at, step=step, name=name):
                self._change(step, state="pulling", since=at, last=f"pulling {name}")
            case StepStarted(at=at, step=step):
                self._change(step, state="running", since=at, last="")
            case StepOutput(step=step, data=data):
                self._hear(step, data)
            case StepFinished():
                return self._finish(event, columns)
            case Noted(level="warning", text=text, step=step):
                where = f"{self._steps[step].label}: " if step is not None else ""
                return [self._paint(f"warning: {where}{clean(text)}", "33")]
            case StepAllowed(step=step, rule=rule):
                label = self._steps[step].label
                return [self._paint(f"warning: {label}: ctr-ci.yaml allows its containers {rule}", "33")]
            case PushHeld(step=step, name=name):
                return [self._paint(f"  {self._steps[step].label}: held: not pushed: {name}", "2")]
            case ImageFound(name=name, image_id=image_id):
                return [f"image {name} is {short(image_id)}"]
            case ArtifactKept(path=path):
                return [f"kept {clean(path)}"]
            case GateDecided(name=name, verdict=verdict, because=because):
                sign, colour = ("✔", "32") if verdict == "passed" else ("✘", "31")
                return [f"{self._paint(sign, colour)} gate {name}: {clean(because)}"]
            case BuildFinished(status=status, problem=problem):
                self._over = True
                sign, colour = SIGNS.get(status, ("✘", "31"))
                lines = [f"{self._paint(sign, colour)} {status}"]
                if problem is not None:
                    lines.append(self._paint(f"  {clean(problem.found)}", "31"))
                    lines += [f"  help: {clean(line)}" for line in problem.help.splitlines()]
                return lines
            case _:
                pass
        return []

    def _change(self, index: int, *, state: str, since: float, last: str) -> None:
        self._steps[index] = replace(self._steps[index], state=state, since=since, last=last)

    def _hear(self, index: int, data: bytes) -> None:
        step = self._steps[index]
        self._tails[index].feed(data)
        said = data[-1024:].rstrip().rsplit(b"\n", 1)[-1].decode("utf-8", "replace")
        self._steps[index] = replace(step, last=clean(said) or step.last)

    def _finish(self, event: StepFinished, columns: int) -> list[str]:
        step = self._steps.pop(event.step)
        if event.status in ("QUEUED", "SKIPPED"):
            word = "never started" if event.status == "QUEUED" else "skipped"
            return [self._paint(f"· {step.label} {word}", "2")]
        sign, colour = SIGNS.get(event.status, ("✘", "31"))
        if event.forgiven:
            sign, colour = "!", "33"
        took = span(event.at - step.since) if step.since is not None else ""
        code = f" exit code {event.exit_code}" if event.exit_code else ""
        forgiven = ", forgiven" if event.forgiven else ""
        word = "" if event.status == "SUCCESS" else f" {event.status}{code}{forgiven}"
        lines = [clip(f"{self._paint(sign, colour)} {step.label}{word}  {took}", columns)]
        tail = self._tails.pop(event.step, None)
        if event.status in ("FAILURE", "TIMEOUT") and tail is not None:
            lines += self._tail(tail)
        return lines

    def _tail(self, tail: Tail) -> list[str]:
        lines = tail.text.splitlines()
        shown = lines[-LAST:]
        cut = [self._paint("  │ … earlier output is left out", "2")] if tail.cut or shown != lines else []
        return cut + [f"  {self._paint('│', '31')} {clean(line)}" for line in shown]

    def _frame(self, lines: list[str], at: float, columns: int, rows: int) -> str:
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        block = [] if self._over else self._block(at, columns, max(rows - 2, 1))
        self._drawn = len(block)
        return f"{up}{CLEAR}" + "".join(f"{line}\n" for line in [*lines, *block])

    def _block(self, at: float, columns: int, rows: int) -> list[str]:
        active = [step for step in self._steps.values() if step.state != "waiting"]
        waiting = [step.label for step in self._steps.values() if step.state == "waiting"]
        shown = active[: rows - 1] if waiting else active[:rows]
        sign = SPIN[self._turn % len(SPIN)]
        lines = []
        for step in shown:
            head = f"{sign} {step.label}  {span(at - (step.since or at)):>6}"
            lines.append(clip(f"{head}  {self._paint(step.last, '2')}" if step.last else head, columns))
        if waiting:
            lines.append(clip(self._paint(f"· waiting: {', '.join(waiting)}", "2"), columns))
        return lines

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text


def span(seconds: float) -> str:
    """A time as people say it: `0.4s`, `12s`, `3m07s`, `1h02m`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def clean(text: str) -> str:
    """`text` without anything that steers a terminal; a line rewritten by `\\r` shows its last state."""
    plain, inside = [], False
    for character in text.rstrip("\r").rsplit("\r", 1)[-1].replace("\t", "    "):
        if character == "\x1b":
            inside = True
        elif inside:
            # a CSI sequence ends with a letter; "[" only opens it
            inside = not (character.isalpha() or character in "~\x07\\")
        elif category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            plain.append(character)
    return "".join(plain)


def clip(text: str, columns: int) -> str:
    """`text` cut to what fits on one line of the terminal; our own colours take no room."""
    room, at, cut = columns - 1, 0, []
    while at < len(text):
        if text[at] == "\x1b":
            end = text.index("m", at) + 1
            cut.append(text[at:end])
            at = end
            continue
        room -= 2 if east_asian_width(text[at]) in "WF" else 1
        if room >= 0:
            cut.append(text[at])
        at += 1
    return "".join(cut)
