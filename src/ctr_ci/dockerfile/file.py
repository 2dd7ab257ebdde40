"""A Dockerfile as a whole: `parse` makes it, and it answers what rules ask of stages and scopes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ctr_ci.dockerfile import flag as flags
from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.cut import KEYWORDS, Cutter, Head
from ctr_ci.dockerfile.directive import Directive, below_shebang, foreign_syntax
from ctr_ci.dockerfile.instruction import Arg, Comment, From, Heredoc, Instruction, Line, Onbuild
from ctr_ci.dockerfile.json_form import NotStrings, strings
from ctr_ci.dockerfile.read import read
from ctr_ci.dockerfile.stage import Stage, State, first_state, global_scope, references, stages, step
from ctr_ci.dockerfile.text import Text
from ctr_ci.problem import Problem
from ctr_ci.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctr_ci.dockerfile.expand import Scope
    from ctr_ci.dockerfile.variables import Variables

LONGEST_NUMBER = 10  # digits of the index of a stage: more than any file has stages
HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")


class Dockerfile:
    """What `parse` read. `instructions` are all, in order; `arguments` the ARGs before the first FROM.

    `comments` are all comment lines, in order; `problems` what BuildKit would refuse, in order of
    place. `escape` is the escape character. `foreign` is set when the file says it is in another
    language (`// syntax=`): it has no instructions then. `given` are the arguments of the build, which
    win over the defaults of ARG.
    """

    __slots__ = (
        "_ends",
        "_globals",
        "_named",
        "_starts",
        "_states",
        "arguments",
        "comments",
        "directives",
        "escape",
        "foreign",
        "given",
        "instructions",
        "problems",
        "source",
        "stages",
    )

    def __init__(
        self,
        source: Source,
        directives: tuple[Directive, ...],
        instructions: tuple[Instruction, ...],
        comments: tuple[Comment, ...],
        problems: tuple[Problem, ...],
        escape: str,
        foreign: bool = False,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.source = source
        self.directives = directives
        self.instructions = instructions
        self.comments = comments
        self.problems = problems
        self.escape = escape
        self.foreign = foreign
        self.given = given or {}
        self.stages = stages(instructions, escape, self.given)
        first = self.stages[0].base.start if self.stages else len(source.text)
        self.arguments = tuple(
            [each for each in instructions if isinstance(each, Arg) and each.start < first]
        )
        self._states: dict[int, State] = {}
        self._ends: dict[int, State] = {}
        self._globals: Scope | None = None
        self._starts = [stage.base.start for stage in self.stages]
        self._named: dict[str, list[int]] = {}
        for stage in self.stages:
            if stage.name:
                self._named.setdefault(stage.name, []).append(stage.index)

    @property
    def globals(self) -> Scope:
        """The scope of the FROM lines."""
        if self._globals is None:
            self._globals = global_scope(self.arguments, self.escape, self.given)
        return self._globals

    def directive(self, name: str) -> Directive | None:
        """The directive of that name which BuildKit heeds."""
        for each in self.directives:
            if each.name == name and each.used:
                return each
        return None

    def find(self, name: str, before: Stage | None = None) -> Stage | None:
        """The stage of a name (any case) or index, as `COPY --from` and targets find it.

        With `before`, only among the stages in front of that one. Of equal names the last wins.
        """
        known = len(self.stages) if before is None else before.index
        if name.isdecimal() and name.isascii():
            number = int(name) if len(name.lstrip("0")) < LONGEST_NUMBER else known
            return self.stages[number] if number < known else None
        some = self._named.get(name.lower(), ())
        at = bisect_left(some, known)
        return self.stages[some[at - 1]] if at else None

    def stage_of(self, instruction: Instruction) -> Stage | None:
        """The stage that an instruction (or one inside an ONBUILD) stands in; None before the first FROM."""
        at = bisect_right(self._starts, instruction.start)
        return self.stages[at - 1] if at else None

    def chain(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage, the stage it is FROM, and so on."""
        found = [stage]
        while found[-1].parent is not None:
            found.append(self.stages[found[-1].parent])
        return tuple(found)

    def needs(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages that must be built for this one itself: its base, and what it copies or mounts from."""
        found = {} if stage.parent is None else {stage.parent: self.stages[stage.parent]}
        for word in references(stage):
            other = self.find(word.text)
            if other is not None and other.index != stage.index:
                found[other.index] = other
        return tuple(found.values())

    def reached(self, target: Stage | None = None) -> tuple[Stage, ...]:
        """The stages that building `target` (by default the last) builds, in order of the file."""
        if not self.stages:
            return ()
        todo, found = [target or self.stages[-1]], set()
        while todo:
            stage = todo.pop()
            if stage.index not in found:
                found.add(stage.index)
                todo += self.needs(stage)
        return tuple([self.stages[index] for index in sorted(found)])

    def before(self, instruction: Instruction) -> State:
        """The state that an instruction meets. For a FROM: the scope of the FROM lines."""
        if instruction.start not in self._states:
            stage = self.stage_of(instruction)
            if stage is None or isinstance(instruction, From):
                return State(self.globals, None, None, None, None)
            self.after(stage)
        return self._states.get(instruction.start) or self._onbuild(instruction)

    def _onbuild(self, inner: Instruction) -> State:
        at = bisect_left(self.instructions, inner.start, key=_start)
        each = self.instructions[at - 1] if at else None
        if isinstance(each, Onbuild) and inner.start <= each.end:
            return self._states[each.start]
        raise ValueError("the instruction is not of this Dockerfile")

    def after(self, stage: Stage) -> State:
        """The state at the end of a stage."""
        if stage.index in self._ends:
            return self._ends[stage.index]
        outer: Variables | None = None
        for link in reversed(self.chain(stage)):
            if link.index in self._ends:
                continue
            if outer is None:
                outer = self.globals.arguments
            state = first_state(link, self.escape) if link.parent is None else self._ends[link.parent]
            for instruction in link.instructions:
                self._states[instruction.start] = state
                state = step(state, instruction, outer, self.given)
            self._ends[link.index] = state
        return self._ends[stage.index]


def parse(source: Source, given: Mapping[str, str] | None = None) -> Dockerfile:
    """Reads a Dockerfile, with the arguments that a build gives. Never raises: what is wrong is in
    `problems`."""
    foreign = foreign_syntax(source)
    if foreign is not None:
        return Dockerfile(source, (foreign,), (), (), (), "\\", foreign=True)
    cutter = Cutter(source)
    complaints = Complaints(source)
    instructions: list[Instruction] = []
    comments: list[Comment] = []
    while True:
        head = cutter.head()
        if head is None:
            break
        line = _line(cutter, head, complaints)
        comments += line.above
        comments += line.comments
        told = len(complaints.problems)
        each = read(line, cutter.escape, complaints)
        if instructions and _goes_on(instructions[-1], each, complaints):
            del complaints.problems[told:]
        instructions.append(each)
    comments += cutter.comments_left
    problems = [*cutter.problems, *complaints.problems]
    if not instructions:
        problems.append(_nothing(source, "a file with no instructions"))
    elif all(isinstance(each, Arg) for each in instructions):
        problems.append(_nothing(source, "a file with no stages"))
    problems.sort(key=_place)
    directives = tuple(cutter.directives) or below_shebang(source)
    return Dockerfile(
        source,
        directives,
        tuple(instructions),
        tuple(comments),
        tuple(problems),
        cutter.escape,
        given=given,
    )


def _start(instruction: Instruction) -> int:
    return instruction.start


def _goes_on(before: Instruction, each: Instruction, complaints: Complaints) -> bool:
    """Whether a line that is no instruction follows another such: a text that got in, told of once."""
    unknown = each.keyword not in KEYWORDS and before.keyword not in KEYWORDS
    return unknown and not complaints.slip(each.keyword, KEYWORDS)


def second_reading(dockerfile: Dockerfile) -> bool:
    """Whether an independent parser (dockerfile-parse) cuts the file into the same instructions."""
    from ctr_ci.dockerfile.second_reader import disagreement

    return not disagreement(dockerfile)


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.span.start.line, problem.span.start.column) if problem.span else (0, 0)


def _nothing(source: Source, found: str) -> Problem:
    return Problem(found, "FROM image and what follows", "", source.path, source.span(0, 0))


def _line(cutter: Cutter, head: Head, complaints: Complaints) -> Line:
    keyword, given, arguments = flags.split(head.text, cutter.escape)
    heredocs: tuple[Heredoc, ...] = ()
    if "<<" in head.text.text and _may_hold_heredocs(keyword.text, arguments, cutter.escape):
        heredocs = cutter.heredocs(head)
    text = head.text
    start, head_end = text.origins[0], text.end(len(text.text))
    end = max([head_end, *[heredoc.end for heredoc in heredocs]]) if heredocs else head_end
    return Line(
        cutter.source,
        start,
        head_end,
        end,
        keyword,
        given,
        arguments,
        heredocs,
        head.above,
        head.comments,
        head.blanks,
        head.last_line,
    )


def _may_hold_heredocs(keyword: str, arguments: Text, escape: str) -> bool:
    keyword = keyword.upper()
    if keyword == "ONBUILD":
        inner, _, arguments = flags.split(arguments, escape)
        keyword = inner.text.upper()
    if keyword not in HEREDOC_KEYWORDS:
        return False
    try:
        return strings(arguments) is None
    except NotStrings:
        return False
