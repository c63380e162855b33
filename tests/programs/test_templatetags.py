import pytest
from django.template import Context, Template
from django.utils.translation import override

from plumbing.templatetags.parts import icon
from programs.models import ActionPoint, Level, ReportingPeriod
from programs.templatetags import programs


@pytest.mark.parametrize(("states", "looks"), [(ReportingPeriod.State, programs.PERIODS), (ActionPoint.State, programs.ACTION_POINTS)])
def test_every_state_has_a_colour_and_an_icon(states, looks):
    assert set(looks) == set(states)
    for tone, name in looks.values():
        assert tone in {"", "ok", "wait", "stop", "info"}
        assert icon(name)


def test_a_level_is_said_in_words_and_not_by_colour_alone():
    html = Template("{% level 'community' %}{{ 'overdue'|period_state }}").render(Context())
    assert f'<span class="level community">{Level.COMMUNITY.label}</span>' in html
    assert str(ReportingPeriod.State.OVERDUE.label) in html
    with override("fr"):
        assert "chip stop" in Template("{{ 'overdue'|action_point_state }}").render(Context())


def test_an_unknown_level_is_an_error_rather_than_an_empty_mark():
    with pytest.raises(ValueError, match="tribe"):
        Template("{% level 'tribe' %}").render(Context())
