"""The auditor's search, and the practice values that an auditor and an administrator read."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from accounts import audit, event_words, practice, tasks
from accounts.models import AuditChain, AuditEvent, AuditSubject, PracticeValue, User
from accounts.roles import Permission
from dashboard.forms import Day, PracticeForm
from dashboard.views.people import KeeperPage, answer
from plumbing.lists import Column, ListPage, LongSelect
from programs import access, audit_reading


class AuditFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("What was done"), field_name="event", choices=event_words.choices, widget=LongSelect
    )
    event = django_filters.CharFilter(label=gettext_lazy("Code begins with"), lookup_expr="istartswith")
    person = django_filters.CharFilter(label=gettext_lazy("Done by or for"), method="by_person")
    subject = django_filters.CharFilter(label=gettext_lazy("About"), method="about")
    since = django_filters.DateFilter(label=gettext_lazy("From"), field_name="at", lookup_expr="date__gte", widget=Day())
    until = django_filters.DateFilter(label=gettext_lazy("To"), field_name="at", lookup_expr="date__lte", widget=Day())

    class Meta:
        model = AuditEvent
        fields = ["kind", "event", "person", "subject", "since", "until"]

    def by_person(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """A name, an e-mail address, or "user:7", "system", "anonymous" as the log has it."""
        found = User.objects.filter(Q(name__icontains=value) | Q(email__icontains=value)).values_list("pk", flat=True)[:200]
        words = [value, *(f"user:{pk}" for pk in found)]
        return rows.filter(Q(actor__in=words) | Q(behind__in=words))

    def about(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """ "submission:12", or a kind alone."""
        kind, _colon, key = value.strip().lower().partition(":")
        subjects = AuditSubject.objects.filter(kind=kind, **({"key": key.strip()} if key.strip() else {}))
        return rows.filter(pk__in=subjects.values("event"))


class AuditSearch(ListPage):
    model = AuditEvent
    filterset_class = AuditFilter
    template_name = "dashboard/audit.html"
    columns = [
        Column("number", gettext_lazy("Number"), order=["number"], export="number", number=True),
        Column("at", gettext_lazy("When"), order=["at"], export="at"),
        Column("event", gettext_lazy("Event"), order=["event", "at"], export="event"),
        Column("words", gettext_lazy("What was done"), export="event", words=event_words.WORDS, hidden=True),
        Column("actor", gettext_lazy("Done by"), order=["actor", "at"], export="actor"),
        Column("behind", gettext_lazy("For"), export="behind"),
        Column("via", gettext_lazy("Way in"), export="via"),
        Column("subjects", gettext_lazy("About")),
        Column("detail", gettext_lazy("Detail"), export="detail"),
        Column("hash", gettext_lazy("Seal"), export="hash", hidden=True),
    ]
    ordering = "-at"
    prefetch = ["subjects"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and Permission.READ_AUDIT not in access.words(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def rows(self) -> QuerySet[AuditEvent]:
        return audit_reading.visible_to(self.request.user)

    def file(self, kind: str) -> HttpResponseBase:
        """A copy of the log that leaves the portal is itself in the log."""
        audit.record("audit.exported", by=self.request.user, kind=kind)
        return super().file(kind)

    def context(self, listing: Any) -> dict[str, Any]:
        who = audit_reading.people_in(listing.rows)
        for event in listing.rows:
            event.actor_name, event.behind_name = who.get(event.actor, event.actor), who.get(event.behind, event.behind)
            event.about = [(subject.kind, subject.key, who.get(f"user:{subject.key}", "")) for subject in event.subjects.all()]
            event.about = [(kind, key, name if kind == "user" else "") for kind, key, name in event.about]
            event.facts = list(json.loads(event.detail).items()) if event.detail else []
            event.words = event_words.said(event.event)
        verified = AuditEvent.objects.filter(event=audit.VERIFIED).order_by("-at").first()
        return {
            "sealed": AuditChain.objects.values_list("number", flat=True).first(),
            "verified": verified and {"at": verified.at, **json.loads(verified.detail)},
        }

    def file_name(self) -> str:
        return "audit-log"


@login_required
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Walk the chain in the background: a long log takes minutes. What it found is one event, which the page of the log says on top."""
    assert isinstance(request.user, User)
    if Permission.READ_AUDIT not in access.words(request.user):
        raise Http404
    if not cache.add(tasks.BEING_VERIFIED, 1, timeout=settings.CELERY_TASK_TIME_LIMIT):
        messages.info(request, _("The log is being verified already. Load this page again in a moment for the result."))
        return redirect("audit")
    try:
        tasks.verify_audit.delay(request.user.pk)
    except OperationalError:
        cache.delete(tasks.BEING_VERIFIED)
        messages.error(request, _("The log could not be verified now: background work is not reachable. Try again later."))
    else:
        messages.success(request, _("The log is being verified. Load this page again in a moment for the result."))
    return redirect("audit")


class PracticeFilter(django_filters.FilterSet):
    verified = django_filters.ChoiceFilter(
        label=gettext_lazy("Verified"), choices=[("false", gettext_lazy("Not verified")), ("true", gettext_lazy("Verified"))], method="is_verified"
    )  # fmt: skip

    class Meta:
        model = PracticeValue
        fields = ["verified"]

    def is_verified(self, rows: QuerySet[PracticeValue], name: str, value: str) -> QuerySet[PracticeValue]:
        return rows.filter(verified=value == "true")


class PracticeList(KeeperPage):
    """Values that are practice and not published, with where each came from; the unverified ones are one filter away."""

    needs = Permission.SET_UP
    model = PracticeValue
    filterset_class = PracticeFilter
    template_name = "dashboard/practice.html"
    columns = [
        Column("label", gettext_lazy("What it decides"), export="label"),
        Column("key", gettext_lazy("Name"), order=["key"], export="key"),
        Column("value", gettext_lazy("Value"), export="value"),
        Column("seeded", gettext_lazy("As shipped"), export="seeded"),
        Column("source", gettext_lazy("Where it came from"), export="source"),
        Column("verified", gettext_lazy("Verified"), order=["verified", "key"], export="verified_against"),
    ]
    ordering = "key"

    def rows(self) -> QuerySet[PracticeValue]:
        return PracticeValue.objects.all()

    def context(self, listing: Any) -> dict[str, Any]:
        for row in listing.rows:
            row.words = practice.label_of(row)
        return {"unverified": PracticeValue.objects.filter(verified=False).count()}

    def file_name(self) -> str:
        return "practice-values"


@login_required
def practice_value(request: HttpRequest, key: str) -> HttpResponse:
    if Permission.SET_UP not in access.words(request.user):
        raise Http404
    row = get_object_or_404(PracticeValue, key=key)
    form = PracticeForm(request.POST or None, instance=row)
    if form.is_valid():
        try:
            practice.change(row, by=request.user, **form.cleaned_data)
        except practice.NotAValue as refusal:
            form.add_error("value", str(refusal))
        else:
            messages.success(request, _("The value is saved."))
            return redirect("practice")
    crumbs = [(_("Practice values"), reverse("practice"))]
    label = practice.label_of(row)
    return answer(request, "dashboard/act.html", {"form": form, "title": label, "button": _("Save the value"), "crumbs": crumbs})
