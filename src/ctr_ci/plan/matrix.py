"""A monorepo's builds as jobs of a workflow: waves, each of which needs only images of those before it.

A build needs another where a Dockerfile of its is FROM (or copies from) an image that the other makes.
Images are compared by repository: which tag a build gives is often known only when it runs.
"""

from __future__ import annotations

from itertools import pairwise

from ctr_ci.plan.model import Plan
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

MOST = 256  # jobs of one matrix (GitHub: "Workflow syntax", jobs.<job_id>.strategy.matrix)


@value
class Job:
    """One build: its config's path, the folder that it is given as its source, the images that it makes,
    and those that its Dockerfiles start from or copy from."""

    name: str
    source: str
    config: str
    images: tuple[str, ...]
    bases: tuple[str, ...]


def waves(jobs: tuple[Job, ...]) -> tuple[tuple[tuple[Job, tuple[str, ...]], ...], ...]:
    """Each job with the names of those that it needs, at the earliest wave. Raises InputError for a
    circle, and for more jobs than a matrix may have."""
    makers: dict[str, list[str]] = {}
    for job in jobs:
        for image in dict.fromkeys(map(repository, job.images)):
            makers.setdefault(image, []).append(job.name)
    needs = {
        job.name: tuple(
            dict.fromkeys(
                maker for base in job.bases for maker in makers.get(repository(base), ()) if maker != job.name
            )
        )
        for job in jobs
    }
    done: set[str] = set()
    found = []
    left = jobs
    while left:
        wave = tuple(job for job in left if done.issuperset(needs[job.name]))
        if not wave:
            raise InputError(_circle(left, needs))
        if len(wave) > MOST:
            raise InputError(
                Problem(f"{len(wave)} builds that need no other", f"at most {MOST} jobs a matrix")
            )
        found.append(tuple((job, needs[job.name]) for job in wave))
        done.update(job.name for job in wave)
        left = tuple(job for job in left if job.name not in done)
    return tuple(found)


def _circle(left: tuple[Job, ...], needs: dict[str, tuple[str, ...]]) -> Problem:
    """Each job that is left needs another that is: going from need to need comes to a place again."""
    names = {job.name for job in left}
    way = [left[0].name]
    while len(set(way)) == len(way):
        way.append(next(name for name in needs[way[-1]] if name in names))
    circle = way[way.index(way[-1]) :]
    configs = {job.name: job.config for job in left}
    return Problem(
        f"builds that need each other's images: {' needs '.join(circle)}",
        "an order in which they can be built",
        "let one of them build FROM something else",
        configs[circle[0]],
    )


def repository(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition("@")[0]
    head, colon, last = name.rpartition(":")
    return head if colon and "/" not in last else name


def made(plan: Plan) -> tuple[str, ...]:
    """The images that a build makes: those under `images:`, and those that its steps name with -t."""
    return tuple(dict.fromkeys((*plan.images, *options(plan, "-t", "--tag"))))


def options(plan: Plan, *names: str) -> tuple[str, ...]:
    """The values of an option in the steps' arguments, as `NAME value` or `NAME=value`."""
    found = []
    for step in plan.steps:
        words = step.args or ()
        found += [value for name, value in pairwise(words) if name in names]
        found += [word.partition("=")[2] for word in words if word.partition("=")[0] in names and "=" in word]
    return tuple(found)


def matrices(found: tuple[tuple[tuple[Job, tuple[str, ...]], ...], ...]) -> list[dict[str, object]]:
    """What `strategy.matrix` takes, a wave each: every value is a text, since expressions print it."""
    return [
        {
            "include": [
                {
                    "name": job.name,
                    "source": job.source,
                    "config": job.config,
                    "images": " ".join(job.images),
                    "needs": " ".join(needs),
                }
                for job, needs in wave
            ]
        }
        for wave in found
    ]
