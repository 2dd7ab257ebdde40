"""One module a command: request in, exit code out; the only place where rooms are wired together."""
