"""Encrypted fields, tried on the records that use them."""

from __future__ import annotations

import io
import uuid
from datetime import date

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, models

from privacy import fields, keys
from reintegration.models import Concern, IntakeDraft, Plan, Profile
from tests import cases

pytestmark = pytest.mark.django_db


def stored(model: type[models.Model], row: uuid.UUID, column: str) -> bytes | None:
    sealed = model._base_manager.filter(pk=row).values_list(column, flat=True).get()  # type: ignore[attr-defined]
    return None if sealed is None else sealed.stored


def move(model: type[models.Model], row: uuid.UUID, column: str, value: bytes | None) -> None:
    with connection.cursor() as cursor:
        key = row.hex if connection.vendor == "sqlite" else str(row)
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", [value, key])


@pytest.mark.parametrize("value", ["", "0", "A word in Arabic: سلام", "x" * 100_000])
def test_text_comes_back_as_it_was_and_stands_in_the_database_unreadable(vault, value):
    case = cases.case(note=value)

    raw = stored(type(case), case.pk, "note")

    assert type(case).objects.get(pk=case.pk).note == value
    assert raw is not None
    assert len(value) < 5 or value.encode() not in raw


@pytest.mark.parametrize("value", [{}, [], 0, False, "", {"may_call": False, "days": 0}])
def test_json_keeps_what_counts_as_empty(vault, value):
    case = cases.case(state="active")
    Profile.objects.create(case=case, answers=value, updated_by=case.caseworker)

    again = Profile.objects.get().answers

    assert again == value
    assert type(again) is type(value)


def test_null_stays_null_and_can_be_asked_for(vault):
    case = cases.case(state="active")
    profile = Profile.objects.create(case=case, answers={"skills": 1}, factors=None, updated_by=case.caseworker)

    assert Profile.objects.get().factors is None
    assert stored(Profile, profile.pk, "factors") is None
    assert Profile.objects.filter(factors__isnull=True).exists()


@pytest.mark.parametrize("ask", [{"note": "x"}, {"note__contains": "x"}, {"note__in": ["x"]}, {"safe_contact__may_call": True}])
def test_nothing_is_searched_by_an_encrypted_field(vault, ask):
    with pytest.raises(FieldError):
        list(cases.Case.objects.filter(**ask))


def test_a_value_does_not_open_in_another_row(vault):
    first, second = cases.case(note="one"), cases.case(note="two")
    move(type(first), second.pk, "note", stored(type(first), first.pk, "note"))

    with pytest.raises(fields.FieldUnreadable):
        _ = type(first).objects.get(pk=second.pk).note


def test_a_value_does_not_open_in_another_column(vault):
    case = cases.case(note="one")
    move(type(case), case.pk, "note", stored(type(case), case.pk, "safe_contact"))

    with pytest.raises(fields.FieldUnreadable):
        _ = type(case).objects.get(pk=case.pk).note


def test_a_value_does_not_open_in_another_table(vault):
    case = cases.case(note="one", state="active")
    plan = Plan.objects.create(id=case.pk, case=case, version=1, note="two", written_by=case.caseworker)
    move(Plan, plan.pk, "note", stored(type(case), case.pk, "note"))

    with pytest.raises(fields.FieldUnreadable):
        _ = Plan.objects.get().note


def test_a_changed_value_and_one_that_was_never_encrypted_do_not_open(vault):
    case = cases.case(note="one")
    raw = stored(type(case), case.pk, "note")
    for wrong in (raw[:-1] + bytes([raw[-1] ^ 1]), raw[:10], b"plain words", b""):
        move(type(case), case.pk, "note", wrong)
        with pytest.raises(fields.FieldUnreadable):
            _ = type(case).objects.get(pk=case.pk).note


def test_without_its_key_a_value_does_not_open(vault, settings):
    case = cases.case(note="one")
    settings.FIELD_KEYS_FILE = vault / "other" / "keys.json"
    keys.current()

    with pytest.raises(keys.KeyUnknown):
        _ = type(case).objects.get(pk=case.pk).note


def test_under_another_secret_of_the_same_name_a_value_does_not_open(vault, settings):
    case = cases.case(note="one")
    kept = settings.FIELD_KEYS_FILE.read_text()
    secret = keys.current().secret
    import base64

    settings.FIELD_KEYS_FILE.write_text(kept.replace(base64.b64encode(secret).decode(), base64.b64encode(b"k" * 32).decode()))

    with pytest.raises(fields.FieldUnreadable):
        _ = type(case).objects.get(pk=case.pk).note


def test_saving_a_row_leaves_what_was_not_read_as_it_stands(vault):
    case = cases.case(note="one", state="active")
    before = stored(type(case), case.pk, "note")
    again = type(case).objects.get(pk=case.pk)
    again.programme_modality = "x"
    again.save()

    assert stored(type(case), case.pk, "note") == before


def test_rows_written_together_are_each_bound_to_themselves(vault):
    case = cases.case(state="active")
    made = [Concern(case=case, note=f"worry {n}", raised_by=case.caseworker, expires_on=date(2026, 12, 1)) for n in range(3)]
    Concern.objects.bulk_create(made)

    assert sorted(row.note for row in Concern.objects.all()) == ["worry 0", "worry 1", "worry 2"]


def test_what_knows_no_row_is_refused(vault):
    case = cases.case(note="one")

    with pytest.raises(FieldError):
        type(case).objects.filter(pk=case.pk).update(note="two")
    case.note = "two"
    with pytest.raises(FieldError):
        type(case).objects.bulk_update([case], ["note"])


def test_a_dump_of_rows_leaves_encrypted_fields_out(vault):
    case = cases.case(note="one")

    text = serializers.serialize("json", [case])

    assert "note" not in text
    assert "safe_contact" not in text


def test_two_equal_values_look_different(vault):
    case = cases.case(state="active")
    one, other = (Concern.objects.create(case=case, note="same", raised_by=case.caseworker, expires_on=date(2026, 12, 1)) for _ in "ab")

    assert stored(Concern, one.pk, "note") != stored(Concern, other.pk, "note")


def test_a_model_with_an_encrypted_field_needs_a_uuid_key():
    class Loose(models.Model):  # noqa: DJ008
        note = fields.EncryptedTextField()

        class Meta:
            app_label = "loose"

    class Bound(models.Model):  # noqa: DJ008
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        note = fields.EncryptedTextField()

        class Meta:
            app_label = "loose"

    assert [found.id for found in Loose._meta.get_field("note").check()] == ["privacy.E001"]
    assert Bound._meta.get_field("note").check() == []


def test_nothing_of_a_sealed_value_shows_when_it_is_printed(vault):
    case = cases.case(note="one")

    (value,) = type(case).objects.values_list("note", flat=True)

    assert f"{value}" == repr(value) == "<sealed>"
    assert io.StringIO(str(value)).read() == "<sealed>"
    assert IntakeDraft._meta.get_field("answers").serialize is False
