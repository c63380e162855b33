"""How to report abuse: one click from every page, open to whoever is not signed in, in four languages, with the mission's contacts."""

import re
from pathlib import Path

import polib
import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts import practice
from accounts.models import PracticeValue
from accounts.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


def test_everybody_reads_it_and_an_administrator_edits_the_contacts(client):
    cache.delete("practice")
    address = reverse("report_abuse")
    assert "No contact is entered yet" in client.get(address).content.decode()
    practice.seed()
    administrator = factories.member(Role.ADMINISTRATOR)
    practice.change(PracticeValue.objects.get(key="report-abuse-phone"), value="+211 912 000 000", by=administrator)
    cache.delete("practice")
    page = client.get(address).content.decode()
    assert "+211 912 000 000" in page
    assert "No contact" not in page
    cache.delete("practice")


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_it_reads_in_the_languages_of_the_portal(language):
    """From the catalogs as they are kept: compiling them is a step of starting the portal."""
    catalog = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))
    said = {entry.msgid for entry in catalog if entry.translated()}
    words = re.findall(r"""{% translate ["'](.+?)["'] %}""", (ROOT / "templates" / "dashboard" / "report_abuse.html").read_text())
    assert any("You need no proof" in one for one in words)
    assert sorted({*words, "How to report abuse or misconduct"} - said) == []


def test_every_page_links_to_it(client):
    assert reverse("report_abuse") in client.get(reverse("account_login")).content.decode()
    client.force_login(factories.member(Role.ADMINISTRATOR))
    assert reverse("report_abuse") in client.get(reverse("places")).content.decode()
