"""The field that tests of programs stand in."""

from __future__ import annotations

import pytest

from tests.programs.making import Field, make_dimensions, make_field


@pytest.fixture
def field(db: None) -> Field:
    return make_field()


@pytest.fixture
def cells(db: None):
    """Turns codes such as "sex=female|age=18-24" into the cells that acts take."""
    from programs import disaggregations
    from programs.models import Disaggregation

    make_dimensions()

    def cells_of(numbers: dict[str, int | None]) -> dict[Disaggregation, int | None]:
        ids = disaggregations.ensure(numbers)
        rows = Disaggregation.objects.in_bulk(ids.values())
        return {rows[ids[key]]: number for key, number in numbers.items()}

    return cells_of
