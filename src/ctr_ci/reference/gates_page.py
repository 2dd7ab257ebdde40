"""The page of stages and gates: ctr-ci.yaml's keys in a table, and what they mean for a push."""

from __future__ import annotations

from ctr_ci.gate import KEYS, Key

HEAD = """\
# Stages and gates

What an image must have passed before `ctr-ci publish` pushes it. All of it stands in `ctr-ci.yaml` (or
`[tool.ctr-ci]` of pyproject.toml), beside a cloudbuild.yaml that stays as Google knows it.

Without any of it, a step must have run the very image: one that started after the image was built, in whose
container the image ran, and which passed. What tested an image binds to its ID: a name that is moved, or an
image that is built again, is untested. Where a step ran another program in it than the image's own
(`docker run --entrypoint true app`), the verdict and the record say which.

```yaml
stages:
  - {name: build, steps: [app]}
  - {name: test, steps: [unit, smoke], gate: true}
  - {name: release, steps: [deploy]}
gates:
  - {name: weight, max-size: 120MB, max-build-bytes: 0}
  - {name: says-hello, command: [/quickstart.sh], expect: {stdout: Hello}}
  - {name: structure, structure-test: tests/structure.yaml}
publish: {require: [test, weight]}
```

A **stage** starts when the one before it has passed. With `gate: true` its steps are the test: all must pass
(`allowFailure` does not excuse one), and one of them must have run the image.

A **gate** looks at each image after the steps, in a container of its own without network, and puts its
verdict into the record. One that has several checks asks for all of them.

`publish.require` names the stages and gates that an image needs: all of them unless said.

## Keys of a gate
"""
STRUCTURE = """\
## Structure tests

`structure-test` takes files of [container-structure-test](https://github.com/GoogleContainerTools/container-structure-test)
(`schemaVersion: 2.0.0`) as they are, with the meaning of its `docker` driver:

- the image's entrypoint is not run;
- patterns are Go's: `^` and `$` are the ends of the whole output unless the pattern begins with `(?m)`;
- the words of a command, and the paths of `fileExistenceTests`, have the image's own variables put in;
- `setup` leaves what it did for the command; `teardown` is read and not run.

It differs where a test could reach what no other gate can:

- A command has ten minutes (`within:`), no network, and a container's usual privileges.
- `containerRunOptions` get nothing that is not a plain container's unless the gate allows it:

| `allow:` | opens |
|---|---|
| `privileged` | `privileged: true` |
| `capabilities` | `capabilities` beyond those that every container has |
| `environment` | `envVars`: values from the caller's environment, kept out of logs and records |
| `host-path` | `bindMounts` and `envFile` outside the build's source |

What is below `/workspace` is the source, and mounted to be read only.
What a file asks for and may not have is told with its line, and how to allow it, before anything runs.
"""


def render() -> str:
    """The page; ends with a newline."""
    general = [key for key in KEYS if key.general]
    checks = [each for key in KEYS if not key.general and not key.serves for each in (key, *_beside(key))]
    rows = ["| key | asks that | for example |", "|---|---|---|", *map(_row, (*general, *checks))]
    return "\n".join([HEAD, *rows, "", STRUCTURE.rstrip()]) + "\n"


def _beside(check: Key) -> list[Key]:
    return [key for key in KEYS if check.name in key.serves]


def _row(key: Key) -> str:
    name = f"… `{key.name}`" if key.serves else f"`{key.name}`"
    return f"| {name} | {key.says} | `{key.name}: {key.example}` |"
