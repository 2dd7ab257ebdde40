"""A long build takes no more than a short one: threads, open files, memory."""

from __future__ import annotations

import os
import resource
import threading
import time

from testbed.builds import Builds, sh

WAVES, WIDE = 20, 5
GROWN_MB = 12  # what a hundred steps' records and events may take in all


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled() -> int:
    """The number of threads once those that are ending have ended."""
    deadline = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    return threading.active_count()


def memory_mb() -> float:
    """The most that this process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_waves_of_steps_leave_no_thread_no_open_file_and_no_memory(ran: Builds) -> None:
    ran(sh("true"), sh("true"))  # whatever is imported once is imported now
    threads, files, memory = settled(), open_files(), memory_mb()
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
    assert memory_mb() - memory < GROWN_MB


def test_much_output_takes_little_memory(ran: Builds) -> None:
    ran(sh("true"))
    before = memory_mb()
    done = ran(sh("yes 'a line of some seventy characters, as a compiler might print it' | head -c 60000000"))
    # The test itself holds the output twice: as it came and as text.
    assert len(done.out) == 60_000_000
    assert memory_mb() - before < 60 * 3 + 30
