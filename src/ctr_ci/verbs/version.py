"""What `ctr-ci --version -v` says of the engine."""

from __future__ import annotations

from ctr_ci.problem import WorldError


def engine_line() -> str:
    """One line: the engine's version, or why it cannot be asked."""
    from ctr_ci.engine import connect

    try:
        engine = connect()
        try:
            return f"engine {engine.version()}"
        finally:
            engine.close()
    except WorldError as error:
        return f"engine: none ({error.problems[0].found})"
