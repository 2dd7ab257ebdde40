"""`ran`: builds on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.builds import Builds


@pytest.fixture
def ran(engine_socket: str, busybox: str, tmp_path: Path) -> Builds:
    return Builds(engine_socket, busybox, tmp_path)
