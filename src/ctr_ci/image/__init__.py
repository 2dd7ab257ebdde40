"""What an image contains, from its bytes: archives, layers, packages, weight."""

from ctr_ci.image.archive import File, Image, Layer, Passing, read
from ctr_ci.image.inspect import inspect, inspect_layers
from ctr_ci.image.limits import Amount, Breach, Limits, breaches
from ctr_ci.image.share import Share
from ctr_ci.image.unpack import plain
from ctr_ci.image.weight import Duplicate, Item, LayerWeight, PackageWeight, Weight, sums

__all__ = [
    "Amount",
    "Breach",
    "Duplicate",
    "File",
    "Image",
    "Item",
    "Layer",
    "LayerWeight",
    "Limits",
    "PackageWeight",
    "Passing",
    "Share",
    "Weight",
    "breaches",
    "inspect",
    "inspect_layers",
    "plain",
    "read",
    "sums",
]
