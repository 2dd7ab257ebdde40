"""The recipes in the order in which they are asked: the first that knows an image's program decides."""

from __future__ import annotations

from collections.abc import Callable

from ctr_ci.split.compiled import binary, dotnet, jar
from ctr_ci.split.interpreted import node, python, ruby
from ctr_ci.split.model import Found
from ctr_ci.split.reading import Reading, Start

RECIPES: tuple[Callable[[Reading, Start], Found], ...] = (jar, dotnet, node, python, ruby, binary)
