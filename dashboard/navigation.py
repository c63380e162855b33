"""What stands in the side navigation, the tab bar of the phone and the account menu.

One table: a page joins by its URL name and the permission that shows it. A line whose page is not installed is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission as P
from programs.scope import is_staff_reader, words


@dataclass(frozen=True)
class Item:
    url_name: str
    label: str | Promise
    icon: str
    needs: frozenset[P] = frozenset()  # any of these words shows it; empty for everybody who is signed in
    short: str | Promise = ""  # its word on the phone's tab bar, where it has a place there


GROUPS: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("overview", _("Overview"), "grid-1x2", frozenset({P.READ_PUBLISHED, P.READ_RAW}), short=_("Overview")),
            Item("my_work", _("My work"), "check2-square", short=_("My work")),
        ),
    ),
    (
        _("Promised"),
        (
            Item("projects", _("Programs and projects"), "folder2-open", frozenset({P.READ_PROGRAM}), short=_("Projects")),
            Item("library", _("Indicator library"), "rulers", frozenset({P.READ_PROGRAM})),
        ),
    ),
    (
        _("Evidence"),
        (
            Item("cases", _("People"), "person-lock", frozenset({P.WORK_CASES, P.SUPERVISE_CASES, P.OVERSEE_CASES}), short=_("People")),
            Item("communities", _("Communities"), "houses", frozenset({P.READ_COMMUNITIES})),
            Item("institutions", _("Institutions"), "bank", frozenset({P.READ_INSTITUTIONS})),
            Item("survey_rounds", _("Surveys"), "ui-checks", frozenset({P.READ_SURVEYS})),
            Item("opportunities", _("Opportunities"), "signpost-split", frozenset({P.READ_ACTIVITIES})),
            Item("activities", _("Activities"), "clipboard-data", frozenset({P.READ_ACTIVITIES})),
            Item("action_points", _("Action points"), "flag", frozenset({P.READ_ACTION_POINTS})),
        ),
    ),
    (
        _("Delivered"),
        (
            Item(
                "board",
                _("Reporting board"),
                "calendar3-week",
                frozenset({P.READ_RAW, P.REVIEW_FIGURES, P.ENTER_FIGURES}),
                short=_("Reports"),
            ),
            Item("review_list", _("Review"), "clipboard-check", frozenset({P.REVIEW_FIGURES})),
            Item("donor_reports", _("Donor reports"), "file-earmark-text", frozenset({P.PREPARE_REPORT, P.READ_SENT_REPORT})),
            Item("grants", _("Grants and money"), "cash-coin", frozenset({P.READ_MONEY})),
        ),
    ),
    (_("Look"), (Item("portfolio", _("Portfolio"), "pie-chart", frozenset({P.READ_PORTFOLIO})),)),
    (_("Exchange"), (Item("imports", _("Imports and exports"), "arrow-left-right", frozenset({P.IMPORT_FRAMEWORK, P.ENTER_FIGURES})),)),
    (
        _("Organization"),
        (
            Item("people", _("Organization and users"), "people", frozenset({P.INVITE, P.SET_UP})),
            Item("audit", _("Audit search"), "journal-check", frozenset({P.READ_AUDIT})),
            Item("system", _("System"), "gear", frozenset({P.SET_UP})),
        ),
    ),
)

ACCOUNT_LINKS: tuple[tuple[str, Any, frozenset[P]], ...] = (
    ("account", _("Your account"), frozenset()),
    ("account_email", _("E-mail addresses"), frozenset()),
    ("account_change_password", _("Password"), frozenset()),
    ("mfa_index", _("Second factor"), frozenset()),
    ("usersessions_list", _("Sessions"), frozenset()),
    ("api_keys", _("API keys"), frozenset({P.MANAGE_KEYS})),
    ("admin:index", _("Set-up"), frozenset({P.SET_UP})),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: computed only on pages that show it; the one query it may need is the memberships, read once a request."""
    return {"shell": Shell(request)}


class Shell:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def user(self) -> Any:
        return self.request.user

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        drawn = [{"name": name, "items": list(self._shown(items))} for name, items in GROUPS]
        return [group for group in drawn if group["items"]]

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        return [item for group in self.groups for item in group["items"] if item["short"]][:4]

    @cached_property
    def account_links(self) -> list[tuple[Any, str]]:
        links = [(label, address(name)) for name, label, needs in ACCOUNT_LINKS if self._may(needs)]
        return [(label, url) for label, url in links if url]

    @cached_property
    def account_tabs(self) -> list[dict[str, Any]]:
        links = [(label, url) for label, url in self.account_links if url.startswith(reverse("account_login").removesuffix("login/"))]
        return [{"label": label, "url": url, "current": self.request.path.startswith(url)} for label, url in links]

    @cached_property
    def person(self) -> str:
        return self.user.name or self.user.email

    @cached_property
    def initials(self) -> str:
        words = self.person.split("@")[0].replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()

    @cached_property
    def counts_url(self) -> str:
        """Where the counts beside the lines come from, after the page: no page waits for them."""
        return address("waiting_counts")

    @cached_property
    def search_url(self) -> str:
        return address("search")

    @cached_property
    def scope_url(self) -> str:
        return address("scope")

    @cached_property
    def scope_name(self) -> Any:
        return self.request.session.get("scope_name") or _("All programs")

    def _may(self, needs: frozenset[P]) -> bool:
        return not needs or bool(needs & words(self.user))

    def _shown(self, items: tuple[Item, ...]) -> Iterator[dict[str, Any]]:
        for item in items:
            url = address(item.url_name)
            if not url or not self._may(item.needs) or (item.url_name == "overview" and not is_staff_reader(self.user)):
                continue
            path = self.request.path
            yield {
                "url": url,
                "name": item.url_name,
                "label": item.label,
                "icon": item.icon,
                "short": item.short,
                "current": path == url or (url != "/" and path.startswith(url)),
            }


def address(url_name: str, *args: Any) -> str:
    """Where a page is, or nothing where it is not installed."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""


def open_to(user: Any, url_name: str) -> str:
    """Where a page of the table above is, or nothing where it is closed to this person: a page never leads to a refusal."""
    needs = next(item.needs for _name, items in GROUPS for item in items if item.url_name == url_name)
    return address(url_name) if not needs or needs & words(user) else ""
