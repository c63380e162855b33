import re
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from programs.models import Theme


def drawn(source, **context):
    return Template(source).render(Context(context))


def test_a_part_gets_its_body_and_its_fills():
    html = drawn('{% part "panel" title="Money" %}<p>63</p>{% fill "acts" %}<a href="/b">Board</a>{% endfill %}{% endpart %}')
    assert "<h2>Money</h2>" in html
    assert '<div class="body"><p>63</p></div>' in html
    assert '<span class="acts"><a href="/b">Board</a></span>' in html


def test_a_page_variable_does_not_leak_into_a_part():
    assert "leak" not in drawn('{% part "panel" %}body{% endpart %}', title="leak", footer="leak", acts="leak")


def test_an_outer_fill_is_not_taken_by_an_inner_part():
    html = drawn('{% part "panel" title="A" %}{% part "panel" title="B" %}x{% endpart %}{% fill "footer" %}foot{% endfill %}{% endpart %}')
    assert html.count("foot</footer>") == 1
    assert html.index("<h2>B</h2>") < html.index("foot</footer>")


def test_what_a_person_typed_is_escaped_in_a_part():
    html = drawn('{% part "panel" title=words %}{{ words }}{% endpart %}{% chip "ok" words %}', words="<script>alert(1)</script>")
    assert "<script>" not in html


def test_a_fill_outside_a_part_is_refused():
    with pytest.raises(TemplateSyntaxError):
        drawn('{% fill "acts" %}x{% endfill %}')


def test_an_icon_is_silent_unless_it_is_named():
    assert 'aria-hidden="true"' in drawn('{% icon "download" %}')
    assert 'role="img" aria-label="Download"' in drawn('{% icon "download" "Download" %}')


@pytest.mark.parametrize(("value", "width"), [(Decimal("69"), "69"), (0, "0"), (Decimal("66.666666"), "66.7"), (250, "100"), (-3, "0")])
def test_a_meter_stays_inside_its_bar(value, width):
    html = drawn('{% meter value due=62 label="69 % of target" %}', value=value)
    assert f'<rect class="bar" width="{width}" height="8"/>' in html
    assert '<rect class="due" x="62"' in html
    assert 'aria-label="69 % of target"' in html


def test_a_meter_without_a_figure_has_no_bar():
    assert 'class="bar"' not in drawn('{% meter value label="not reported" %}', value=None)


class Choices(forms.Form):
    kind = forms.ChoiceField(choices=[("", "---------"), ("a", "Alpha")])
    late = forms.ChoiceField(choices=[("", "—"), ("a", "Alpha")], required=False)
    owed = forms.ChoiceField(choices=[("", "---------"), ("a", "Alpha")], required=False)
    theme = forms.ModelChoiceField(queryset=Theme.objects.none())
    maybe = forms.ModelChoiceField(queryset=Theme.objects.none(), required=False)
    own = forms.ModelChoiceField(queryset=Theme.objects.none(), required=False, empty_label="all themes")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "words"),
    [("kind", "Choose…"), ("late", "None"), ("owed", "Choose…"), ("theme", "Choose…"), ("maybe", "None"), ("own", "all themes")],
)
def test_the_empty_choice_says_what_it_means(name, words):
    form = Choices()
    form.fields["owed"].owed = True
    html = drawn("{{ field|attributes }}", field=form[name])
    assert re.search(r'<option value=""[^>]*>([^<]*)</option>', html)[1] == words
    assert "--" not in html


def test_a_sparkline_leaves_a_gap_where_nothing_was_reported():
    html = drawn('{% sparkline values label="last four" %}', values=[1, 2, None, Decimal("4.5"), 6])
    assert len(re.findall("<polyline", html)) == 2
    assert "nan" not in html.lower()


@pytest.mark.parametrize("values", [[], [None], [3], [3, 3], [0, None, 0]])
def test_a_short_or_flat_sparkline_still_draws(values):
    assert drawn('{% sparkline values label="x" %}', values=values).startswith("<svg")


def test_no_component_writes_an_inline_style():
    html = drawn('{% meter 5 label="x" %}{% sparkline v label="y" %}{% hidden_cell %}{% part_of 7 12 %}', v=[1, 2])
    assert "style=" not in html
    assert '<bdi dir="ltr"><b>7</b> / 12</bdi>' in html


def test_a_changed_filter_starts_again_at_the_first_page():
    request = RequestFactory().get("/list/", {"state": "due", "cursor": "abc", "place": ["A", "B"]})
    html = drawn('{% with_query state=None ordering="-due" %}', request=request)
    assert html.replace("&amp;", "&") == "?place=A&place=B&ordering=-due"
