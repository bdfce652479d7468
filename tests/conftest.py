"""What every test may use: the networks of the tree, and the true shapes of their values."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def examples() -> Path:
    """Folder of the example networks."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of NAME.shapes.json: the shapes ONNX Runtime produced."""
    return ROOT / "tests" / "data"
