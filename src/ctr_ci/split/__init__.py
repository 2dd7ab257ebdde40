"""Rewrites a Dockerfile of one stage into two: one that builds, one that ships only what the program needs.

Pure: the file's facts and the names in its context in, a new text or the reason against it out. `compare`
holds the images of both files against each other; who builds them is `verbs`.
"""

from ctr_ci.split.decide import split
from ctr_ci.split.model import Artefact, Fine, Folder, Refusal, Split, Wish
from ctr_ci.split.proof import TRIAL, Check, Proof, compare, left_behind, program

__all__ = [
    "TRIAL",
    "Artefact",
    "Check",
    "Fine",
    "Folder",
    "Proof",
    "Refusal",
    "Split",
    "Wish",
    "compare",
    "left_behind",
    "program",
    "split",
]
