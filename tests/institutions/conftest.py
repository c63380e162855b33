"""The post that tests of the institutional level stand in."""

from __future__ import annotations

import pytest

from tests.institutions.making import Post, make_post


@pytest.fixture
def post(db: None) -> Post:
    return make_post()


@pytest.fixture
def visitor(client, post):
    def sign_in(who):
        client.force_login(getattr(post, who))
        return client

    return sign_in
