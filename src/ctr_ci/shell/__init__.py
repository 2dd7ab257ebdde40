"""The shell front: a script in, its commands, words and places out. Never raises on any text."""

from ctr_ci.shell.parse import parse
from ctr_ci.shell.script import Assignment, Command, Pipeline, Redirection, Script, Unread, Word

__all__ = ["Assignment", "Command", "Pipeline", "Redirection", "Script", "Unread", "Word", "parse"]
