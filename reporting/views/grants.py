"""Grants: what donors gave, what it approves for which project, what was spent, and which reports it asks for."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.roles import Permission
from plumbing.lists import Column, ListPage
from plumbing.refusals import Invalid
from privacy.files import FileRefused
from programs import grants
from programs.access import words
from programs.models import Expenditure, Grant, Project
from reporting import donor_report
from reporting.documents.word_template import NotATemplate, check
from reporting.forms import ApprovedForm, PasteForm, TemplateForm
from reporting.models import WordTemplate
from reporting.report_files import add_template


def readable(user: Any) -> QuerySet[Grant]:
    """A donor viewer reads its grants' reports, not the money pages."""
    return Grant.objects.visible_to(user) if Permission.READ_MONEY in words(user) else Grant.objects.none()


class GrantFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label=gettext_lazy("Reference, title or donor"), method="named")
    running = django_filters.ChoiceFilter(
        label=gettext_lazy("Running"), method="in_time", choices=[("yes", gettext_lazy("Running")), ("no", gettext_lazy("Ended"))],
        empty_label=gettext_lazy("all grants"),
    )  # fmt: skip

    class Meta:
        model = Grant
        fields: list[str] = []

    def named(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        return rows.filter(Q(reference__icontains=value) | Q(title__icontains=value) | Q(donor__name__icontains=value))

    def in_time(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        today = timezone.localdate()
        return rows.filter(ends_on__gte=today) if value == "yes" else rows.filter(ends_on__lt=today)


class GrantList(ListPage):
    model = Grant
    filterset_class = GrantFilter
    template_name = "reporting/grants.html"
    columns = [
        Column("reference", gettext_lazy("Reference"), order=["reference"], export="reference"),
        Column("title", gettext_lazy("Title"), order=["title"], export="title"),
        Column("donor", gettext_lazy("Donor"), order=["donor__name"], export="donor__name"),
        Column("currency", gettext_lazy("Currency"), export="currency", hidden=True),
        Column("amount", gettext_lazy("Amount"), export="amount", number=True),
        Column("ends", gettext_lazy("Ends"), order=["ends_on"], export="ends_on"),
    ]
    ordering = "reference"
    related = ["donor"]

    def rows(self) -> QuerySet[Grant]:
        return readable(self.request.user)


class SpendingFilter(django_filters.FilterSet):
    grant = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Grant"), queryset=lambda request: readable(request.user), empty_label=gettext_lazy("all grants")
    )
    project = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Project"),
        queryset=lambda request: Project.objects.visible_to(request.user, Permission.READ_MONEY),
        empty_label=gettext_lazy("all projects"),
    )

    class Meta:
        model = Expenditure
        fields: list[str] = []


class SpendingList(ListPage):
    """Every row of spending; amounts stand with their currency and are never added over two."""

    model = Expenditure
    filterset_class = SpendingFilter
    template_name = "reporting/spending_list.html"
    columns = [
        Column("grant", gettext_lazy("Grant"), order=["grant__reference"], export="grant__reference"),
        Column("project", gettext_lazy("Project"), order=["project__code"], export="project__code"),
        Column("partner", gettext_lazy("Partner"), order=["partner__name"], export="partner__name"),
        Column("period", gettext_lazy("Period"), order=["period__ends_on"], export="period__code"),
        Column("currency", gettext_lazy("Currency"), export="grant__currency", hidden=True),
        Column("amount", gettext_lazy("Spent"), export="amount", number=True),
        Column("gender", gettext_lazy("For gender equality"), export="for_gender", number=True),
        Column("source", gettext_lazy("Source"), export="source"),
    ]
    ordering = "-period"
    related = ["grant", "project", "partner", "period"]


@login_required
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One grant: money per project, spending by partner and period, and the reports owed."""
    grant = _grant(request, pk)
    by = _user(request)
    spent = Expenditure.objects.visible_to(by).filter(grant=grant).select_related("project", "partner", "period")
    context = {
        "grant": grant,
        "money": grants.spending(grant),
        "spent": spent.order_by("-period__ends_on", "project__code", "partner__name")[:10],
        "requirements": grant.requirements.prefetch_related("reports").order_by("due_on"),
        "may_edit": donor_report.may(grant, Permission.EDIT_MONEY, by=by) or _funds_nothing(grant, by),
        "may_prepare": donor_report.may(grant, Permission.PREPARE_REPORT, by=by),
        "crumbs": [(_("Grants"), reverse("grants")), (grant.reference, "")],
        "today": timezone.localdate(),
    }
    return render(request, "reporting/grant.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def approved(request: HttpRequest, pk: int) -> HttpResponse:
    """State what the grant approves for a project."""
    grant = _grant(request, pk)
    projects = Project.objects.visible_to(_user(request), Permission.EDIT_MONEY)
    if not projects.exists():
        raise Http404
    form = ApprovedForm(request.POST or None, projects=projects, initial={"project": request.GET.get("project")})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            grants.approve(
                grant, project=values["project"], amount=values["approved"], gender_share=values["gender_share"], by=_user(request)
            )
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(request, _("The approved amount is kept."))
            return redirect("grant", pk=grant.pk)
    crumbs = [(_("Grants"), reverse("grants")), (grant.reference, reverse("grant", args=[grant.pk])), (_("Approved amount"), "")]
    context = {"form": form, "title": _("Approved amount"), "button": _("Keep the approved amount"), "crumbs": crumbs}
    return render(request, "reporting/form_page.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "POST"])
def spending(request: HttpRequest, pk: int) -> HttpResponse:
    """Type or paste spending; every problem is shown at once and then nothing is written."""
    grant = _grant(request, pk)
    if not Project.objects.visible_to(_user(request), Permission.EDIT_MONEY).filter(grants__grant=grant).exists():
        raise Http404
    form = PasteForm(request.POST or None)
    problems: tuple[Any, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            written = grants.paste(grant, text=form.cleaned_data["text"], by=_user(request))
        except Invalid as refused:
            problems = refused.problems
            form.add_error("text", _("Nothing was written. Correct the lines below and try again."))
        else:
            words_ = ngettext("%(number)s row of spending is kept.", "%(number)s rows of spending are kept.", written)
            messages.success(request, words_ % {"number": written} if written else _("All of it was there already."))
            return redirect("grant", pk=grant.pk)
    context = {
        "grant": grant,
        "form": form,
        "problems": problems,
        "projects": grant.projects.select_related("project").prefetch_related("project__partners__organization"),
        "crumbs": [(_("Grants"), reverse("grants")), (grant.reference, reverse("grant", args=[grant.pk])), (_("Enter spending"), "")],
    }
    return render(request, "reporting/spending.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "POST"])
def word_templates(request: HttpRequest) -> HttpResponse:
    """The mission's Word templates: the list, and a form for one more."""
    if Permission.PREPARE_REPORT not in words(request.user):
        raise Http404
    form = TemplateForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(6 * 1024 * 1024)
        try:
            add_template(title=form.cleaned_data["title"], content=content, by=_user(request))
        except (NotATemplate, FileRefused) as refused:
            form.add_error("file", str(refused))
        except ValidationError as wrong:
            form.add_error("title", wrong.messages)
        else:
            names = check(content)
            messages.success(request, _("The template is kept. It holds: %(names)s") % {"names": ", ".join(names) or "–"})
            return redirect("word_templates")
    context = {
        "form": form,
        "templates": WordTemplate.objects.filter(is_retired=False).select_related("uploaded_by"),
        "crumbs": [(_("Donor reports"), reverse("donor_reports")), (_("Word templates"), "")],
    }
    return render(request, "reporting/word_templates.html", context, status=422 if request.method == "POST" else 200)


def _grant(request: HttpRequest, pk: int) -> Grant:
    return get_object_or_404(readable(request.user).select_related("donor").prefetch_related("projects__project"), pk=pk)


def _funds_nothing(grant: Grant, by: User) -> bool:
    """A new grant names no project yet: whoever may edit money somewhere enters the first."""
    return not grant.projects.all() and Permission.EDIT_MONEY in words(by)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
