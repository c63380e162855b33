from __future__ import annotations

import pytest

from tests import cases, factories


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def worker(world):
    return cases.caseworker(world)


@pytest.fixture
def supervisor(world):
    return cases.supervisor(world)
