"""Every page that needs no key in its address, and one of each kind that does, in a real browser: axe in both directions, no sideways
scrolling on the phone, nothing asked from another host, and not too heavy."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from programs.models import ExpectedReport, Grant, IndicatorDefinition, Project
from reporting.models import DonorReport, Submission

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Addresses that are no pages of the shell: files, fragments, sign-in flows that redirect, the stock admin and the API.
NOT_PAGES = ("options", "favicon", "healthz", "readyz", "set_language", "jsi18n", "logout", "counts", "picker")


@pytest.fixture
def demo():
    call_command("seed_demo", password="a-long-demo-password", stdout=StringIO(), stderr=StringIO())


def plain_addresses() -> list[str]:
    found = []
    for pattern in get_resolver().url_patterns:
        nested = getattr(pattern, "url_patterns", None)
        prefix = str(pattern.pattern)
        if prefix.startswith(("api/", "admin/", "accounts/", "i18n/")):
            continue
        for one in nested or [pattern]:
            address = "/" + (prefix if nested else "") + str(one.pattern)
            if "<" not in address and not any(word in address for word in NOT_PAGES):
                found.append(address)
    return sorted(set(found))


def keyed_addresses() -> list[str]:
    expected = ExpectedReport.objects.filter(project__code="PPS-01").order_by("-period__ends_on").first()
    waiting = Submission.objects.filter(state="submitted").select_related("project", "period").first()
    report = [expected.project.code, expected.period.code, expected.partner_id]
    sent = [waiting.project.code, waiting.period.code, waiting.partner_id]
    names = ("report", "report_narrative", "report_spending", "report_attachments", "report_check", "report_history", "report_extend")
    found = [reverse(name, args=report) for name in names]
    found += [reverse("review", args=sent), reverse("donor_report", args=[DonorReport.objects.latest("pk").pk])]
    found += [reverse("grant", args=[Grant.objects.first().pk]), f"/projects/{Project.objects.get(code='PPS-02').code}/"]
    return [*found, *_definition()]


def _definition() -> list[str]:
    for name in ("definition", "library_definition", "indicator_definition"):
        try:
            return [reverse(name, args=[IndicatorDefinition.objects.get(code="DDR-6").pk])]
        except Exception:
            continue
    return []


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_no_page_fails_axe_or_scrolls_sideways_in_either_direction(demo, visit, axe, phone):
    manager = User.objects.get(email="manager@demo.example")
    page, seen = visit(manager, phone=phone), Client()
    seen.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    wrong = {}
    for address in [*plain_addresses(), *keyed_addresses()]:
        before = seen.get(address)
        if before.status_code != 200 or "html" not in before["Content-Type"]:
            continue  # an act without a page of its own, a file, or not for this person
        answer = page.goto(address)
        page.wait_for_load_state("networkidle")
        found = ([f"status {answer.status}"] if answer.status >= 500 else []) + axe(page)
        if found:
            wrong[address] = found
    assert wrong == {}
