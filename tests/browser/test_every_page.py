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
from reintegration.models import Case, ChildHandover, IntakeDraft, Opportunity, Referral, StepProposal
from reporting.models import DonorReport, Submission
from tests.browser.conftest import open_whole

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


ACTS = ("step", "back", "ask-to-close", "consent", "withdraw", "safe-contact", "seal")
PARTS = (
    "case", "case_profile", "case_plan", "case_received", "case_referrals", "case_contacts", "case_follow_ups", "case_offers", "case_openings",
    "give_service", "hand_over_item", "take_part", "send_referral", "ask_override", "record_contact", "tell_concern",
)  # fmt: skip


def case_addresses() -> dict[str, list[str]]:
    """Who of the demo opens which pages about cases."""
    active = Case.objects.filter(state="active", caseworker__email="caseworker@demo.example", referrals__state="sent").first()
    prevented = Case.objects.filter(state="active", pathway="prevention", caseworker=active.caseworker).first()
    done = Case.objects.filter(state="completed", caseworker=active.caseworker, follow_ups__wave=6, follow_ups__state="done").first()
    replanned = Case.objects.get(plans__version=2)
    goal = active.plans.get().goals.first()
    worker = [reverse(name, args=[active.code]) for name in PARTS] + [reverse("case_act", args=[active.code, act]) for act in ACTS]
    worker += [reverse("note_progress", args=[active.code, goal.pk]), reverse("assess", args=[active.code, active.follow_ups.get().pk])]
    worker += [reverse(name, args=[prevented.code]) for name in ("case_plan", "set_factors", "case_profile")]
    worker += [reverse(name, args=[done.code]) for name in ("case", "case_follow_ups", "case_received")]
    worker += [reverse("case_intake", args=[IntakeDraft.objects.get().pk]), reverse("cases"), reverse("child_check"), reverse("my_work")]
    worker += [reverse(name, args=[ChildHandover.objects.filter(handed_over_at=None).get().pk]) for name in ("close_child_handover",)]
    worker += [reverse("hand_over_children"), reverse("count_children"), reverse("opportunity", args=[Opportunity.objects.first().pk])]
    supervisor = [reverse("cases"), reverse("case_team"), reverse("case_analytics"), reverse("my_work")]
    supervisor += [reverse("case", args=[StepProposal.objects.first().case.code]), reverse("case_plan", args=[replanned.code]) + "?compare"]
    supervisor += [reverse("hand_over_cases") + f"?from={active.caseworker_id}"]
    received = reverse("received_referral", args=[Referral.objects.filter(state="accepted").first().pk])
    return {
        "caseworker": worker, "supervisor": supervisor, "lino": [reverse("referrals_received"), received],
        "focal": [reverse("case_analytics"), reverse("open_for_purpose", args=[active.code]), reverse("child_handovers")],
    }  # fmt: skip


def test_no_page_fails_axe_or_scrolls_sideways_in_either_direction(demo, visit, axe):
    """One demo for both widths: loading it takes longer than many pages. The rules run once per direction: one on the phone, one wide."""
    asked = {"manager": [*plain_addresses(), *keyed_addresses()], **case_addresses()}
    wrong = {}
    for name, addresses in asked.items():
        person, seen = User.objects.get(email=f"{name}@demo.example"), Client()
        seen.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        answers = {address: seen.get(address) for address in addresses}
        # An act without a page of its own, a file, or not for this person; the pages about cases are there for who opens them.
        shown = [one for one, answer in answers.items() if answer.status_code == 200 and "html" in answer["Content-Type"]]
        assert name == "manager" or shown == addresses, set(addresses) - set(shown)
        for phone in (False, True):
            page = visit(person, phone=phone)
            for address in shown:
                answer = open_whole(page, address)
                found = ([f"status {answer.status}"] if answer.status >= 500 else []) + axe(page, rules=["rtl" if phone else "ltr"])
                if found:
                    wrong[name, "phone" if phone else "wide", address] = found
    assert wrong == {}
