"""Pushes exactly the tested image: what may leave, by which credential, and in which order.

Knows no command line and no terminal; engine and registry are handed in.
"""

from ctr_ci.publish.credential import Surroundings
from ctr_ci.publish.credential import find as find_credential
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.push import Content, Wish, push
from ctr_ci.publish.receipt import Receipt, Shipped, Tagged
from ctr_ci.publish.release import Release, releases, unverified

__all__ = [
    "Content",
    "Memory",
    "Receipt",
    "Release",
    "Shipped",
    "Surroundings",
    "Tagged",
    "Wish",
    "find_credential",
    "push",
    "releases",
    "unverified",
]
