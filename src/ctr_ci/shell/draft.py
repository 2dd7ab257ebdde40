"""A command that is still being read, and its move from a handed-on script to where it stands."""

from __future__ import annotations

from ctr_ci.shell.script import Assignment, Command, Redirection, Word


class Draft:
    """A command that is still being read."""

    __slots__ = (
        "after",
        "assignments",
        "before",
        "chain",
        "end",
        "inner",
        "nesting",
        "origin",
        "pipeline",
        "place",
        "redirections",
        "start",
        "words",
        "wrappers",
    )

    def __init__(self, start: int, chain: int, nesting: tuple[str, ...]) -> None:
        self.start = self.end = start
        self.chain = chain
        self.nesting = nesting
        self.words: list[Word] = []
        self.assignments: list[Assignment] = []
        self.redirections: list[Redirection] = []
        self.wrappers: tuple[str, ...] = ()
        self.origin: Draft | None = None  # the command that starts this one, in the same place
        self.inner: Draft | None = None  # the last one that this one starts
        self.before = self.after = ""
        self.pipeline = self.place = 0

    def finished(self) -> Command:
        """The command as it is handed out. One that another starts stands where that one stands."""
        if self.origin is not None:
            self.before, self.after = self.origin.before, self.origin.after
            self.pipeline, self.place = self.origin.pipeline, self.origin.place
        first = self.words[0].value if self.words else None
        return Command(
            (first or "").rsplit("/", 1)[-1],
            tuple(self.words),
            tuple(self.assignments),
            tuple(self.redirections),
            self.start,
            self.end,
            self.before,
            self.after,
            self.pipeline,
            self.place,
            self.chain,
            self.nesting,
            self.wrappers,
        )


class Awaited:
    """A heredoc that a line announced, whose body is still to come: `draft.redirections[place]`."""

    __slots__ = ("draft", "name", "place", "quoted", "redirection", "tabs")

    def __init__(
        self, redirection: Redirection, name: str, tabs: bool, quoted: bool, draft: Draft | None
    ) -> None:
        self.redirection = redirection
        self.name = name
        self.tabs = tabs
        self.quoted = quoted
        self.draft = draft
        self.place = len(draft.redirections) if draft is not None else 0


def end_of(places: list[int], end: int) -> int:
    return places[end - 1] + 1 if end else places[0]


def moved(draft: Draft, places: list[int]) -> None:
    """A command read from a handed-on script, put where it stands in the text around it."""
    start, end = draft.start, draft.end
    draft.start, draft.end = places[start], max(end_of(places, end), places[start])
    draft.words = [
        Word(w.text, w.value, places[w.start], end_of(places, w.end), w.quoted, w.glob, w.prefix)
        for w in draft.words
    ]
    draft.assignments = [
        Assignment(a.name, a.value, places[a.start], end_of(places, a.end)) for a in draft.assignments
    ]
    moved: list[Redirection] = []
    for r in draft.redirections:
        w = r.target
        target = Word(w.text, w.value, places[w.start], end_of(places, w.end), w.quoted, w.glob, w.prefix)
        moved.append(Redirection(r.operator, r.descriptor, target, places[r.start], end_of(places, r.end)))
    draft.redirections = moved
