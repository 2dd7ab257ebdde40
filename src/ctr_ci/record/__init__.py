"""The record of a run: the evidence that gates read and `publish` obeys.

`fold` turns events into a `Record`; `dumps` and `loads` are its JSON form (versioned, only added
to); `write` replaces a file in one move so that a crash leaves a whole one.
"""

from __future__ import annotations

from ctr_ci.record.files import FOLDER, newest, place, read, write
from ctr_ci.record.fold import fold
from ctr_ci.record.form import dumps, finding, loads
from ctr_ci.record.model import (
    VERSION,
    GateRecord,
    ImageRecord,
    NameRecord,
    PushRecord,
    Ran,
    Record,
    StepRecord,
)

__all__ = [
    "FOLDER",
    "VERSION",
    "GateRecord",
    "ImageRecord",
    "NameRecord",
    "PushRecord",
    "Ran",
    "Record",
    "StepRecord",
    "dumps",
    "finding",
    "fold",
    "loads",
    "newest",
    "place",
    "read",
    "write",
]
