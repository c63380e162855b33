from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from accounts import roles_page
from accounts.roles import GRANTS, PARTNER_ROLES, READ_ONLY_ROLES, REVIEW_ROLES, SECOND_FACTOR, Permission, Role, clash, holding


def test_every_role_has_its_list_of_words_and_every_word_a_role():
    assert set(GRANTS) == set(Role)
    assert set().union(*GRANTS.values()) == set(Permission)


def test_a_read_only_role_holds_no_word_that_writes():
    for role in READ_ONLY_ROLES:
        assert all(word.value.startswith("read_") for word in GRANTS[role]), role


def test_an_administrator_sees_no_figures_of_people_and_opens_no_evidence():
    assert not GRANTS[Role.ADMINISTRATOR] & {Permission.READ_RAW, Permission.OPEN_EVIDENCE, Permission.REVIEW_FIGURES}


def test_figures_of_people_are_raw_for_managers_officers_and_the_partners_own_roles_only():
    assert set(holding(Permission.READ_RAW)) == {Role.PROGRAM_MANAGER, Role.MANDE_OFFICER, *PARTNER_ROLES}


def test_no_role_both_enters_for_a_partner_and_reviews_it():
    for words in GRANTS.values():
        assert not {Permission.ENTER_FIGURES, Permission.REVIEW_FIGURES} <= words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *((reader, writer) for reader in READ_ONLY_ROLES for writer in set(Role) - READ_ONLY_ROLES),
        *itertools.product(PARTNER_ROLES, REVIEW_ROLES),
        (Role.CASEWORKER, Role.CASE_SUPERVISOR),
    ],
)
def test_roles_that_check_each_other_clash_in_both_directions(one, other):
    assert clash(one, other)
    assert clash(other, one)


@pytest.mark.parametrize("role", Role)
def test_no_role_clashes_with_itself(role):
    assert not clash(role, role)


def test_a_small_mission_may_give_one_person_several_officer_roles():
    assert not clash(Role.PROGRAM_MANAGER, Role.ADMINISTRATOR)
    assert not clash(Role.MANDE_OFFICER, Role.COMMUNITY_OFFICER)
    assert not clash(Role.PARTNER_MANAGER, Role.PARTNER_REPORTER)


def test_roles_that_set_up_review_or_open_evidence_sign_in_with_a_second_factor():
    for role, words in GRANTS.items():
        if role not in PARTNER_ROLES and words & {
            Permission.SET_UP,
            Permission.REVIEW_FIGURES,
            Permission.OPEN_EVIDENCE,
            Permission.READ_AUDIT,
        }:
            assert role in SECOND_FACTOR


def test_the_page_of_roles_says_what_the_file_says():
    """Write it anew with ``./portal manage render_roles`` (or ``python manage.py render_roles``)."""
    page = Path(__file__).resolve().parents[2] / "docs" / "roles.md"

    assert page.read_text(encoding="utf-8") == roles_page.text(), "docs/roles.md is stale: run “manage.py render_roles”"
