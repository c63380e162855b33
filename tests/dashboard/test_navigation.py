import pytest
from django.test import RequestFactory
from django.urls import path, reverse

from accounts.models import User
from accounts.roles import Role
from dashboard.navigation import Shell
from peacebuild.urls import urlpatterns as portal
from plumbing.views import favicon
from programs.models import Membership

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

NAMES = ["overview", "my_work", "projects", "library", "board", "review_list", "portfolio", "audit", "system"]
taken = {pattern.name for pattern in portal if getattr(pattern, "name", "")}
urlpatterns = [*portal, *(path(f"shell-test/{name}/", favicon, name=name) for name in NAMES if name not in taken)]


def shell_of(role, at="/somewhere/"):
    user = User.objects.create(email="ayen@demo.example", name="Ayen Deng")
    if role:
        Membership.objects.create(user=user, role=role)
    request = RequestFactory().get(at)
    request.user, request.session = user, {}
    return Shell(request)


def icons(shell):
    return {item["icon"] for group in shell.groups for item in group["items"]}


def test_someone_without_a_role_sees_only_their_own_work():
    assert icons(shell_of(None)) == {"check2-square"}


def test_an_auditor_finds_the_audit_search_but_no_review_and_no_system_page():
    seen = icons(shell_of(Role.AUDITOR))
    assert "journal-check" in seen
    assert not seen & {"clipboard-check", "gear"}


def test_a_page_that_is_not_installed_has_no_line():
    assert all(item["url"] for group in shell_of(Role.ADMINISTRATOR).groups for item in group["items"])


def test_the_line_of_the_open_page_is_marked():
    shell = shell_of(None, at=reverse("my_work"))
    assert [item["current"] for group in shell.groups for item in group["items"]] == [True]


def test_the_account_menu_shows_a_name_and_its_first_letters():
    shell = shell_of(None)
    assert (shell.person, shell.initials) == ("Ayen Deng", "AD")
