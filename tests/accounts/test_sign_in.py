"""Signing in through the pages: password, second factor by role, recovery codes, reset, sessions, and what the log says of it."""

from __future__ import annotations

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.roles import SECOND_FACTOR, Role
from programs import access
from programs.second_factor import SecondFactorMiddleware
from tests import factories

PASSWORD = "seven green boats went north"
pytestmark = pytest.mark.django_db(transaction=True)


def _account(role: Role | None = None, **scope: object) -> User:
    person = factories.member(role, **scope) if role else factories.user()
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def _sign_in(client, person: User, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": person.email, "password": password})


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def _events() -> list[str]:
    return list(AuditEvent.objects.filter(event__regex="^(sign_in|second_factor|password)").order_by("id").values_list("event", flat=True))


def _reporter(**fields: object) -> User:
    return _account(Role.PARTNER_REPORTER, organization=factories.partner(), **fields)


def test_a_partners_reporter_signs_in_with_address_and_password(client):
    person = _reporter()

    assert _sign_in(client, person).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert _events() == ["sign_in.done"]
    assert UserSession.objects.get().user == person


def test_a_wrong_password_is_on_record_without_what_was_typed(client):
    person = _reporter()
    response = _sign_in(client, person, "wrong wrong wrong")
    client.post(reverse("account_login"), {"login": "my secret password", "password": "x"})
    client.post(reverse("account_login"), {"login": "nobody@x.example", "password": "x"})

    assert response.status_code == 200
    events = AuditEvent.objects.filter(event="sign_in.failed").order_by("id")
    assert [list(event.subjects.values_list("key", flat=True)) for event in events] == [[str(person.pk)], []]
    assert not any("secret" in event.detail or "nobody" in event.detail for event in events)


def test_nobody_signs_up(client):
    response = client.post(reverse("account_signup"), {"email": "me@x.example", "password1": PASSWORD, "password2": PASSWORD})

    assert not User.objects.exists()
    assert not mail.outbox
    assert "closed" in response.content.decode().lower()


@pytest.mark.parametrize("known", [True, False])
def test_a_password_reset_tells_nobody_whether_an_address_has_an_account(client, known):
    person = _reporter()
    address = person.email if known else "nobody@x.example"
    response = client.post(reverse("account_reset_password"), {"email": address})

    assert (response.status_code, response["Location"]) == (302, reverse("account_reset_password_done"))
    assert [message.to for message in mail.outbox] == ([[person.email]] if known else [])


def test_a_password_is_reset_through_the_mail(client):
    person = _reporter()
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)[0]
    form = client.get(link, follow=True)
    new = "another long pass phrase"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert _sign_in(client, person, new).status_code == 302
    assert "password.reset" in _events()


def test_an_account_that_was_closed_does_not_sign_in(client):
    person = _reporter()
    User.objects.update(is_active=False)
    _sign_in(client, person)

    assert client.get(reverse("account")).status_code == 302


@pytest.mark.parametrize("role", sorted(SECOND_FACTOR))
def test_these_roles_reach_nothing_before_a_second_factor(client, role):
    scope = {} if role in {Role.ADMINISTRATOR, Role.AUDITOR, Role.FOCAL_POINT, Role.CLEARANCE_DECIDER} else {"project": factories.project()}
    person = _account(role, **scope)
    _sign_in(client, person)

    for page in (reverse("account"), reverse("places"), "/admin/", reverse("account_email")):
        assert client.get(page)["Location"].startswith(reverse("mfa_activate_totp"))


@pytest.mark.parametrize("signed_in", [False, True])
def test_what_a_page_asks_for_by_itself_never_leads_away_from_it(client, signed_in):
    """Typed text stays where it was when the session ends, or asks for a second factor again, behind an open page."""
    if signed_in:
        client.force_login(_account(Role.ADMINISTRATOR), second_factor=False)
    for name in ("waiting_counts", "my_work", "delivery", "where", "place_options"):
        part = client.get(reverse(name), headers={"HX-Request": "true"})
        assert (name, part.status_code, part.content) == (name, 401, b"")
        assert not {"HX-Redirect", "HX-Location", "HX-Refresh", "Location"} & set(part.headers)
        assert client.get(reverse(name)).status_code == 302
    pressed = client.post(reverse("revoke_key", args=[1]), headers={"HX-Request": "true"})
    assert (pressed.status_code, pressed["HX-Redirect"].split("?")[0]) == (
        204,
        reverse("mfa_activate_totp" if signed_in else "account_login"),
    )


def test_the_api_answers_a_session_without_a_second_factor_with_a_problem(rf, client):
    client.force_login(_account(Role.ADMINISTRATOR), second_factor=False)
    request = rf.get("/api/v1/me/")
    request.user, request.session, request.resolver_match = User.objects.get(), client.session, None
    answer = SecondFactorMiddleware(lambda _request: HttpResponse()).process_view(request, None, (), {})

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")


def test_setting_the_second_factor_up_asks_no_second_password_and_opens_the_portal(client):
    person = _account(Role.ADMINISTRATOR)
    _sign_in(client, person)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]

    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
    response = client.post(reverse("mfa_activate_totp"), {"code": _code(secret)})
    assert response.status_code == 302
    assert client.get(reverse("people")).status_code == 200
    assert set(person.authenticator_set.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert "second_factor.added" in _events()


def test_the_second_factor_is_asked_at_every_sign_in_and_a_wrong_code_is_on_record(client):
    person = _account(Role.ADMINISTRATOR)
    secret = generate_totp_secret()
    TOTP.activate(person, secret)

    assert _sign_in(client, person)["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("people"))["Location"].startswith(reverse("account_login"))
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "second_factor.failed" in _events()
    client.post(reverse("mfa_authenticate"), {"code": _code(secret)})
    assert client.get(reverse("people")).status_code == 200


def test_a_recovery_code_works_once(client):
    person = _account(Role.ADMINISTRATOR)
    TOTP.activate(person, generate_totp_secret())
    code = RecoveryCodes.activate(person).get_unused_codes()[0]

    _sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.get(reverse("people")).status_code == 200
    client.logout()
    _sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.get(reverse("people")).status_code == 302


def test_whoever_is_given_such_a_role_while_signed_in_shows_the_factor_first(client):
    person = _reporter()
    TOTP.activate(person, generate_totp_secret())
    client.force_login(person, second_factor=False)
    assert client.get(reverse("account")).status_code == 200
    person.memberships.all().delete()
    access.give(user=person, role=Role.ADMINISTRATOR, by=None)

    response = client.get(reverse("people"))
    assert response["Location"] == f"{reverse('mfa_reauthenticate')}?next=%2Fpeople%2F"


def test_a_role_that_asks_for_it_keeps_its_second_factor(client):
    person = _account(Role.ADMINISTRATOR)
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    _sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": _code(secret)})
    client.post(reverse("mfa_deactivate_totp"))

    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_a_session_is_listed_and_ended_from_another_one(client):
    person, other = _reporter(), Client()
    _sign_in(client, person)
    _sign_in(other, person)
    assert other.get(reverse("account")).status_code == 200
    session = UserSession.objects.exclude(session_key=client.session.session_key).get()

    assert str(session.ip) in client.get(reverse("usersessions_list")).content.decode()
    client.post(reverse("usersessions_list"))
    assert other.get(reverse("account")).status_code == 302
    assert client.get(reverse("account")).status_code == 200


def test_many_wrong_passwords_for_one_account_are_slowed_down(client):
    person = _reporter()
    started = time.monotonic()
    answers = [_sign_in(client, person, f"wrong {number}") for number in range(8)]

    assert "Too many failed" in answers[-1].content.decode() or answers[-1].status_code == 429
    assert time.monotonic() - started < 60
