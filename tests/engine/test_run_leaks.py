"""A long build takes no more than a short one: threads, open files, memory."""

from __future__ import annotations

import os
import resource
import threading
import time

from testbed.builds import Builds, sh

WAVES, WIDE = 6, 5


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled() -> int:
    """The number of threads once those that are ending have ended."""
    deadline = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    return threading.active_count()


def test_waves_of_steps_leave_no_thread_and_no_open_file(ran: Builds) -> None:
    ran(sh("true"))  # whatever is imported once is imported now
    threads, files = settled(), open_files()
    steps = [
        sh("echo hi", id=f"{wave}-{n}", waitFor=[f"{wave - 1}-{m}" for m in range(WIDE)] if wave else ["-"])
        for wave in range(WAVES)
        for n in range(WIDE)
    ]
    done = ran(*steps)
    assert done.statuses == ["SUCCESS"] * WAVES * WIDE
    assert done.out.count(": hi\n") == WAVES * WIDE
    assert settled() == threads
    assert open_files() == files


def test_much_output_takes_little_memory(ran: Builds) -> None:
    ran(sh("true"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = ran(sh("yes 'a line of some seventy characters, as a compiler might print it' | head -c 60000000"))
    # The test itself holds the output twice: as it came and as text.
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(done.out) == 60_000_000
    assert grown_mb < 60 * 3 + 30
