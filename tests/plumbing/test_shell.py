import re

import pytest
from django.test import Client
from django.urls import path

from accounts.models import User
from peacebuild.urls import urlpatterns as portal

pytestmark = pytest.mark.django_db


def _fails(request):
    raise ValueError("a fault of our own")


def _refuses(request):
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied


def _cannot_read(request):
    from django.core.exceptions import BadRequest

    raise BadRequest


urlpatterns = [*portal, path("shell/fails/", _fails), path("shell/refuses/", _refuses), path("shell/cannot-read/", _cannot_read)]


@pytest.fixture
def signed_in(client):
    client.force_login(User.objects.create(email="ayen@demo.example", name="Ayen Deng"))
    return client


def test_the_language_is_chosen_by_a_form_and_turns_the_page_round(client):
    page = client.get("/accounts/login/")
    assert 'lang="en" dir="ltr"' in page.content.decode()
    client.post("/i18n/setlang/", {"language": "ar", "next": "/accounts/login/"})
    html = client.get("/accounts/login/").content.decode()
    assert 'lang="ar" dir="rtl"' in html
    assert "bootstrap.rtl.min" in html
    assert "bootstrap.min" not in html


def test_the_language_form_leads_to_no_other_site(client):
    response = client.post("/i18n/setlang/", {"language": "fr", "next": "https://evil.example/"})
    assert "evil.example" not in response["Location"]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/shell/nowhere/", 404, "This page is not here"),
        ("/shell/refuses/", 403, "You may not open this"),
        ("/shell/cannot-read/", 400, "This request could not be read"),
        ("/shell/fails/", 500, "Something went wrong in the portal"),
    ],
)
def test_an_error_has_a_page_in_the_shell_that_says_what_to_do(signed_in, address, status, words):
    signed_in.raise_request_exception = False
    response = signed_in.get(address)
    assert response.status_code == status
    html = response.content.decode()
    assert words in html
    assert '<a class="skip" href="#content">' in html
    assert "ValueError" not in html


def test_a_form_without_its_token_is_explained(db):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/i18n/setlang/", {"language": "fr"})
    assert response.status_code == 403
    assert "Your form was not sent" in response.content.decode()


def test_someone_signed_in_finds_their_menu_and_signs_out_by_a_form(signed_in):
    html = signed_in.get("/accounts/email/").content.decode()
    assert re.search(r'aria-label="Ayen Deng, account">AD<', html)
    assert '<form method="post" action="/accounts/logout/">' in html
    assert 'aria-current="page">E-mail addresses</a>' in html


def test_a_stranger_sees_no_navigation(client):
    html = client.get("/accounts/login/").content.decode()
    assert 'class="nav-main"' not in html
    assert 'class="tabbar"' not in html


def test_a_refused_sign_in_ties_each_message_to_its_field(client):
    html = client.post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    assert re.search(r'<input[^>]*name="login"[^>]*aria-describedby="[^"]*id_login_errors', html)
    assert 'id="id_login_errors"' in html
    assert 'role="alert"' in html


def test_the_icon_that_browsers_ask_for_is_there(client):
    assert client.get("/favicon.ico").status_code == 302


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/"])
def test_a_page_loads_nothing_from_another_host_and_runs_nothing_inline(client, address):
    response = client.get(address)
    html = response.content.decode()
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not re.search(r"(src|href)=\"(https?:)?//", html)
    assert "style=" not in html
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", html))
