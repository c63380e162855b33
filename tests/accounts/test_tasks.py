"""What runs by itself for the people of the portal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tasks
from accounts.models import StoredResponse
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_answer_is_kept_for_thirty_days_and_then_forgotten():
    caller = factories.user()
    for key, days in (("old", 31), ("young", 29)):
        StoredResponse.objects.create(caller=caller, key=key, request_hash="x" * 64, created_at=timezone.now() - timedelta(days=days))
    assert tasks.forget_answers() == 1
    assert StoredResponse.objects.get().key == "young"
