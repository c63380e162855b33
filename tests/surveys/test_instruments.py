"""Loading, supplying text, and the checks before a version is in force."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from plumbing.refusals import Invalid, Refused
from programs.access import NotAllowed
from surveys import instrument_files, instruments, scoring
from surveys.models import Instrument, InstrumentVersion
from tests import factories
from tests.surveys import making

pytestmark = pytest.mark.django_db


def codes(refused: Invalid) -> set[str]:
    return {problem.code for problem in refused.problems}


def test_the_shipped_instruments_load_once_and_pass_their_checks_but_for_text_that_must_be_supplied():
    loaded = instruments.load_shipped()
    assert len(loaded.made) == 8
    assert instruments.load_shipped().made == []
    for version in InstrumentVersion.objects.select_related("instrument"):
        problems = instruments.problems_of(version)
        if version.needs_official_text:
            assert [problem.code for problem in problems] == ["text_needed"]
        else:
            assert problems == []


def test_the_reintegration_survey_is_as_the_page_says():
    version = making.shipped("reintegration-equal-weights")
    definition = instruments.definition_of(InstrumentVersion.objects.whole().get(pk=version.pk))
    scored = [question for question in definition.questions if question.is_scored]
    by_domain = {part.code: sum(question.domain == part.code for question in scored) for part in definition.parts}
    assert by_domain == {"economic": 9, "social": 10, "psychosocial": 9}
    assert {question.code: question.shown_if for question in definition.questions if question.shown_if} == {
        "R10": (("R09", "yes"),),
        "R30": (("R29", "no"),),
    }
    assert "adaptation" in version.instrument.name
    assert version.is_adaptation


def answering(definition, scores):
    """For each item the option with this score, in the order of the items; an item without one is not answered."""
    found = {}
    for question in definition.questions:
        wanted = scores.get(question.code)
        if wanted is not None:
            found[question.code] = next(c.code for c in question.choices.values() if c.kind == "answer" and c.score == Decimal(wanted))
    return found


def test_the_shipped_reintegration_survey_scores_the_worked_example_of_the_page():
    version = making.shipped("reintegration-equal-weights")
    definition = instruments.definition_of(InstrumentVersion.objects.whole().get(pk=version.pk))
    economic = dict(zip(("R01", "R02", "R03", "R04", "R05", "R07", "R08", "R09"), ("0.25", 0, 1, 0, 0, 1, 1, 1), strict=True))  # 4.25 / 8
    social = {f"R{11 + at}": score for at, score in enumerate((1, 1, 1, 1, 1, 1, "0.5", 0, 0, 0))}  # 6.50 / 10
    inner = {f"R{21 + at}": score for at, score in enumerate((1, 1, 1, 0, 0, 0, 0))}  # 3.00 / 7
    scored = scoring.score(definition, answering(definition, economic | social | inner))
    values = {value.domain: value.value for value in scored.domains}
    assert values == {"economic": Decimal("0.5312"), "social": Decimal("0.6500"), "psychosocial": Decimal("0.4286")}
    assert (scored.composite.value, scored.composite.answered) == (Decimal("0.5500"), 25)
    assert scored.composite.bands["outcome"] != scored.composite.bands.get("triage")
    few = scoring.score(definition, answering(definition, economic | social | dict(list(inner.items())[:5])))
    assert (few.domain("psychosocial").reason, few.composite.reason) == ("too_few_answers", "domain_not_scored")


@pytest.mark.parametrize(
    ("answers", "expected"), [("122111", "0"), ("13----", "1"), ("11111-", None), ("411111", "1"), ("------", None), ("111114", "1")]
)
def test_the_shipped_washington_group_set_finds_any_difficulty(answers, expected):
    version = making.shipped("washington-group-short-set", active=False)
    definition = instruments.definition_of(InstrumentVersion.objects.whole().get(pk=version.pk))
    assert definition.rule == "any"
    given = {f"WG{at}": code for at, code in enumerate(answers, start=1) if code != "-"}
    found = scoring.score(definition, given).composite
    assert found.value == (None if expected is None else Decimal(expected))
    assert found.reason == ("unknown" if expected is None else "")


def test_the_cohesion_block_has_twelve_scored_items_in_five_domains():
    version = making.shipped("social-cohesion")
    assert version.items.filter(is_scored=True).count() == 12
    assert version.domains.count() == 5
    assert instruments.languages_of(InstrumentVersion.objects.whole().get(pk=version.pk)) == ["en", "ar", "fr"]


def test_washington_stays_a_draft_until_its_text_is_supplied():
    by = making.administrator()
    version = making.shipped("washington-group-short-set", active=False)
    with pytest.raises(Invalid, match="official wording"):
        instruments.activate(version, by=by)
    texts = {f"WG{n}": f"Official question {n}" for n in range(1, 7)}
    with pytest.raises(Invalid, match="no item X1"):
        instruments.supply_text(version, language="en", texts={"X1": "No"}, by=by)
    instruments.supply_text(version, language="en", texts=texts, citation="Washington Group, 2020", by=by)
    assert instruments.activate(version, by=by).status == "active"
    with pytest.raises(Refused, match="stands as it is"):
        instruments.supply_text(version, language="en", texts=texts, by=by)


def test_every_failed_check_is_said_at_once():
    data = making.small(version={"source_citation": "", "weights_mode": "tabled"})
    data["domain"].append({"code": "empty", "en": "Empty"})
    data["item"][0]["shown_if"] = [["T2", "agree"]]
    data["band"] = [{"scheme": "composite", "purpose": "outcome", "rows": [["low", "10", "Low"], ["high", "120", "High"]]}]
    del data["item"][5]["en"]
    version = making.loaded(data, active=False)
    with pytest.raises(Invalid) as refused:
        instruments.activate(version, by=making.administrator())
    assert codes(refused.value) == {"required", "empty", "sum", "order", "gap", "out_of_scale"}
    version.refresh_from_db()
    assert version.status == "draft"


def test_tabled_weights_that_sum_to_one_within_a_millionth_pass():
    thirds, sixths = ("0.3333333333", "0.3333333333", "0.3333333334"), "0.1666666667"
    data = making.small(version={"weights_mode": "tabled"})
    for at, item in enumerate(data["item"]):
        item["weight_domain"], item["weight_composite"] = thirds[at % 3], sixths
    assert making.loaded(data).status == "active"
    data = making.small("other", version={"weights_mode": "tabled"})
    for at, item in enumerate(data["item"]):
        item["weight_domain"], item["weight_composite"] = thirds[at % 3], "0.1666"
    with pytest.raises(Invalid, match=r"0\.9996"):
        making.loaded(data)


def test_equal_weights_are_ones_without_a_sum():
    data = making.small()
    data["item"][0]["weight_composite"] = "2"
    with pytest.raises(Invalid, match="weighs 1"):
        making.loaded(data)


def test_a_new_version_takes_over_and_leaves_the_old_one_as_it_was():
    old = making.loaded()
    new = making.loaded(making.small(version={"version": "2"}))
    old.refresh_from_db()
    assert (old.status, new.status, Instrument.objects.count()) == ("retired", "active", 1)
    with pytest.raises(Invalid, match="already has a version"):
        making.loaded(making.small(version={"version": "2"}))


def test_only_who_sets_the_portal_up_loads_and_activates():
    someone = factories.world().mande
    with pytest.raises(NotAllowed):
        instruments.load(making.small(), by=someone)
    draft = making.loaded(active=False)
    with pytest.raises(NotAllowed):
        instruments.activate(draft, by=someone)


def test_a_draft_can_be_thrown_away_and_a_version_in_force_cannot():
    by = making.administrator()
    instruments.drop_draft(making.loaded(active=False), by=by)
    assert not Instrument.objects.exists()
    with pytest.raises(Refused):
        instruments.drop_draft(making.loaded(), by=by)


def test_a_file_that_cannot_be_read_says_where():
    for content in (b"\xff\xfe", b"code = ", b"[1, 2]"):
        with pytest.raises(Invalid):
            instrument_files.read(content)
    data = making.small()
    data["item"][0]["set"], data["item"][1]["domain"] = "NOPE", "nowhere"
    data["item"][2]["weight_domain"] = 0.5
    data["orientation"] = "sideways"
    with pytest.raises(Invalid) as refused:
        instruments.load(data, by=making.administrator())
    assert {problem.path for problem in refused.value.problems} == {"orientation", "item/0/set", "item/1/domain", "item/2/weight_domain"}


def test_json_is_read_like_toml():
    read = instrument_files.read(json.dumps(making.small()).encode())
    assert read["code"] == "small"
