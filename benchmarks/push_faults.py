"""Many pushes through a proxy that breaks one or more of their requests: none may end half done.

    python benchmarks/push_faults.py [--each | --pushes N] [--seed N]

`--each`: a push for every place of its some sixty requests and every kind of fault, which strikes once,
and then for good (that request and all that follow it). Else N pushes with faults at random places, a
third of them at several. Afterwards either every blob is there with the right bytes, under the tag, or
the tag stands where it stood. Ends with 1 where one is not.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from ctr_ci.problem import CtrCiError
from testbed import registry as registries
from testbed.fault_proxy import Answer, Delay, Fault, FaultProxy, Reset, Seen, Truncate
from testbed.pushing import Push, blob, stored, tags
from testbed.saved import Saved, layer

LAYERS = 17
KINDS: dict[str, Fault] = {
    "reset before": Reset("head"),
    "reset in the middle": Reset("body"),
    "reset after": Reset("answer"),
    "429": Answer(429, (("Retry-After", "0"),)),
    "500": Answer(500, (), b'{"errors":[{"code":"UNKNOWN"}]}'),
    "502": Answer(502, (), b"<html></html>"),
    "503": Answer(503),
    "truncated answer": Truncate(),
    "delay": Delay(0.05),
}
FAULTS = tuple(KINDS.values())


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


class Bench:
    """A registry, the proxy before it, and what stands under the tag. Each push must leave it right."""

    def __init__(self) -> None:
        self.registry = registries.start("open")
        self.between = FaultProxy(self.registry.host).start()
        self.standing = image()
        self.wrong = 0
        Push(self.between.host)(self.standing, "v1")
        self.places = len(self.between.seen)

    def push(self, decide: Callable[[Seen], Fault | None]) -> str:
        """How a push of a new image ends."""
        self.between.seen.clear()
        self.between.decide = decide
        saved = image()
        host = self.registry.host
        try:
            Push(self.between.host)(saved, "v1")
        except CtrCiError:
            if is_whole(host, self.standing):
                return "given up"
            # The registry moved the tag, and every word of that was lost on the way back.
            if not is_whole(host, saved):
                self.wrong += 1
                return "wrong"
            self.standing = saved
            return "moved without a word"
        self.standing = saved
        if is_whole(host, saved):
            return "done"
        self.wrong += 1
        return "wrong"

    def stop(self) -> None:
        self.between.stop()
        self.registry.stop()


def at_each(bench: Bench) -> None:
    """Every kind of fault at every place, once and for good."""
    print(f"{bench.places} requests a push")
    for name, fault in KINDS.items():
        for lasts in (False, True):
            if lasts and isinstance(fault, Delay):
                continue
            ends: collections.Counter[str] = collections.Counter()
            for place in range(bench.places):

                def decide(
                    seen: Seen, place: int = place, fault: Fault = fault, lasts: bool = lasts
                ) -> Fault | None:
                    return fault if seen.number == place or (lasts and seen.number > place) else None

                ends[bench.push(decide)] += 1
            print(f"{name:22}{'for good' if lasts else 'once':10}{dict(ends)}", flush=True)


def at_random(bench: Bench, pushes: int, chance: random.Random) -> None:
    ends: collections.Counter[str] = collections.Counter()
    for _ in range(pushes):
        count = chance.choice((1, 1, 2, 6, 30))
        bad = {chance.randrange(bench.places + count): chance.choice(FAULTS) for _ in range(count)}

        def decide(seen: Seen, bad: dict[int, Fault] = bad) -> Fault | None:
            return bad.get(seen.number)

        ends[bench.push(decide)] += 1
    print(f"{pushes} pushes of {bench.places} requests: {dict(ends)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--pushes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    bench = Bench()
    started = time.perf_counter()
    try:
        if arguments.each:
            at_each(bench)
        else:
            at_random(bench, arguments.pushes, random.Random(arguments.seed))
    finally:
        bench.stop()
    print(f"{bench.wrong} wrong, in {time.perf_counter() - started:.0f} s")
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
