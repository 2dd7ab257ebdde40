from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_FLAGS = (
    "--without",
    "--with",
    "--deployment",
    "--path",
    "--clean",
    "--frozen",
    "--no-prune",
    "--shebang",
    "--system",
)


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "bundle" or command.values[:1] != ("install",):
            continue
        for word in command.arguments[1:]:
            flag = (word.value or "").partition("=")[0]
            if flag in _FLAGS:
                setting = flag.lstrip("-")
                yield RULE.at(
                    facts.span(run, word.start, word.end),
                    f"bundle install {flag} is deprecated, and gone in Bundler 4",
                    help=f"run `bundle config set {setting} …` before, or set BUNDLE_{setting.upper()}",
                )


RULE = Rule(
    id="CT234",
    name="bundler-flags",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="bundle install keeps its settings in bundle config",
    why="Bundler 2 warns of these flags because it remembers them silently; Bundler 4 no longer takes them.",
    examples=(
        Bad("FROM ruby:3.3-slim\nRUN bundle install --without test\n", at="2:20-2:29"),
        Good("FROM ruby:3.3-slim\nRUN bundle config set without test && bundle install\n"),
    ),
    same_as=("tally:ruby/deprecated-bundler-install-flags",),
    check=check,
)
