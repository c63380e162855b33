"""Clearances and reviews that end reach the outbox with the other reminders, once."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from django.utils import timezone

from accounts.models import Message
from programs import workplan
from reporting import reminders
from tests.programs.making import make_field
from tests.programs.test_activities import clear
from tests.programs.test_gates import support_line


@pytest.mark.django_db
def test_an_ending_clearance_is_one_line_for_its_owner():
    field = make_field()
    clearance = clear(field)
    workplan.move(support_line(field), to="planned", by=field.manager)
    assert reminders.remind() == 0
    near = timezone.make_aware(datetime.combine(clearance.valid_until, time(9)))
    assert reminders.remind(now=near) == 1
    assert reminders.remind(now=near) == 0
    message = Message.objects.get()
    assert (message.recipient, message.step, message.path) == (field.manager, "ending", "/clearances/")
