"""A rating or a test of which a part is missing is refused by the database, too: an unknown condition does not count as held."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from institutions.models import HrddpAssessment, SupportDetail
from tests.institutions.making import prepared, trained

RATINGS = [{"likelihood": None}, {"severity": None}]


@pytest.mark.parametrize("missing", RATINGS)
def test_half_a_rating_is_refused(post, missing):
    row = prepared(post)
    with pytest.raises(IntegrityError, match="hrddp_risk_on_its_scale"), transaction.atomic():
        HrddpAssessment.objects.update(**missing)
    row.likelihood, row.severity = missing.get("likelihood", 3), missing.get("severity", 3)
    with pytest.raises(ValidationError, match="Rate likelihood and severity, each from 1 to 5"):
        row.validate_constraints()
    assert HrddpAssessment.objects.update(likelihood=None, severity=None) == 1


def test_a_test_without_the_number_tested_is_refused(post):
    trained(post)
    with pytest.raises(IntegrityError, match="support_tests_before_and_after"), transaction.atomic():
        SupportDetail.objects.update(test_before=Decimal(40), test_after=Decimal(60), tested=None)
    assert SupportDetail.objects.update(test_before=Decimal(40), test_after=Decimal(60), tested=12) == 1


@pytest.mark.parametrize("missing", RATINGS)
def test_the_migration_empties_what_is_half_filled(post, halves_allowed, missing):
    kept = prepared(post)
    half = prepared(post, support="Forensic training")
    detail = trained(post)
    HrddpAssessment.objects.filter(pk=half.pk).update(**missing)
    SupportDetail.objects.update(test_before=Decimal(40), test_after=Decimal(60), tested=None)
    import_module("institutions.migrations.0003_half_ratings_refused").complete(apps, None)
    for row in (kept, half, detail):
        row.refresh_from_db()
    assert (half.likelihood, half.severity, half.risk_level) == (None, None, "")
    assert (kept.likelihood, kept.severity, kept.risk_level) == (3, 3, "medium")
    assert (detail.test_before, detail.test_after, detail.tested) == (None, None, None)


@pytest.fixture
def halves_allowed(post):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE institutions_hrddpassessment DROP CONSTRAINT hrddp_risk_on_its_scale")
        cursor.execute("ALTER TABLE institutions_supportdetail DROP CONSTRAINT support_tests_before_and_after")
        yield
