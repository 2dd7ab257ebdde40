"""Many pushes through a proxy that breaks one or more of their requests: none may end half done.

    python benchmarks/push_faults.py [--pushes N] [--seed N]

Each push of an image of a dozen small layers meets a fault at a place of its some sixty requests
(cut before, in the middle, after the registry's work; 429, 500, 502, 503; a cut answer; a delay), a
third of them at several places. Afterwards either every blob is there with the right bytes, under
the tag, or the tag stands where it stood. Ends with 1 where one is not.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from ctr_ci.problem import CtrCiError
from testbed import registry as registries
from testbed.fault_proxy import Answer, Delay, Fault, FaultProxy, Reset, Seen, Truncate
from testbed.pushing import Push, blob, stored, tags
from testbed.saved import Saved, layer

LAYERS = 14
FAULTS: tuple[Fault, ...] = (
    Reset("head"),
    Reset("body"),
    Reset("answer"),
    Answer(429, (("Retry-After", "0"),)),
    Answer(500, (), b'{"errors":[{"code":"UNKNOWN"}]}'),
    Answer(502, (), b"<html></html>"),
    Answer(503),
    Truncate(),
    Delay(0.05),
)


def image() -> Saved:
    return Saved([layer(noise=os.urandom(3_000)) for _ in range(LAYERS)])


def is_whole(host: str, saved: Saved) -> bool:
    """Under the tag stands exactly this image: config, every layer, every byte."""
    if "v1" not in tags(host, "team/app"):
        return False
    found = stored(host, "team/app", "v1")
    if found["config"]["digest"] != saved.image_id:  # type: ignore[index]
        return False
    layers = [gzip.decompress(blob(host, "team/app", one["digest"])) for one in found["layers"]]  # type: ignore[attr-defined]
    return layers == saved.layers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pushes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    registry = registries.start("open")
    between = FaultProxy(registry.host).start()
    ends: collections.Counter[str] = collections.Counter()
    standing, places, wrong = image(), 0, 0
    started = time.perf_counter()
    try:
        Push(between.host)(standing, "v1")
        places = len(between.seen)
        for _ in range(arguments.pushes):
            count = chance.choice((1, 1, 2, 6, 30))
            bad = {chance.randrange(places + count): chance.choice(FAULTS) for _ in range(count)}

            def decide(seen: Seen, bad: dict[int, Fault] = bad) -> Fault | None:
                return bad.get(seen.number)

            between.seen.clear()
            between.decide = decide
            saved = image()
            try:
                Push(between.host)(saved, "v1")
                ends["done"] += 1
                standing = saved
                right = is_whole(registry.host, saved)
            except CtrCiError:
                ends["given up"] += 1
                right = is_whole(registry.host, standing)
                if not right and is_whole(registry.host, saved):
                    # The registry moved the tag, and every word of that was lost on the way back.
                    ends["moved without a word"] += 1
                    standing, right = saved, True
            wrong += not right
    finally:
        between.stop()
        registry.stop()
    seconds = time.perf_counter() - started
    print(f"{arguments.pushes} pushes of {places} requests in {seconds:.0f} s: {dict(ends)}, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
