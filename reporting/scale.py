"""Its part of ``seed_scale``: accepted submissions full of figures, written in bulk and beside the acts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from accounts.models import User
from programs.disaggregations import ensure
from programs.scale import Laid
from reporting import published, rollup
from reporting.models import Figure, Submission

BATCH = 5000


def seed(laid: Iterable[Laid], *, people: dict[str, User], with_rows: bool = True, seed: int = 7) -> int:
    """Fill projects with figures of every period; the first indicator by sex too. Returns how many figures were written.

    ``with_rows``: keep roll-up rows and published numbers as acceptances would.
    """
    cells = ensure(["", "sex=female", "sex=male"])
    chance = random.Random(seed)  # noqa: S311
    written = 0
    for one in laid:
        reports = _submissions(one, people)
        figures = _figures(one, reports, cells, chance)
        while batch := list(islice(figures, BATCH)):
            written += len(Figure.objects.bulk_create(batch))
        if with_rows:
            keys = [indicator.pk for indicator in one.indicators]
            rollup.keep(keys)
            published.register(keys)
    return written


def _submissions(one: Laid, people: dict[str, User]) -> dict[tuple[int, int], Submission]:
    now = timezone.now()
    rows = Submission.objects.bulk_create(
        Submission(
            project=one.project,
            partner=office,
            period=period,
            state=Submission.State.ACCEPTED,
            submitted_at=now - timedelta(days=2),
            submitted_by=people["reporter"],
            accepted_at=now - timedelta(days=1),
            accepted_by=people["mande"],
        )
        for office in one.partners
        for period in one.periods
    )
    return {(row.partner_id, row.period_id): row for row in rows}


def _figures(one: Laid, reports: dict[tuple[int, int], Submission], cells: dict[str, int], chance: random.Random) -> Iterator[Figure]:
    for indicator in one.indicators:
        definition = indicator.definition
        for office in one.partners:
            for place in one.places:
                reached = 0
                for period in one.periods:
                    here = {
                        "submission": reports[office.pk, period.pk],
                        "indicator": indicator,
                        "project": one.project,
                        "partner": office,
                        "place": place,
                        "period": period,
                        "period_end": period.ends_on,
                        "counts": True,
                    }
                    number = chance.randint(0, 200)
                    reached += number
                    if definition.is_ratio:
                        yield Figure(**here, disaggregation_id=cells[""], numerator=number, denominator=200)
                        continue
                    value = reached if definition.over_time == "running_total" else number
                    yield Figure(**here, disaggregation_id=cells[""], value=value)
                    if indicator.order == 0:
                        women = value // 2
                        yield Figure(**here, disaggregation_id=cells["sex=female"], value=women)
                        yield Figure(**here, disaggregation_id=cells["sex=male"], value=value - women)
