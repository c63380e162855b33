"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.cache import cache


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test inputs beside the checkout; absent elsewhere, where its tests skip."""
    folder = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"test inputs are not here ({folder}): set SHARED_DATA to the folder that holds them"
        if os.environ.get("REQUIRE_SHARED_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest):
    """The cache lives in the database; what one transactional test leaves there must not reach the next."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        cache.clear()
