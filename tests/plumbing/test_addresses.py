import pytest

from accounts.roles import Role
from plumbing.addresses import number_in
from tests import factories


@pytest.mark.parametrize("text", [None, "", "²", "٣", "-1", " 1", "1.0", "1_0", "abc", "1\x00", "9" * 19, "9" * 5000])
def test_what_names_no_record_is_no_number(text):
    assert number_in(text) is None


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("17", 17), ("9" * 18, 10**18 - 1)])
def test_a_number_is_read_as_written(text, number):
    assert number_in(text) == number


@pytest.mark.django_db
def test_a_nul_in_an_address_names_nothing(client):
    member = factories.member(Role.PROGRAM_MANAGER, organization=factories.agency())
    client.force_login(member)
    assert client.get("/projects/a%00b/").status_code == 404
    assert client.get("/api/v1/projects/a%00b/").status_code == 404
    assert client.get("/search/", {"q": "a\x00b"}).status_code == 400
    assert client.post("/scope/", {"program": "", "next": "/\x00"}).status_code == 400
