"""What the pre-commit hook adds to `ctr-ci lint` on the same 300 Dockerfiles.

A repository with 300 different Dockerfiles; the hook `ctr-ci-lint` of this repository's HEAD, installed by
pre-commit as users have it (the installation is not counted), and the command with the same files as
arguments. In turn, the best of each counts, with the cache of findings empty and full; by wall time, and by
CPU time, which says the same on a busy machine. Beside them a hook that does nothing, which is what
pre-commit itself takes: with it in the ratio, and without.

    python benchmarks/hook_cost.py [ROUNDS [FOLDER]]

FOLDER: take the first 300 Dockerfiles under it instead of ours, whatever is found in them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FILES = 300
LIMIT = 1.3
TEXT = """\
FROM golang:1.23-bookworm AS build
ARG VERSION={n}
WORKDIR /src/service{n}
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/root/.cache go mod download
COPY . .
RUN go build -trimpath -ldflags "-X main.version=$VERSION" -o /out/service{n} ./cmd/service{n}

FROM debian:bookworm-slim
RUN apt-get update \\
 && apt-get install -y --no-install-recommends ca-certificates curl tini \\
 && rm -rf /var/lib/apt/lists/* \\
 && useradd --uid 10001 --no-log-init service{n}
ENV PORT={port} \\
    LOG_LEVEL=info
COPY --from=build /out/service{n} /usr/local/bin/service{n}
COPY config/service{n}.yaml /etc/service{n}/config.yaml
EXPOSE {port}
HEALTHCHECK CMD ["curl", "-fsS", "http://127.0.0.1:{port}/healthz"]
USER 10001
ENTRYPOINT ["tini", "--", "/usr/local/bin/service{n}"]
CMD ["--config", "/etc/service{n}/config.yaml"]
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path, given: Path | None) -> list[str]:
    """Makes the repository; the names of its Dockerfiles."""
    names = []
    found = sorted(path for path in given.rglob("*ockerfile*") if path.is_file()) if given else []
    for number in range(FILES):
        path = folder / f"service{number:03}" / "Dockerfile"
        path.parent.mkdir(parents=True)
        text = TEXT.format(n=number, port=8000 + number).encode()
        path.write_bytes(found[number].read_bytes() if found else text)
        (path.parent / ".dockerignore").write_text(".git\n")
        names.append(str(path.relative_to(folder)))
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    return names


def once(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as scratch:
        folder, config = Path(scratch, "repository"), Path(scratch, "config.yaml")
        names = repository(folder, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
        head = git(ROOT, "rev-parse", "HEAD")
        config.write_text(
            f"repos:\n- repo: {ROOT}\n  rev: {head}\n  hooks:\n  - id: ctr-ci-lint\n"
            "- repo: local\n  hooks:\n  - {id: nothing, name: nothing, entry: 'true', language: system}\n"
        )
        commands = {
            "ctr-ci lint": [str(BIN / "ctr-ci"), "lint", *names],
            "the hook": [str(BIN / "pre-commit"), "run", "-c", str(config), "ctr-ci-lint", "--all-files"],
            "nothing": [str(BIN / "pre-commit"), "run", "-c", str(config), "nothing", "--all-files"],
        }
        base = os.environ | {"PRE_COMMIT_HOME": f"{scratch}/hooks"}
        once(commands["the hook"], folder, base)  # installs
        worst = 0.0
        for cache in ("empty", "full"):
            seen: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
            for number in range(rounds):
                for name, command in commands.items():
                    place = (
                        f"{scratch}/cache-{number}-{name}" if cache == "empty" else f"{scratch}/cache-{name}"
                    )
                    environment = base | {"CTR_CI_CACHE_DIR": place}
                    if cache == "full" and not number:
                        once(command, folder, environment)
                    seen[name].append(once(command, folder, environment))
            best = {
                name: [min(column) for column in zip(*times, strict=True)] for name, times in seen.items()
            }
            for at, unit in enumerate(("s", "s CPU")):
                command, hook, nothing = (best[name][at] for name in commands)
                print(
                    f"cache {cache}: ctr-ci lint {command:.2f} {unit}, the hook {hook:.2f}, a hook that does "
                    f"nothing {nothing:.2f}: ratio {hook / command:.2f}, without pre-commit's own "
                    f"{(hook - nothing) / command:.2f}"
                )
                worst = max(worst, hook / command) if (cache, unit) == ("empty", "s CPU") else worst
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
