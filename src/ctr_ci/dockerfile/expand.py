"""The variables that are in scope at a place, and what a word comes to there.

BuildKit `dockerfile2llb`: ENV beats ARG; a stage inherits both from the stage it is FROM; a global
ARG is seen by FROM lines, and in a stage only after a bare `ARG name`. A value that only the build
knows (an argument that it was not said to give, the platform) is None.
"""

from __future__ import annotations

from ctr_ci.dockerfile.instruction import Arg, Env
from ctr_ci.dockerfile.text import UNKNOWN, Word
from ctr_ci.dockerfile.variables import Variables
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORM_ARGUMENTS = frozenset(
    [
        side + part
        for side in ("BUILD", "TARGET")
        for part in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
    ]
    + ["TARGETSTAGE"]
)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
RUN_ARGUMENTS = frozenset([*PROXIES, *[name.lower() for name in PROXIES]])
_BUILDKIT = (
    "SYNTAX INLINE_CACHE MULTI_PLATFORM SANDBOX_HOSTNAME CONTEXT_KEEP_GIT_DIR CACHE_MOUNT_NS "
    "BUILD_NAME CONTEXT_KEY"
)
LONGEST = 64 * 1024  # characters; a longer value is not followed: thirty doublings would fill the memory
UNDECLARED_ARGUMENTS = frozenset(["SOURCE_DATE_EPOCH", *[f"BUILDKIT_{name}" for name in _BUILDKIT.split()]])


@value
class Expansion:
    """`value` is None when it depends on what is not known here, or cannot be expanded (`problem`).

    `names` are the variables that the word reads; `unset` those of them that nothing in the file
    sets, and for which the word gives no default either.
    """

    value: str | None
    names: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    problem: str = ""


@value
class Scope:
    """`env` and `arguments` by name, None for "set, value unknown".

    `open`: the base image may set more variables, so that one which is not set here may be.
    """

    env: Variables
    arguments: Variables
    escape: str
    open: bool = True

    def holds(self, name: str) -> bool:
        return name in self.env or name in self.arguments

    def known(self, name: str) -> str | None:
        """The value of a variable, None when it is not set or not known."""
        return self.env.get(name) if name in self.env else self.arguments.get(name)

    def _lookup(self, name: str) -> str | None:
        if name in self.env:
            found = self.env[name]
        elif name in self.arguments:
            found = self.arguments[name]
        else:
            return None
        return UNKNOWN if found is None else found

    def expand(self, word: Word | str) -> Expansion:
        """What BuildKit makes of a word here: variables replaced, quotes and escapes gone."""
        text = word if isinstance(word, str) else word.text
        if "$" not in text and "'" not in text and '"' not in text and self.escape not in text:
            return Expansion(text)
        from ctr_ci.dockerfile.lex import Lexer
        from ctr_ci.dockerfile.pattern import LexError

        lexer = Lexer(text, self.escape, self._lookup)
        try:
            result, _ = lexer.read()
        except LexError as error:
            return Expansion(None, tuple(lexer.names), tuple(lexer.unset), str(error))
        unknown = UNKNOWN in result or (self.open and lexer.unset) or len(result) > LONGEST
        return Expansion(None if unknown else result, tuple(lexer.names), tuple(lexer.unset))


def after_env(scope: Scope, env: Env) -> Scope:
    """The scope behind an ENV: all its values see the scope before it."""
    made = scope.env
    for pair in env.pairs:
        key = scope.expand(pair.key).value
        if key is not None:
            made = made.having(key, scope.expand(pair.value).value if pair.value is not None else None)
    return Scope(made, scope.arguments, scope.escape, scope.open)


def after_arg(scope: Scope, arg: Arg, outer: Variables, given: Mapping[str, str]) -> Scope:
    """The scope behind an ARG; `outer` are the global arguments that a bare `ARG name` takes, `given` the
    build arguments, which win over defaults."""
    for pair in arg.pairs:
        key = scope.expand(pair.key).value or pair.key.text
        if key in given:
            held: str | None = given[key]
        elif pair.value is not None:
            held = scope.expand(pair.value).value
        else:
            held = outer.get(key) if key in outer else scope.arguments.get(key)
        scope = Scope(scope.env, scope.arguments.having(key, held), scope.escape, scope.open)
    return scope
