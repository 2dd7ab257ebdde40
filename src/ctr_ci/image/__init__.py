"""What an image contains, from its bytes: archives, layers, packages, weight."""

from ctr_ci.image.archive import File, Image, Layer, Passing, read

__all__ = ["File", "Image", "Layer", "Passing", "read"]
