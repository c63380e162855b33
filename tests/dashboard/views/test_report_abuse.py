"""How to report abuse: one click from every page, open to whoever is not signed in, in four languages, with the mission's contacts."""

import re
from pathlib import Path

import polib
import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts import practice
from accounts.models import PracticeValue
from accounts.roles import Role
from tests import factories
from tests.surveys import making

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


def footer(answer):
    """The link at the foot of a page, and the address beside it that a sheet of paper needs."""
    page = answer.content.decode()
    return f'<a href="{reverse("report_abuse")}">' in page, f"http://testserver{reverse('report_abuse')}" in page


def test_every_page_links_to_it(client):
    assert footer(client.get(reverse("account_login"))) == (True, True)
    assert footer(client.get("/nowhere/")) == (True, True), "a page that is not there, without signing in"
    assert footer(Client(enforce_csrf_checks=True).post(reverse("account_login"))) == (True, True), "a form without its token"
    client.force_login(factories.member(Role.ADMINISTRATOR))
    for address in (reverse("places"), "/api/v1/docs/", "/nowhere/"):
        assert footer(client.get(address)) == (True, True), address
    assert footer(HttpResponse(render_to_string("500.html")))[0], "after an error there is no request to ask for the host"


def test_what_is_printed_says_where_it_is(client):
    version = making.shipped("social-cohesion")
    client.force_login(factories.member(Role.ADMINISTRATOR))
    assert footer(client.get(reverse("printed_form", args=[version.pk]))) == (True, True)
    hidden, shown = re.search(r"@media print \{(.*)", (ROOT / "static/portal/theme.css").read_text(), re.DOTALL)[1].split(
        "display: none", 1
    )
    assert ".foot" not in hidden
    assert ".foot .only-print { display: inline; }" in shown
