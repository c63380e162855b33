"""The roll-up once more, slowly and literally after docs/rollup.md, to compare the real one with.

Every answer is looked up afresh among all figures, in fractions of plain numbers; nothing is shared with ``reporting.rules``
but the words for reasons and the shape of a figure.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction

from reporting.rules import Figure, Reason, Rules


def reported(figure: Figure) -> bool:
    return any(number is not None for number in (figure.value, figure.numerator, figure.share, figure.option))


def is_total(figure: Figure, parts) -> bool:
    return not parts.get(figure.disaggregation)


def streams_of(figures, parts):
    return sorted({(f.indicator, f.partner, f.place) for f in figures if reported(f) and is_total(f, parts)})


def totals_of(stream, figures, parts):
    return [f for f in figures if (f.indicator, f.partner, f.place) == stream and reported(f) and is_total(f, parts)]


def source_figures(stream, figures, parts, rules: Rules, through: date, since: date | None, stops) -> list[Figure]:
    """The figures a stream's number comes from as of a date: none, one, or for "per period" several."""
    known = [f for f in totals_of(stream, figures, parts) if f.end <= through]
    if rules.over_time == "per_period":
        return [f for f in known if since is None or f.end >= since]
    if not known:
        return []
    latest = [f for f in known if f.end == max(g.end for g in known)]
    stop = stops.get(stream)
    if stop is not None and stop <= through and (rules.over_time == "running_total" or latest[0].end < stop):
        return []
    return latest


def number(figures):
    """What several figures of one stream come to: ("value", v), ("ratio", n, m), ("share", s) or ("unreadable",)."""
    if all(f.value is not None for f in figures):
        return ("value", Fraction(sum(f.value for f in figures), 10**6))
    if all(f.numerator is not None for f in figures):
        return ("ratio", Fraction(sum(f.numerator for f in figures), 10**6), Fraction(sum(f.denominator for f in figures), 10**6))
    if len(figures) == 1 and figures[0].share is not None:
        return ("share", Fraction(figures[0].share, 10**6))
    return ("unreadable",)


def read(found, per):
    if found[0] in ("value", "share"):
        return found[1], None
    if found[0] == "ratio":
        return (None, Reason.NOTHING_TO_DIVIDE_BY) if found[2] == 0 else (per * found[1] / found[2], None)
    return None, Reason.BARE_SHARE


def put_together(numbers, rules: Rules):
    """``numbers``: (number, latest (end, start)) per present stream. Gives (value, reason)."""
    if not numbers:
        return None, Reason.NOT_REPORTED
    if len(numbers) == 1:
        return read(numbers[0][0], rules.per)
    if rules.across == "sum":
        if any(found[0] != "value" for found, _when in numbers):
            return None, Reason.NOT_ADDABLE
        return sum(found[1] for found, _when in numbers), None
    if rules.across == "weighted_ratio":
        if any(found[0] != "ratio" for found, _when in numbers):
            return None, Reason.BARE_SHARE
        return read(("ratio", sum(found[1] for found, _ in numbers), sum(found[2] for found, _ in numbers)), rules.per)
    if rules.across == "max":
        values = [read(found, rules.per) for found, _when in numbers]
        readable = [value for value, _reason in values if value is not None]
        return (max(readable), None) if readable else (None, "any")
    if rules.across == "latest":
        last = max(when for _found, when in numbers)
        values = {read(found, rules.per)[0] for found, when in numbers if when == last}
        if len(values) > 1:
            return None, Reason.SEVERAL_LATEST
        return (values.pop(), None) if values != {None} else (None, "any")
    return None, Reason.NOT_ADDABLE


def present_numbers(figures, parts, rules, through, since, stops):
    found = []
    for stream in streams_of(figures, parts):
        sources = source_figures(stream, figures, parts, rules, through, since, stops)
        if sources:
            found.append((stream, sources))
    return found


def total(figures, *, rules, through, since=None, stops=None, parts=None):
    found = present_numbers(figures, parts or {}, rules, through, since, stops or {})
    return put_together([(number(sources), max((f.end, f.start) for f in sources)) for _stream, sources in found], rules)


def change(figures, *, rules, through, since, stops, parts):
    """Running totals only: latest (<= T) less latest (< F), an absent one counting 0."""
    numbers = []
    for stream in streams_of(figures, parts):
        now = source_figures(stream, figures, parts, rules, through, None, stops)
        then = source_figures(
            stream, [f for f in figures if f.end < since], parts, rules, date.fromordinal(since.toordinal() - 1), None, stops
        )
        if not now and not then:
            continue
        after, before = (number(x) if x else None for x in (now, then))
        if before is None:
            result = after
        elif after is None:
            result = (before[0], *(-part for part in before[1:]))
        elif after[0] != before[0]:
            result = ("unreadable",)
        else:
            result = (after[0], *(a - b for a, b in zip(after[1:], before[1:], strict=True)))
        numbers.append((result, max((f.end, f.start) for f in (now or then))))
    return put_together(numbers, rules)


def carried(figures, *, rules, through, stops, parts, current):
    if rules.over_time == "per_period":
        return set()
    return {
        (*stream, sources[0].end)
        for stream, sources in present_numbers(figures, parts, rules, through, None, stops)
        if stream[0] in current and sources[0].end < current[stream[0]]
    }


def slices(figures, *, rules, through, since, stops, parts, by):
    """({category: (value, reason)}, not broken down as (value, reason) or None)."""
    present = present_numbers(figures, parts, rules, through, since, stops)
    if rules.across == "latest" and present:
        last = max(max((f.end, f.start) for f in sources) for _stream, sources in present)
        present = [(stream, sources) for stream, sources in present if max((f.end, f.start) for f in sources) == last]
    of_category: dict[int, list] = {}
    told = []
    for _stream, sources in present:
        chosen = [(category, cell) for source in sources for category, cell in cells_by(by, source, figures, parts)]
        told += [cell for _category, cell in chosen]
        for category in {category for category, _cell in chosen}:
            cells = [cell for of, cell in chosen if of == category]
            of_category.setdefault(category, []).append((number(cells), max((c.end, c.start) for c in cells)))
    answer = {category: put_together(numbers, rules) for category, numbers in of_category.items()}
    totals = [source for _stream, sources in present for source in sources]
    if not present or (len(present) > 1 and rules.across not in ("sum", "weighted_ratio")):
        return answer, None
    if all(f.value is not None for f in totals + told):
        return answer, (Fraction(sum(f.value for f in totals) - sum(f.value for f in told), 10**6), None)
    if all(f.numerator is not None for f in totals + told):
        left = [sum(getattr(f, name) for f in totals) - sum(getattr(f, name) for f in told) for name in ("numerator", "denominator")]
        return answer, read(("ratio", *(Fraction(x, 10**6) for x in left)), rules.per)
    return answer, None


def cells_by(by, source, figures, parts):
    same = [
        f
        for f in figures
        if (f.indicator, f.partner, f.place, f.end) == (source.indicator, source.partner, source.place, source.end)
        and reported(f)
        and by in dict(parts.get(f.disaggregation, ()))
    ]
    if not same:
        return []
    sets = Counter(tuple(sorted(dict(parts[f.disaggregation]))) for f in same)
    smallest = min(sets, key=lambda dimensions: (len(dimensions), dimensions))
    return [(dict(parts[f.disaggregation])[by], f) for f in same if tuple(sorted(dict(parts[f.disaggregation]))) == smallest]
