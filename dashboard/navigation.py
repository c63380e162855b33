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


@dataclass(frozen=True)
class Item:
    url_name: str
    label: str | Promise
    icon: str
    needs: str = ""  # a permission word; empty for everybody who is signed in
    short: str | Promise = ""  # its word on the phone's tab bar, where it has a place there


GROUPS: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("overview", _("Overview"), "grid-1x2", short=_("Overview")),
            Item("my_work", _("My work"), "check2-square", short=_("My work")),
        ),
    ),
    (
        _("Promised"),
        (
            Item("projects", _("Programs and projects"), "folder2-open", short=_("Projects")),
            Item("library", _("Indicator library"), "rulers"),
        ),
    ),
    (
        _("Evidence"),
        (
            Item("activities", _("Activities"), "clipboard-data"),
            Item("action_points", _("Action points"), "flag"),
        ),
    ),
    (
        _("Delivered"),
        (
            Item("board", _("Reporting board"), "calendar3-week", short=_("Reports")),
            Item("review_list", _("Review"), "clipboard-check"),
            Item("donor_reports", _("Donor reports"), "file-earmark-text"),
        ),
    ),
    (_("Look"), (Item("portfolio", _("Portfolio"), "pie-chart"),)),
    (_("Exchange"), (Item("imports", _("Imports and exports"), "arrow-left-right"),)),
    (
        _("Organization"),
        (
            Item("organization", _("Organization and users"), "people"),
            Item("audit", _("Audit search"), "journal-check"),
            Item("system", _("System"), "gear"),
        ),
    ),
)

ACCOUNT_LINKS = (
    ("account_email", _("E-mail addresses")),
    ("account_change_password", _("Password")),
    ("mfa_index", _("Second factor")),
    ("usersessions_list", _("Sessions")),
    ("api_keys", _("API keys")),
    ("admin:index", _("Set-up")),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: computed only on pages that show it, without a query of its own."""
    return {"shell": Shell(request)}


class Shell:
    def __init__(self, request: HttpRequest) -> None:
        self.request, self.user = request, getattr(request, "user", None)

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        drawn = [{"name": name, "items": list(self._shown(items))} for name, items in GROUPS]
        return [group for group in drawn if group["items"]]

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        return [item for group in self.groups for item in group["items"] if item["short"]][:4]

    @cached_property
    def account_links(self) -> list[tuple[Any, str]]:
        links = [(words, _address(name)) for name, words in ACCOUNT_LINKS if name != "admin:index" or getattr(self.user, "is_staff", False)]
        return [(words, address) for words, address in links if address]

    @cached_property
    def person(self) -> str:
        return str(getattr(self.user, "name", "") or getattr(self.user, "email", ""))

    @cached_property
    def initials(self) -> str:
        words = self.person.split("@")[0].replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()

    @cached_property
    def search_url(self) -> str:
        return _address("search")

    @cached_property
    def scope_url(self) -> str:
        return _address("scope")

    @cached_property
    def scope_name(self) -> Any:
        return self.request.session.get("scope_name") or _("All programs")

    def _shown(self, items: tuple[Item, ...]) -> Iterator[dict[str, Any]]:
        for item in items:
            url = _address(item.url_name)
            if not url or (item.needs and not self.user.has_perm(item.needs)):  # type: ignore[union-attr]
                continue
            path = self.request.path
            yield {
                "url": url,
                "label": item.label,
                "icon": item.icon,
                "short": item.short,
                "current": path == url or (url != "/" and path.startswith(url)),
            }


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
