"""What an image contains, from its bytes: archives, layers, packages, weight."""

from ctr_ci.image.archive import File, Image, Layer, Passing, read
from ctr_ci.image.inspect import inspect
from ctr_ci.image.share import Share
from ctr_ci.image.weight import Duplicate, Item, LayerWeight, PackageWeight, Weight, sums

__all__ = [
    "Duplicate",
    "File",
    "Image",
    "Item",
    "Layer",
    "LayerWeight",
    "PackageWeight",
    "Passing",
    "Share",
    "Weight",
    "inspect",
    "read",
    "sums",
]
