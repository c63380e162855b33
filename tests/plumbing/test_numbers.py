"""Exact numbers go in, are filtered, added up and come out to the last of six decimals, on both databases."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, getcontext, localcontext
from fractions import Fraction

import django_filters
import pytest
from django.core import serializers as fixtures
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Avg, Case, CheckConstraint, F, Max, Min, OuterRef, Q, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, Lag
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as some
from rest_framework import serializers

from plumbing.numbers import LARGEST_UNITS, ExactDecimal, Money, divide, from_units, normal, to_units

LARGEST = Decimal("99999999999.999999")

with isolate_apps("plumbing"):

    class Weighing(models.Model):
        scale = models.IntegerField()
        weight = ExactDecimal(null=True, blank=True)
        tare = ExactDecimal(default=Decimal("0.5"))
        price = Money(null=True, blank=True)
        fee = Money(null=True, blank=True)

        class Meta:
            app_label = "plumbing"
            constraints = [
                CheckConstraint(
                    condition=Q(weight__gte=Decimal("-0.000001")), name="weighing_not_below", violation_error_message="Too light."
                )
            ]

        def __str__(self) -> str:
            return f"{self.weight}"


@pytest.fixture(scope="module")
def table(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Weighing)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Weighing)


@pytest.fixture
def weigh(table, db):
    def put(*weights: object, scale: int = 1, **others: object) -> list[Weighing]:
        return [Weighing.objects.create(scale=scale, weight=weight, **others) for weight in weights]

    return put


def read_back(weight: object) -> Decimal | None:
    return Weighing.objects.get(pk=Weighing.objects.create(scale=1, weight=weight).pk).weight


@pytest.mark.parametrize("text", ["0", "0.000001", "0.1", "12.5", "100", "4728.3", "-0.000001", str(LARGEST), "1E+3", "12.500000000"])
def test_a_number_comes_back_as_it_went_in(weigh, text):
    assert read_back(Decimal(text)) == Decimal(text)
    assert read_back(text) == Decimal(text)


def test_an_empty_number_stays_empty_and_is_not_zero(weigh):
    weigh(None, Decimal(0))
    assert Weighing.objects.filter(weight__isnull=True).count() == 1
    assert Weighing.objects.filter(weight=0).count() == 1
    assert Weighing.objects.filter(scale=99).aggregate(total=Sum("weight"))["total"] is None


def test_a_number_reads_without_trailing_zeros_or_exponent(weigh):
    assert [str(read_back(text)) for text in ("1000000", "0.100000", "12.50", "-0")] == ["1000000", "0.1", "12.5", "0"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("0.0000001", "too_fine"),
        ("1." + "0" * 70 + "1", "too_fine"),  # 60 digits of working precision would call this exactly 1
        ("1E-999999999", "too_fine"),  # underflows to 0 when scaled
        ("100000000000", "too_large"),
        ("-1E30", "too_large"),
        ("1E999999", "too_large"),
        ("NaN", "invalid"),
        ("Infinity", "invalid"),
        ("1_000", "invalid"),
        ("twelve", "invalid"),
        ("", "invalid"),
        (True, "invalid"),
    ],
)
def test_what_the_column_cannot_hold_is_refused_by_name(wrong, code):
    with pytest.raises(ValidationError) as refused:
        to_units(wrong, 6)
    assert refused.value.code == code


def test_a_float_never_gets_in(weigh):
    with pytest.raises(TypeError):
        Weighing.objects.create(scale=1, weight=0.1)
    with pytest.raises(TypeError):
        list(Weighing.objects.filter(weight__gt=0.1))
    with pytest.raises(ValidationError):
        Weighing(scale=1, weight=0.1).clean_fields()


def test_sum_is_exact_where_a_float_column_drifts(weigh):
    weigh(*["0.1"] * 10, "1234567890.000001")
    assert Weighing.objects.aggregate(total=Sum("weight"))["total"] == Decimal("1234567891.000001")


def test_smallest_largest_filtered_sum_and_difference(weigh):
    weigh("1.5", "2.25", scale=1)
    weigh("-0.000001", scale=2)
    answer = Weighing.objects.aggregate(
        low=Min("weight"),
        high=Max("weight"),
        first=Sum("weight", filter=Q(scale=1)),
        net=Sum(F("weight") - F("tare")),
        both=Sum(F("weight") + F("tare")),
    )
    assert answer == {
        "low": Decimal("-0.000001"),
        "high": Decimal("2.25"),
        "first": Decimal("3.75"),
        "net": Decimal("2.249999"),
        "both": Decimal("5.249999"),
    }


def test_having_compares_in_the_same_unit(weigh):
    weigh("0.4", "0.7", scale=1)
    weigh("0.9", scale=2)
    heavy = Weighing.objects.values("scale").annotate(total=Sum("weight")).filter(total__gt=Decimal(1)).values_list("scale", "total")
    assert list(heavy) == [(1, Decimal("1.1"))]


def test_window_and_subquery_keep_the_unit(weigh):
    weigh("1.25", "2.5", scale=1)
    before = Weighing.objects.annotate(previous=Window(Lag("weight"), order_by="pk"), running=Window(Sum("weight"), order_by="pk"))
    assert list(before.order_by("pk").values_list("previous", "running")) == [(None, Decimal("1.25")), (Decimal("1.25"), Decimal("3.75"))]
    latest = Weighing.objects.filter(scale=OuterRef("scale")).order_by("-pk").values("weight")[:1]
    assert set(Weighing.objects.annotate(latest=Subquery(latest)).values_list("latest", flat=True)) == {Decimal("2.5")}


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ({"weight": "1.000001"}, 1),
        ({"weight__gt": "1.000001"}, 1),
        ({"weight__lte": 1}, 1),
        ({"weight__in": ["1", "2"]}, 2),
        ({"weight__range": ("1", "1.5")}, 2),
    ],
)
def test_filters_compare_exactly(weigh, lookup, found):
    weigh("1", "1.000001", "2")
    assert Weighing.objects.filter(**lookup).count() == found


def test_update_in_the_database_and_in_bulk(weigh):
    first, second = weigh("1", "2")
    Weighing.objects.update(weight=F("weight") + Value(Decimal("0.5"), ExactDecimal()))
    first.weight, second.weight = Decimal("0.000003"), None
    Weighing.objects.bulk_update([first, second], ["weight"])
    assert set(Weighing.objects.values_list("weight", flat=True)) == {Decimal("0.000003"), None}


def test_case_and_coalesce_with_a_typed_value(weigh):
    weigh(None, "3")
    zero = Value(Decimal(0), ExactDecimal())
    rows = Weighing.objects.annotate(filled=Coalesce("weight", zero), half=Case(When(weight__gt=2, then=F("tare")), default=zero))
    assert sorted(rows.values_list("filled", "half")) == [(0, 0), (3, Decimal("0.5"))]


def test_an_expression_of_unclear_unit_raises_instead_of_being_a_million_times_too_large(weigh):
    weigh("2")
    for unclear in (
        F("weight") * F("tare"),
        Coalesce("weight", Value(Decimal(0))),
        F("weight") + 1,
        F("weight") + F("price"),
        Coalesce("price", "weight"),
    ):
        with pytest.raises(FieldError):
            list(Weighing.objects.annotate(result=unclear).values_list("result"))


@pytest.mark.parametrize("weights", [("1", "3"), ("1", "2")])
def test_an_average_in_the_database_is_refused_even_when_it_comes_out_whole(weigh, weights):
    weigh(*weights)
    with pytest.raises(TypeError, match="never averaged"):
        Weighing.objects.aggregate(mean=Avg("weight"))


def test_money_is_in_hundredths_also_when_added_up(weigh):
    weigh("1", price="99999999.99", fee="0.01")
    weigh("1", price="0.02", fee="0.01")
    answer = Weighing.objects.aggregate(total=Sum("price"), both=Sum(F("price") + F("fee")), net=Sum(F("price") - F("fee")))
    assert answer == {"total": Decimal("100000000.01"), "both": Decimal("100000000.03"), "net": Decimal("99999999.99")}
    with pytest.raises(ValidationError):
        Weighing.objects.create(scale=1, price="0.001")


def test_the_database_holds_a_constraint_in_the_same_unit(weigh):
    weigh("-0.000001")
    with pytest.raises(IntegrityError), transaction.atomic():
        weigh("-0.000002")
    with pytest.raises(ValidationError, match="Too light"):
        Weighing(scale=1, weight=Decimal("-1")).validate_constraints()


def test_a_fixture_keeps_the_number_as_text(weigh):
    weigh(str(LARGEST))
    for shape in ("json", "xml"):
        assert str(LARGEST) in fixtures.serialize(shape, Weighing.objects.all())
    field = Weighing._meta.get_field("weight")
    assert field.to_python(field.value_to_string(Weighing(weight=LARGEST))) == LARGEST
    assert field.to_python(field.value_to_string(Weighing(weight=None))) is None


def test_a_form_says_what_is_wrong(table):
    field = Weighing._meta.get_field("weight").formfield()
    assert field.clean("12.500001") == Decimal("12.500001")
    for wrong in ("12.5000001", "100000000000", "twelve"):
        with pytest.raises(ValidationError):
            field.clean(wrong)


def test_a_filter_refuses_a_seventh_decimal_instead_of_failing(weigh):
    class Weighings(django_filters.FilterSet):
        class Meta:
            model = Weighing
            fields = {"weight": ["exact", "gte"], "price": ["lte"]}

    weigh("1.000001", "2", price="0.5")
    assert Weighings({"weight__gte": "1.000002"}, Weighing.objects.all()).qs.count() == 1
    assert Weighings({"price__lte": "0.50"}, Weighing.objects.all()).qs.count() == 2
    assert set(Weighings({"weight": "1.0000001", "price__lte": "0.005"}, Weighing.objects.all()).errors) == {"weight", "price__lte"}


def test_the_api_gives_and_takes_numbers_as_text(weigh):
    class WeighingSerializer(serializers.ModelSerializer):
        class Meta:
            model = Weighing
            fields = ["weight", "price"]

    (row,) = weigh("100.50", price="1000000")
    assert WeighingSerializer(row).data == {"weight": "100.5", "price": "1000000"}
    taken = WeighingSerializer(data={"weight": "-0.000001", "price": None})
    assert taken.is_valid()
    assert taken.validated_data == {"weight": Decimal("-0.000001"), "price": None}
    for wrong in ("1.0000001", "1_000", True, "NaN"):
        refused = WeighingSerializer(data={"weight": wrong})
        assert not refused.is_valid()
        assert set(refused.errors) == {"weight"}


def test_a_quotient_is_rounded_once_and_half_even():
    assert divide(35, 100, per=100) == 35
    assert divide(1, 3) == Decimal("0.333333")
    assert divide(Decimal("0.0000005"), 1) == Decimal("0")  # half goes to the even neighbour
    assert divide(Decimal("0.0000015"), 1) == Decimal("0.000002")
    assert divide(2, 3, per=10_000) == Decimal("6666.666667")


def test_the_callers_decimal_context_changes_nothing():
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_DOWN
        assert to_units("12345678.123456", 6) == 12345678123456
        assert from_units(12345678123456, 6) == Decimal("12345678.123456")
        assert str(normal(Decimal("1234567.5000"))) == "1234567.5"
        assert divide(1234567, 1) == 1234567
    assert getcontext().prec == 28


@given(some.integers(-LARGEST_UNITS + 1, LARGEST_UNITS - 1), some.sampled_from([2, 6]))
def test_every_unit_survives_the_way_through_text(units, places):
    assert to_units(str(from_units(units, places)), places) == units


@given(some.integers(-(10**20), 10**20), some.integers(1, 10**20), some.sampled_from([1, 100, 1000, 10_000]))
def test_a_quotient_is_never_further_away_than_half_a_millionth(numerator, denominator, per):
    assert abs(Fraction(divide(numerator, denominator, per=per)) - Fraction(numerator * per, denominator)) <= Fraction(1, 2 * 10**6)
