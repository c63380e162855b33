"""The pages about people, organizations, keys and the log: who reaches them, what they show, what they cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import audit, tasks
from accounts.models import AuditEvent, Organization, PracticeValue, User
from accounts.roles import Role
from programs import access, invitations, partner_keys
from programs.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db
LISTS = ["people", "organizations", "invitations", "api_keys", "audit", "practice", "places"]


@pytest.fixture
def world():
    return factories.world()


@pytest.fixture
def administrator() -> User:
    return factories.member(Role.ADMINISTRATOR)


@pytest.fixture
def partner_manager(world) -> User:
    return factories.member(Role.PARTNER_MANAGER, organization=world.partner)


def _text(response) -> str:
    return response.content.decode()


def _without_tokens(response) -> str:
    """The page without what is new on every answer: CSRF token, request id and its own address."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", _text(response))
    return re.sub(r"[0-9a-f]{32}|/people/\d+/[a-z/]*", "", text)


@pytest.mark.parametrize("name", LISTS)
def test_whoever_is_not_signed_in_is_sent_to_sign_in(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


@pytest.mark.parametrize(
    ("role", "reached"),
    [
        (Role.ADMINISTRATOR, {"people", "organizations", "invitations", "api_keys", "practice", "places"}),
        (Role.PROGRAM_MANAGER, {"people", "organizations", "invitations", "api_keys", "places"}),
        (Role.PARTNER_MANAGER, {"people", "organizations", "invitations", "api_keys", "places"}),
        (Role.PARTNER_REPORTER, {"places"}),
        (Role.MANDE_OFFICER, {"places"}),
        (Role.AUDITOR, {"audit", "places"}),
        (Role.FOCAL_POINT, {"audit", "places"}),
        (Role.DONOR_VIEWER, {"places"}),
    ],
)
def test_each_role_reaches_its_lists_and_the_others_do_not_exist_for_it(client, world, role, reached):
    scope = {} if role in {Role.ADMINISTRATOR, Role.AUDITOR, Role.FOCAL_POINT} else {"organization": world.partner}
    scope = {"program": world.project.program} if role in {Role.PROGRAM_MANAGER, Role.MANDE_OFFICER} else scope
    client.force_login(factories.member(role, **scope))

    assert {name for name in LISTS if client.get(reverse(name)).status_code == 200} == reached
    assert all(client.get(reverse(name)).status_code == 404 for name in set(LISTS) - reached)


@pytest.mark.parametrize("page", ["person", "give_role", "deputize", "person_leaves"])
def test_a_stranger_is_answered_like_somebody_who_does_not_exist(client, partner_manager, page):
    other = factories.member(Role.PARTNER_REPORTER, organization=factories.partner())
    client.force_login(partner_manager)

    theirs, absent = client.get(reverse(page, args=[other.pk])), client.get(reverse(page, args=[999_999]))
    assert (theirs.status_code, absent.status_code) == (404, 404)
    assert _without_tokens(theirs) == _without_tokens(absent)


def test_a_partners_manager_sees_the_own_people_and_only_their_roles_for_the_partner(client, world, partner_manager):
    shared = factories.member(Role.PARTNER_REPORTER, organization=world.partner)
    access.give(user=shared, role=Role.COMMUNITY_OFFICER, project=factories.world().project, by=None)
    outsider = factories.user("Nobody Here")
    client.force_login(partner_manager)

    assert outsider.name not in _text(client.get(reverse("people")))
    page = _text(client.get(reverse("person", args=[shared.pk])))
    assert "Partner reporter" in page
    assert "Community officer" not in page
    assert client.get(reverse("organization_page", args=[factories.partner().pk])).status_code == 404


def test_whoever_may_not_open_the_list_of_people_is_led_back_to_their_account(client, world):
    client.force_login(world.reporter)
    for page in ("person", "deputize"):
        crumbs = dict(client.get(reverse(page, args=[world.reporter.pk])).context["crumbs"])
        assert reverse("people") not in crumbs.values()
        assert crumbs["Your account"] == reverse("account")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries"), [("people", 6), ("organizations", 4), ("invitations", 4), ("api_keys", 4), ("practice", 6), ("places", 6)]
)
def test_a_list_costs_the_same_for_one_row_and_for_three(client, administrator, world, django_assert_num_queries, name, queries, rows):
    for _number in range(rows - 1):
        partner = factories.partner()
        person = factories.member(Role.PARTNER_MANAGER, organization=partner)
        partner_keys.issue(organization=partner, name="sync", expires_at=timezone.now() + timedelta(days=3), by=person)
        invitations.invite(
            email=f"new@{partner.pk}.example", name="New", role=Role.PARTNER_REPORTER, employer=partner, organization=partner, by=person
        )
    client.force_login(administrator)
    client.get(reverse(name))

    with django_assert_num_queries(queries):
        assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_audit_search_costs_the_same_for_one_row_and_for_three(client, django_assert_num_queries, rows):
    auditor = factories.member(Role.AUDITOR)
    client.force_login(auditor)
    for _number in range(rows):
        audit.record("thing.done", [auditor, ("thing", "1")], by=auditor)
    client.get(reverse("audit"))

    with django_assert_num_queries(8):
        assert client.get(reverse("audit"), {"event": "thing"}).status_code == 200


def test_a_role_is_given_and_ended_on_the_persons_page(client, world, administrator):
    person = factories.user()
    client.force_login(administrator)
    today = timezone.localdate().isoformat()
    given = {"role": "mande_officer", "project": world.project.pk, "place": f"x ({world.place.code})", "starts_on": today}

    assert client.post(reverse("give_role", args=[person.pk]), given).status_code == 302
    row = Membership.objects.get(user=person)
    assert (row.role, row.project, row.place, row.given_by) == ("mande_officer", world.project, world.place, administrator)
    client.post(reverse("end_role", args=[person.pk, row.pk]))
    assert not Membership.objects.live().filter(user=person).exists()


def test_a_refused_role_is_told_on_the_form(client, world, administrator):
    reporter = factories.member(Role.PARTNER_REPORTER, organization=world.partner)
    client.force_login(administrator)
    response = client.post(reverse("give_role", args=[reporter.pk]), {"role": "auditor", "starts_on": timezone.localdate().isoformat()})

    assert response.status_code == 422
    assert "never held together" in _text(response)


def test_a_partners_manager_is_offered_the_partners_roles_only(client, partner_manager):
    client.force_login(partner_manager)
    page = _text(client.get(reverse("invite")))

    assert set(re.findall(r'value="(\w+)"', re.search(r'<select name="role".*?</select>', page, re.S)[0])) == {
        "partner_manager",
        "partner_reporter",
    }


def test_an_invited_person_makes_an_account_and_is_signed_in(client, world, partner_manager):
    client.force_login(partner_manager)
    invited = {
        "email": "new@nyi.example", "name": "Achol", "employer": world.partner.pk, "role": "partner_reporter",
        "organization": world.partner.pk,
    }  # fmt: skip
    assert client.post(reverse("invite"), invited).status_code == 302
    client.logout()
    link = re.search(r"/invitation/[\w-]+/", mail.outbox[-1].body)[0]

    assert 'value="new@nyi.example"' in _text(client.get(link))
    typed = {
        "email": "other@x.example",
        "name": "Achol D.",
        "password": "one two three four",
        "again": "one two three four",
        "time_zone": "UTC",
    }
    assert client.post(link, {**typed, "again": "five"}).status_code == 422
    assert client.post(link, {**typed, "password": "short", "again": "short"}).status_code == 422
    response = client.post(link, typed)

    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email="new@nyi.example").pk)
    client.logout()
    assert client.get(link).status_code == 410


def test_somebody_with_an_account_must_sign_in_to_accept(client, world, partner_manager):
    known = factories.user()
    client.force_login(partner_manager)
    invited = {
        "email": known.email,
        "name": "x",
        "employer": world.partner.pk,
        "role": "partner_reporter",
        "organization": world.partner.pk,
    }
    client.post(reverse("invite"), invited)
    link = re.search(r"/invitation/[\w-]+/", mail.outbox[-1].body)[0]
    client.logout()

    assert client.get(link)["Location"].startswith(reverse("account_login"))
    client.force_login(known)
    assert client.get(link).status_code == 200
    assert not known.memberships.exists()
    assert client.post(link).status_code == 302
    assert known.memberships.get().role == "partner_reporter"


def test_a_key_is_shown_once(client, world, partner_manager):
    client.force_login(partner_manager)
    last = (timezone.localdate() + timedelta(days=30)).isoformat()
    asked = {"organization": world.partner.pk, "name": "sync", "may_write": "on", "last_day": last}
    response = client.post(reverse("new_key"), asked)
    secret = re.search(r"pb_[a-z0-9]{8}_[\w-]{43}", _text(response))[0]

    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    page = _text(client.get(reverse("api_keys")))
    assert secret[:12] in page
    assert secret not in page
    assert secret.encode() not in b"".join(client.get(reverse("api_keys"), {"export": "csv"}).streaming_content)


def test_a_key_must_end_within_a_year(client, world, partner_manager):
    client.force_login(partner_manager)
    last = (timezone.localdate() + timedelta(days=500)).isoformat()
    response = client.post(reverse("new_key"), {"organization": world.partner.pk, "name": "sync", "last_day": last})

    assert response.status_code == 422
    assert "within the next 12 months" in _text(response)


def test_a_person_who_leaves_is_shown_with_what_moves_and_is_closed(client, world, administrator):
    leaver, successor = factories.member(Role.MANDE_OFFICER, project=world.project), factories.user()
    client.force_login(administrator)

    assert "M&amp;E officer" in _text(client.get(reverse("person_leaves", args=[leaver.pk])))
    assert client.post(reverse("person_leaves", args=[leaver.pk]), {"to": successor.pk}).status_code == 422
    assert client.post(reverse("person_leaves", args=[leaver.pk]), {"to": successor.pk, "sure": "on"}).status_code == 302
    leaver.refresh_from_db()
    assert not leaver.is_active


def test_a_colleague_is_named_as_deputy_from_ones_own_account(client, world):
    agency = factories.agency()
    absent, deputy = factories.user(organization=agency), factories.user(organization=agency)
    access.give(user=absent, role=Role.MANDE_OFFICER, project=world.project, by=None)
    client.force_login(absent)
    until = (timezone.localdate() + timedelta(days=5)).isoformat()

    assert client.post(reverse("deputize", args=[absent.pk]), {"deputy": deputy.pk, "until": until}).status_code == 302
    assert deputy.memberships.get().deputy_for == absent
    assert client.post(reverse("deputize", args=[absent.pk]), {"deputy": world.reporter.pk, "until": until}).status_code == 422


def test_an_organization_is_made_by_who_sets_up_and_corrected_by_its_manager(client, world, administrator, partner_manager):
    values = {"name": "New partner", "kind": "partner", "iati_type": "22", "language": "en", "is_active": "on"}
    client.force_login(administrator)
    assert client.post(reverse("new_organization"), values).status_code == 302
    assert AuditEvent.objects.filter(event="organization.made").count() == 1

    client.force_login(partner_manager)
    assert client.get(reverse("new_organization")).status_code == 404
    changed = values | {"name": "Renamed", "kind": "donor", "wants_own_sign_off": "on"}
    assert client.post(reverse("edit_organization", args=[world.partner.pk]), changed).status_code == 302
    row = Organization.objects.get(pk=world.partner.pk)
    assert (row.name, row.kind, row.wants_own_sign_off) == ("Renamed", "partner", True)
    assert client.get(reverse("edit_organization", args=[factories.partner().pk])).status_code == 404


def test_language_and_time_zone_follow_the_person(client):
    person = factories.user()
    client.force_login(person)
    chosen = {"name": person.name, "language": "ar", "time_zone": "Africa/Juba"}

    assert client.post(reverse("account"), chosen).status_code == 302
    assert '<html lang="ar" dir="rtl">' in _text(client.get(reverse("account")))
    client.post(reverse("set_language"), {"language": "en", "next": "/account/"})
    person.refresh_from_db()
    assert (person.language, person.time_zone) == ("en", "Africa/Juba")
    assert client.post(reverse("account"), chosen | {"time_zone": "Mars/Base"}).status_code == 422


def test_the_auditor_finds_events_by_person_subject_kind_and_date(client):
    auditor, actor = factories.member(Role.AUDITOR), factories.user("Nyakim Gatluak")
    audit.record("evidence.opened", [("evidencefile", "abc"), ("project", "7")], by=actor, purpose="check")
    audit.record("evidence.opened", [("evidencefile", "def")], by=auditor)
    client.force_login(auditor)

    def found(**asked: str) -> int:
        return _text(client.get(reverse("audit"), asked)).count("<code>evidence.opened</code>")

    assert found() == 2
    assert found(person="gatluak") == found(person=f"user:{actor.pk}") == found(subject="evidencefile:abc") == found(subject="project") == 1
    assert found(event="evidence") == 2
    assert found(event="sign_in") == found(until="2020-01-01") == 0
    assert "Nyakim Gatluak" in _text(client.get(reverse("audit"), {"event": "evidence"}))
    assert "purpose: <bdi>check</bdi>" in _text(client.get(reverse("audit"), {"person": "gatluak"}))


def test_the_auditor_reads_what_was_done_in_words_and_how_far_the_chain_holds(client):
    client.force_login(factories.member(Role.AUDITOR))
    audit.record("evidence.opened", by=None)
    audit.record("theme.changed", by=None)
    page = _text(client.get(reverse("audit")))
    assert "Evidence opened<br>" in page
    assert "Set-up, changed: theme<br>" in page
    assert "Nobody has verified the chain of seals yet." in page
    assert '<option value="evidence.opened">Evidence opened</option>' in page
    assert _text(client.get(reverse("audit"), {"kind": "evidence.opened"})).count("<code>evidence.opened</code>") == 1
    assert "evidence.opened,Evidence opened," in b"".join(client.get(reverse("audit"), {"export": "csv"}).streaming_content).decode()

    audit.seal_all()
    call_command("verify_audit")
    sealed = AuditEvent.objects.filter(number__isnull=False).count()
    page = _text(client.get(reverse("audit")))
    assert f"Sealed through event {sealed}." in page
    assert f"it held through event {sealed}." in page

    audit.record(audit.VERIFIED, by=None, checked=0, broken_at=1)
    assert "the chain was broken at event 1." in _text(client.get(reverse("audit")))


def test_the_auditor_has_the_log_verified_by_a_button_one_walk_at_a_time(client, monkeypatch):
    auditor = factories.member(Role.AUDITOR)
    audit.record("evidence.opened", by=None)
    audit.seal_all()
    sealed = AuditEvent.objects.filter(number__isnull=False).count()
    asked: list[int] = []
    monkeypatch.setattr("accounts.tasks.verify_audit.delay", asked.append)
    client.force_login(auditor)
    assert "Load this page again in a moment" in _text(client.post(reverse("verify_audit"), follow=True))
    assert "being verified already" in _text(client.post(reverse("verify_audit"), follow=True))
    assert asked == [auditor.pk]

    assert tasks.verify_audit(auditor.pk) == sealed
    found = AuditEvent.objects.get(event=audit.VERIFIED)
    assert (found.actor, found.via) == (f"user:{auditor.pk}", "task")
    assert f"it held through event {sealed}." in _text(client.get(reverse("audit")))
    client.post(reverse("verify_audit"))
    assert asked == [auditor.pk, auditor.pk]


def test_a_log_cannot_be_verified_by_a_stranger_nor_while_background_work_is_away(client, world, monkeypatch):
    def refuse(person: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr("accounts.tasks.verify_audit.delay", refuse)
    client.force_login(world.manager)
    assert client.post(reverse("verify_audit")).status_code == 404
    client.force_login(factories.member(Role.AUDITOR))
    for _again in range(2):
        assert "background work is not reachable" in _text(client.post(reverse("verify_audit"), follow=True))
    assert client.get(reverse("verify_audit")).status_code == 405
    assert not AuditEvent.objects.filter(event=audit.VERIFIED).exists()


def test_a_focal_point_of_one_project_reads_its_events_only(client, world):
    focal = factories.member(Role.FOCAL_POINT, project=world.project)
    other = factories.world().project
    audit.record("evidence.opened", [("project", str(world.project.pk)), ("evidencefile", "mine")], by=None)
    audit.record("evidence.opened", [("project", str(other.pk)), ("evidencefile", "theirs")], by=None)
    audit.record("sign_in.failed", by=None)
    client.force_login(focal)
    answer = client.get(reverse("audit"))

    page = _text(answer)
    assert "evidencefile:mine" in page
    assert "evidencefile:theirs" not in page
    assert "sign_in.failed" not in {row.event for row in answer.context["list"].rows}


def test_a_copy_of_the_log_that_leaves_is_in_the_log(client):
    client.force_login(factories.member(Role.AUDITOR))
    audit.record("thing.done", by=None)
    content = b"".join(client.get(reverse("audit"), {"export": "csv"}).streaming_content).decode()

    assert "thing.done" in content
    assert AuditEvent.objects.filter(event="audit.exported").count() == 1


def test_practice_values_are_read_changed_and_verified_by_who_sets_up(client, administrator):
    client.force_login(administrator)
    page = reverse("practice_value", args=["suppression-threshold"])

    assert client.post(page, {"value": "x"}).status_code == 422
    assert client.post(page, {"value": "7", "verified": "on"}).status_code == 422
    verified = {"value": "7", "verified": "on", "verified_against": "Data protection policy 2026", "verified_on": "2026-11-01"}
    assert client.post(page, verified).status_code == 302
    row = PracticeValue.objects.get(key="suppression-threshold")
    assert (row.value, row.seeded, row.verified, row.changed_by) == ("7", "5", True, administrator)
    assert "suppression-threshold<" not in _text(client.get(reverse("practice"), {"verified": "false"}))
    client.force_login(factories.user())
    assert client.get(page).status_code == 404


def test_the_place_picker_offers_what_is_typed_in_the_field_that_asks(client, world):
    client.force_login(world.reporter)
    page = _text(client.get(reverse("place_options"), {"field": "place", "place": world.place.name.lower()}))

    assert f'<option value="{world.place.name} ({world.place.code})">' in page
    assert "<option" not in _text(client.get(reverse("place_options"), {"field": "place", "place": ""}))


def test_practice_values_say_what_they_decide_and_where_they_came_from_in_the_readers_language(client, administrator, french):
    french({"house rule": "règle de la maison"}, {"Largest attachment in megabytes": "Plus grande pièce jointe en mégaoctets"})
    administrator.language = "fr"
    administrator.save()
    client.force_login(administrator)
    page = client.get(reverse("practice")).content.decode()
    assert "règle de la maison" in page
    assert "Plus grande pièce jointe" in page


def test_a_key_for_ever_is_refused_on_the_form(client, world, partner_manager):
    client.force_login(partner_manager)
    answer = client.post(reverse("new_key"), {"organization": world.partner.pk, "name": "sync", "last_day": "9999-12-31"})
    assert answer.status_code == 422
    assert "12 months" in _text(answer)
