import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import dates
from django.utils.functional import Promise
from django.utils.translation import override

from accounts.roles import Role
from dashboard.navigation import ACCOUNT_LINKS, GROUPS
from plumbing.shipped_names import SHIPPED
from programs.models import ActionPoint, Level, ReportingPeriod
from reporting.models import DonorReport, Submission

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)s|(?<!{){\w+}")


def catalog(language):
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def words_of_the_shell():
    with override("en"):
        for name, items in GROUPS:
            yield str(name)
            for item in items:
                yield from (str(item.label), str(item.short))
        yield from (str(label) for _url, label, _needs in ACCOUNT_LINKS)
        for states in (Role, Level, ReportingPeriod.State, ActionPoint.State, Submission.State, DonorReport.State):
            yield from (str(state.label) for state in states)
    for path in [*(ROOT / "templates" / "components").rglob("*.html"), *(ROOT / "templates").glob("*.html")]:
        for pair in re.findall(r"""{% translate ["'](.+?)["'] %}|\b_\(["'](.+?)["']\)""", path.read_text()):
            yield "".join(pair)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_shell_is_translated(language):
    said = {entry.msgid for entry in catalog(language) if entry.translated()}
    assert sorted(set(filter(None, words_of_the_shell())) - said) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_name_is_translated(language):
    said = {entry.msgid for entry in catalog(language) if entry.msgctxt == "shipped name" and entry.translated()}
    with override("en"):
        assert [str(name) for name in SHIPPED if str(name) not in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_every_placeholder_and_none_is_only_guessed(language):
    for entry in catalog(language):
        assert not entry.fuzzy, entry.msgid
        if entry.msgstr:
            assert set(PLACEHOLDER.findall(entry.msgstr)) == set(PLACEHOLDER.findall(entry.msgid)), entry.msgid
        for text in filter(None, entry.msgstr_plural.values()):
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(entry.msgid_plural)), entry.msgid


def test_no_word_of_ours_takes_the_place_of_a_month_or_a_day_of_the_framework():
    names = {str(name).lower() for table in (dates.MONTHS, dates.MONTHS_3, dates.WEEKDAYS, dates.WEEKDAYS_ABBR) for name in table.values()}
    for language in LANGUAGES:
        assert [entry.msgid for entry in catalog(language) if not entry.msgctxt and entry.msgid.lower() in names] == []


def test_arabic_has_all_six_ways_to_count():
    assert all(len(entry.msgstr_plural) == 6 for entry in catalog("ar") if entry.msgid_plural and entry.translated())


def test_the_words_of_the_navigation_wait_for_the_readers_language():
    assert all(isinstance(item.label, Promise) for _name, items in GROUPS for item in items)


def test_text_is_marked_by_names_that_the_collector_of_texts_knows():
    renamed = re.compile(r"gettext\w* as (?!_\b)\w+|gettext\w* as _\w")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for app in settings.INSTALLED_APPS
        if (ROOT / app.split(".")[0]).is_dir()
        for path in (ROOT / app.split(".")[0]).rglob("*.py")
        for match in renamed.finditer(path.read_text())
    ]
    assert found == []
