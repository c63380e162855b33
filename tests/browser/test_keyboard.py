"""Who has no mouse: everything on a page is reached by Tab, and what has the focus shows it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import cases, factories
from tests.browser.conftest import open_whole

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The mark is an outline or a shadow, on the element or on the field around it.
FOCUS = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const shows = part => { const style = getComputedStyle(part);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"; };
    return {name: (one.getAttribute("aria-label") || one.innerText || one.name).trim(), main: one.closest("main") !== null,
            shows: shows(one) || shows(one.parentElement)};
}"""
# Of a group of radio buttons Tab reaches one, the arrows the others; what steps a number is done with the arrows in its field.
REACHABLE = "main a[href], main button:not([tabindex='-1']), main select, main input:not([type=hidden], [type=radio]), main summary, main [tabindex='0']"


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("name", ["overview", "activities", "record_activity"])
def test_tab_reaches_everything_and_shows_where_it_is(visit, name, phone):
    world = factories.world("PPS-01")
    page = visit(world.reporter if name == "record_activity" else world.manager, phone=phone)
    open_whole(page, reverse(name))
    wanted = page.locator(REACHABLE).filter(visible=True).count()
    stops = []
    for _stop in range(300):
        page.keyboard.press("Tab")
        page.wait_for_timeout(20)
        focus = page.evaluate(FOCUS)
        if focus is None:
            break
        stops.append(focus)
    assert stops[0]["name"] == "Skip to content"
    # A date field is several stops, the last in the browser's own picker, which draws its mark itself.
    assert {stop["name"] for stop in stops} - {stop["name"] for stop in stops if stop["shows"]} == set()
    assert 0 < wanted <= sum(stop["main"] for stop in stops)
    assert len(stops) < 300, "the focus never left the page"


def test_the_parts_of_a_case_fold_on_a_phone_and_open_by_key_link_or_without_scripts(visit):
    world = factories.world("PPS-01")
    case = cases.case(world, state="active")
    address = reverse("case", args=[case.code])
    page = visit(case.caseworker, phone=True)
    open_whole(page, address)
    parts, opened = page.locator("details[data-fold]"), page.locator("details[data-fold][open]")
    assert parts.count() > 4
    assert opened.count() == 0
    consent = page.locator("#consent")
    consent.locator("summary").focus()
    page.keyboard.press("Enter")
    consent.locator(".body").wait_for(state="visible")
    page.keyboard.press("Enter")
    consent.locator(".body").wait_for(state="hidden")

    page.evaluate("location.hash = '#contacts'")
    page.locator("#contacts[open]").wait_for()
    open_whole(page, reverse("account"))
    open_whole(page, f"{address}#consent")
    assert opened.evaluate_all("all => all.map(one => one.id)") == ["consent"]

    bare = page.context.browser.new_context(java_script_enabled=False, viewport=page.viewport_size)
    bare.add_cookies(page.context.cookies())
    plain = bare.new_page()
    plain.goto(page.url)
    assert plain.locator("details[data-fold]").count() == plain.locator("details[data-fold][open]").count() == parts.count()
    bare.close()
    wide = visit(case.caseworker)
    open_whole(wide, address)
    assert wide.locator("details[data-fold]:not([open])").count() == 0
