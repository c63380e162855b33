"""A real browser on a live portal: Debian's chromium through playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps a loop running in this thread
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, live_server: Any) -> Iterator[Any]:
    """``visit(user, phone=True)`` gives a page signed in as that person; what went wrong on it fails the test at its end."""
    contexts, pages, wrong = [], [], []

    def open_page(user: Any, *, phone: bool = False) -> Any:
        context = chromium.new_context(viewport=PHONE if phone else WIDE, base_url=live_server.url)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": _session(user), "url": live_server.url}])
        page = context.new_page()
        pages.append(page)
        page.on(
            "console",
            lambda said: (
                said.type == "error"
                and not any(w in said.text for w in ("409", "422", "ERR_INTERNET_DISCONNECTED"))
                and wrong.append(said.text)
            ),
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: not asked.url.startswith((live_server.url, "data:")) and wrong.append(f"asked {asked.url}"))
        return page

    open_page.pages = pages  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _session(user: Any) -> str:
    """A session as signing in with both factors leaves it."""
    import time

    from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time()},
        {"method": "mfa", "type": "totp", "at": time.time()},
    ]
    session.save()
    return session.session_key


# What htmx marks from asking to the last change of the page; the parts that a page asks for by itself are marked before it is loaded.
AT_WORK = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
VIOLATIONS = """axe.run({resultTypes: ["violations"]})
    .then(found => found.violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 100)}`))"""


def open_whole(page: Any, address: str) -> Any:
    """Open a page and wait for the parts that it asks for by itself."""
    answer = page.goto(address)
    at_rest(page)
    return answer


def at_rest(page: Any) -> None:
    page.wait_for_load_state()
    page.locator(AT_WORK).first.wait_for(state="detached")


@pytest.fixture
def axe() -> Any:
    """What axe finds on a page in both directions, as lines, and whether it scrolls sideways; nothing is what every page must give.
    ``rules`` names the directions in which the rules are run; the width is looked at in both."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: Any, *, rules: Sequence[str] = ("ltr", "rtl")) -> list[str]:
        found = []
        page.evaluate(Axe().axe_script)
        for direction in ("ltr", "rtl"):
            page.evaluate(f"document.documentElement.dir = '{direction}'")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{over} px sideways, {direction}"] if over > 0 else []
            if direction in rules:
                found += [f"{direction} {line}" for line in page.evaluate(VIOLATIONS)]
        page.evaluate("document.documentElement.dir = 'ltr'")
        return found

    return look
