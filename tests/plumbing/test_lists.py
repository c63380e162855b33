import csv
import html
import io
import re

import django_filters
import pytest
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from python_calamine import CalamineWorkbook

from accounts.models import Organization, User
from peacebuild.urls import urlpatterns as portal
from plumbing.lists import Column, ListPage

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

TEMPLATE = (
    '{% extends "base.html" %}{% block content %}{% part "filters" filter=list.filter cleared=list.is_filtered %}{% endpart %}'
    '{% part "list" list=list caption="Organizations" %}{% for row in list.rows %}<tr><td data-label="Name">{{ row.name }}</td></tr>'
    '{% endfor %}{% fill "empty" %}<p>Nothing here yet.</p>{% endfill %}{% endpart %}{% endblock %}'
)


class OrganizationFilter(django_filters.FilterSet):
    class Meta:
        model = Organization
        fields = ["kind", "parent"]


class Organizations(ListPage):
    model = Organization
    filterset_class = OrganizationFilter
    template_name = "organizations.html"
    columns = [
        Column("name", "Name", order=["name"], export="name"),
        Column("kind", "Kind", order=["kind", "name"], export="kind", words=Organization.Kind.choices),
        Column("offices", "Offices", number=True),
    ]
    ordering = "name"
    size = 2

    def rows(self):
        return Organization.objects.exclude(name="Hidden from this reader")


urlpatterns = [*portal, path("listed/", Organizations.as_view())]


@pytest.fixture
def reader(client, monkeypatch):
    page = engines["django"].from_string(TEMPLATE)
    monkeypatch.setattr("plumbing.lists.render", lambda request, name, context: HttpResponse(page.render(context, request)))
    client.force_login(User.objects.create(email="ayen@demo.example", name="Ayen"))
    for name, kind in [("Bridges", "partner"), ("Agency", "agency"), ("Court", "authority"), ("Hidden from this reader", "partner")]:
        Organization.objects.create(name=name, kind=kind, iati_type="22")
    return client


def names(response):
    return re.findall(r'data-label="Name">([^<]*)<', response.content.decode())


def link(response, rel):
    return html.unescape(re.search(rf'rel="{rel}" href="([^"]*)"', response.content.decode()).group(1))


def test_a_list_shows_what_the_reader_may_see_page_by_page(reader):
    first = reader.get("/listed/")
    assert names(first) == ["Agency", "Bridges"]
    assert "3 rows" in first.content.decode()
    second = reader.get("/listed/" + link(first, "next"))
    assert names(second) == ["Court"]
    assert names(reader.get("/listed/" + link(second, "prev"))) == ["Agency", "Bridges"]


def test_the_address_filters_and_orders(reader):
    assert names(reader.get("/listed/?kind=partner")) == ["Bridges"]
    assert names(reader.get("/listed/?ordering=-name")) == ["Court", "Bridges"]
    assert names(reader.get("/listed/?ordering=-password")) == ["Agency", "Bridges"]


def test_a_heading_turns_the_order_and_says_which_way_it_goes(reader):
    page = html.unescape(reader.get("/listed/?ordering=name&kind=partner").content.decode())
    assert (
        'aria-sort="ascending"><a href="?ordering=-name&kind=partner"' in page
        or 'aria-sort="ascending"><a href="?kind=partner&ordering=-name"' in page
    )
    assert page.count("aria-sort") == 1


def test_a_filter_that_cannot_be_read_says_so_and_shows_nothing(reader):
    response = reader.get("/listed/?kind=tribe")
    assert names(response) == []
    assert "tribe" in response.content.decode()


def test_a_damaged_page_mark_leads_back_to_the_first_page(reader):
    response = reader.get("/listed/?kind=partner&cursor=AAAA")
    assert response.status_code == 302
    assert response["Location"] == "/listed/?kind=partner"


def test_a_list_without_rows_says_how_to_start_or_how_to_see_more(reader):
    assert "Clear filters" in reader.get("/listed/?kind=donor").content.decode()
    Organization.objects.exclude(name="Hidden from this reader").delete()
    assert "Nothing here yet." in reader.get("/listed/").content.decode()


def test_files_hold_the_filtered_rows_of_the_reader_and_nothing_else(reader):
    response = reader.get("/listed/?ordering=-name&export=csv")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows == [["Name", "Kind"], ["Court", "Authority"], ["Bridges", "Partner"], ["Agency", "Agency"]]
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(reader.get("/listed/?kind=partner&export=xlsx").streaming_content)))
    assert workbook.get_sheet_by_index(0).to_python() == [["Name", "Kind"], ["Bridges", "Partner"]]
    assert ["Kind", "partner"] in workbook.get_sheet_by_index(1).to_python()


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/listed/").status_code == 302


@pytest.mark.parametrize("rows", [1, 2])
def test_a_list_costs_the_same_whatever_its_length(reader, rows, django_assert_num_queries):
    Organization.objects.filter(pk__in=Organization.objects.order_by("name").values("pk")[rows:]).delete()
    reader.get("/listed/")
    with django_assert_num_queries(5):
        reader.get("/listed/")
