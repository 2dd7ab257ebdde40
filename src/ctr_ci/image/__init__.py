"""What an image contains, from its bytes: archives, layers, packages, weight."""

from ctr_ci.image.archive import File, Image, Layer, Passing, read
from ctr_ci.image.elf import Binary
from ctr_ci.image.inspect import Contents, contents, inspect, inspect_layers
from ctr_ci.image.layers import Entry
from ctr_ci.image.limits import Amount, Breach, Limits, breaches
from ctr_ci.image.share import Share
from ctr_ci.image.state import State
from ctr_ci.image.unpack import plain
from ctr_ci.image.weight import Duplicate, Item, LayerWeight, PackageWeight, Weight, sums

__all__ = [
    "Amount",
    "Binary",
    "Breach",
    "Contents",
    "Duplicate",
    "Entry",
    "File",
    "Image",
    "Item",
    "Layer",
    "LayerWeight",
    "Limits",
    "PackageWeight",
    "Passing",
    "Share",
    "State",
    "Weight",
    "breaches",
    "contents",
    "inspect",
    "inspect_layers",
    "plain",
    "read",
    "sums",
]
