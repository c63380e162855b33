"""People and organizations: who is here, with which roles, and the acts that change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import Organization, User
from accounts.roles import SECOND_FACTOR, Permission, Role
from dashboard.forms import DeputyForm, HandOverForm, InvitationForm, OrganizationForm, RoleForm
from plumbing.lists import Column, ListPage
from programs import access, invitations, leaving, people
from programs.models import Invitation, Membership

# What an act may answer that is the person's to read and mend, rather than a fault.
REFUSALS = (
    PermissionDenied, ValidationError, access.RoleClash, access.LastAdministrator, leaving.CannotTakeOver, invitations.InvitationNotSent,
)  # fmt: skip


def attempt(form: Any, act: Callable[[], Any]) -> Any:
    """Do the act of a valid form; its refusal becomes the form's error and the answer None."""
    try:
        return act()
    except REFUSALS as refusal:
        form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
        return None


def answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page; a refused form is answered with 422."""
    return render(request, template, context, status=422 if context["form"].is_bound else 200)


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    items = [
        ("people", gettext_lazy("People"), Permission.INVITE), ("organizations", gettext_lazy("Organizations"), Permission.INVITE),
        ("invitations", gettext_lazy("Invitations"), Permission.INVITE), ("api_keys", gettext_lazy("API keys"), Permission.MANAGE_KEYS),
    ]  # fmt: skip
    held = access.words(request.user)
    return [
        {"label": label, "url": reverse(name), "current": request.path == reverse(name)}
        for name, label, needed in items
        if needed in held or Permission.SET_UP in held
    ]


class KeeperPage(ListPage):
    """A list for whoever keeps accounts, keys or settings; to others it does not exist."""

    needs: Permission = Permission.INVITE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not {self.needs, Permission.SET_UP} & access.words(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def context(self, listing: Any) -> dict[str, Any]:
        return {"tabs": tabs(self.request)}


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=gettext_lazy("Name or e-mail"), method="named")
    organization = django_filters.ModelChoiceFilter(label=gettext_lazy("Employer"), queryset=Organization.objects.none())
    role = django_filters.ChoiceFilter(label=gettext_lazy("Role"), choices=Role.choices, method="holding")
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("Account"), choices=[("open", gettext_lazy("Open")), ("closed", gettext_lazy("Closed"))], method="in_state"
    )

    class Meta:
        model = User
        fields = ["q", "organization", "role", "state"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["organization"].queryset = people.organizations_visible_to(self.request.user)

    def named(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(Q(name__icontains=value) | Q(email__icontains=value))

    def holding(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(pk__in=Membership.objects.live().filter(role=value).values("user"))

    def in_state(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(is_active=value == "open")


class PersonList(KeeperPage):
    model = User
    filterset_class = PersonFilter
    template_name = "dashboard/people.html"
    columns = [
        Column("name", gettext_lazy("Name"), order=["name"], export="name"),
        Column("email", gettext_lazy("E-mail"), order=["email"], export="email"),
        Column("employer", gettext_lazy("Employer"), order=["organization__name", "name"], export="organization__name"),
        Column("roles", gettext_lazy("Roles")),
        Column("seen", gettext_lazy("Last signed in"), order=["last_login"], export="last_login"),
        Column(
            "state",
            gettext_lazy("Account"),
            order=["is_active", "name"],
            export="is_active",
            words={True: gettext_lazy("Open"), False: gettext_lazy("Closed")},
        ),
    ]
    ordering = "name"
    related = ["organization"]
    prefetch = [Prefetch("memberships", Membership.objects.live().filter(deputy_for__isnull=True).order_by("id"), "live_roles")]

    def rows(self) -> QuerySet[User]:
        return people.visible_to(self.request.user)

    def file_name(self) -> str:
        return "people"


@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    shown = _person(request, pk)
    kept = shown != request.user and access.words(request.user) & {Permission.INVITE, Permission.SET_UP}
    rows = list(people.roles_of(shown, seen_by=request.user))
    for row in rows:
        row.may_end = row.user_id == request.user.pk or access.may_give(request.user, row)  # type: ignore[attr-defined]
    return render(
        request,
        "dashboard/person.html",
        {
            "person": shown,
            "roles": rows,
            "deputies": Membership.objects.current().filter(deputy_for=shown).select_related("user"),
            "needs_second_factor": any(Role(row.role) in SECOND_FACTOR for row in rows),
            "has_second_factor": shown.authenticator_set.exists(),
            "keeps": bool(kept) and shown.is_active,
            "reads_audit": Permission.READ_AUDIT in access.words(request.user),
            "crumbs": _way_to(shown, request.user),
        },
    )


@login_required
def give_role(request: HttpRequest, pk: int) -> HttpResponse:
    shown = _kept_person(request, pk)
    form = RoleForm(request.POST or None, by=request.user)
    if form.is_valid():
        dates = {name: form.cleaned_data[name] for name in ("starts_on", "ends_on")}
        if attempt(form, lambda: access.give(user=shown, by=request.user, **form.scope(), **dates)):
            messages.success(request, _("%(person)s holds the role.") % {"person": shown})
            return redirect("person", pk)
    return answer(
        request, "dashboard/act.html", _act(form, _("Give a role to %(person)s") % {"person": shown}, _("Give the role"), shown, request.user)
    )  # fmt: skip


@login_required
@require_POST
def end_role(request: HttpRequest, pk: int, role: int) -> HttpResponse:
    shown = _person(request, pk)
    row = get_object_or_404(people.roles_of(shown, seen_by=request.user), pk=role)
    try:
        access.end(row, by=request.user)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The role has ended."))
    return redirect("person", pk)


@login_required
def deputize(request: HttpRequest, pk: int) -> HttpResponse:
    shown = _person(request, pk)
    if shown != request.user:
        _kept_person(request, pk)
    form = DeputyForm(request.POST or None, absent=shown, by=request.user)
    if form.is_valid():
        chosen = form.cleaned_data
        if attempt(form, lambda: access.deputize(absent=shown, deputy=chosen["deputy"], until=chosen["until"], by=request.user)):
            messages.success(request, _("%(deputy)s acts for %(person)s until then.") % {"deputy": chosen["deputy"], "person": shown})
            return redirect("person", pk)
    return answer(
        request, "dashboard/act.html", _act(form, _("Somebody acts for %(person)s") % {"person": shown}, _("Let this person act"), shown, request.user)
    )  # fmt: skip


@login_required
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    shown = _kept_person(request, pk)
    form = HandOverForm(request.POST or None, person=shown, by=request.user)
    if form.is_valid() and attempt(form, lambda: leaving.hand_over(shown, to=form.cleaned_data["to"], by=request.user)):
        messages.success(request, _("Everything moved to %(to)s.") % {"to": form.cleaned_data["to"]})
        return redirect("person", pk)
    context = _act(form, _("%(person)s leaves") % {"person": shown}, _("Hand over and close the account"), shown, request.user)
    return answer(request, "dashboard/hand_over.html", context | {"held": leaving.what_hangs_on(shown)})


@login_required
def invite(request: HttpRequest) -> HttpResponse:
    _keeper(request)
    form = InvitationForm(request.POST or None, by=request.user)
    if form.is_valid():
        who = {name: form.cleaned_data[name] for name in ("email", "name", "employer")}
        if attempt(form, lambda: invitations.invite(by=request.user, **who, **form.scope())):
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": who["email"]})
            return redirect("invitations")
    crumbs = [*_crumbs(), (_("Invitations"), reverse("invitations"))]
    return answer(
        request, "dashboard/act.html", {"form": form, "title": _("Invite somebody"), "button": _("Send the invitation"), "crumbs": crumbs}
    )  # fmt: skip


class InvitationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=gettext_lazy("Name or e-mail"), method="named")
    role = django_filters.ChoiceFilter(label=gettext_lazy("Role"), choices=Role.choices)

    class Meta:
        model = Invitation
        fields: list[str] = []

    def named(self, rows: QuerySet[Invitation], name: str, value: str) -> QuerySet[Invitation]:
        return rows.filter(Q(name__icontains=value) | Q(email__icontains=value))


class InvitationList(KeeperPage):
    model = Invitation
    filterset_class = InvitationFilter
    template_name = "dashboard/invitations.html"
    columns = [
        Column("email", gettext_lazy("E-mail"), order=["email"], export="email"),
        Column("name", gettext_lazy("Name"), order=["name"], export="name"),
        Column("role", gettext_lazy("Role"), order=["role", "email"], export="role", words=Role.choices),
        Column("employer", gettext_lazy("Employer"), order=["employer__name", "email"], export="employer__name"),
        Column("until", gettext_lazy("Open until"), order=["expires_at"], export="expires_at"),
        Column("by", gettext_lazy("Invited by"), export="invited_by__name"),
        Column("acts", ""),
    ]
    ordering = "-until"
    related = ["employer", "invited_by"]

    def rows(self) -> QuerySet[Invitation]:
        return _open_invitations(self.request)

    def file_name(self) -> str:
        return "invitations"


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_open_invitations(request), pk=pk)
    try:
        invitations.withdraw(row, by=request.user)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    return redirect("invitations")


class OrganizationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=gettext_lazy("Name"), method="named")
    kind = django_filters.ChoiceFilter(label=gettext_lazy("Kind"), choices=Organization.Kind.choices)

    class Meta:
        model = Organization
        fields = ["q", "kind"]

    def named(self, rows: QuerySet[Organization], name: str, value: str) -> QuerySet[Organization]:
        return rows.filter(Q(name__icontains=value) | Q(short_name__icontains=value) | Q(identifier__icontains=value))


class OrganizationList(KeeperPage):
    model = Organization
    filterset_class = OrganizationFilter
    template_name = "dashboard/organizations.html"
    columns = [
        Column("name", gettext_lazy("Name"), order=["name"], export="name"),
        Column("short", gettext_lazy("Short name"), order=["short_name", "name"], export="short_name"),
        Column("kind", gettext_lazy("Kind"), order=["kind", "name"], export="kind", words=Organization.Kind.choices),
        Column("iati", gettext_lazy("IATI type"), order=["iati_type", "name"], export="iati_type", words=Organization.IatiType.choices),
        Column("identifier", gettext_lazy("IATI identifier"), export="identifier", hidden=True),
        Column("head", gettext_lazy("Head office"), order=["parent__name", "name"], export="parent__name"),
        Column("people", gettext_lazy("People"), order=["people_here"], export="people_here", number=True),
    ]
    ordering = "name"
    related = ["parent"]

    def rows(self) -> QuerySet[Organization]:
        employed = Count("people", filter=Q(people__is_active=True, people__is_service=False))
        return people.organizations_visible_to(self.request.user).annotate(people_here=employed)

    def context(self, listing: Any) -> dict[str, Any]:
        return super().context(listing) | {"sets_up": Permission.SET_UP in access.words(self.request.user)}


@login_required
def organization(request: HttpRequest, pk: int) -> HttpResponse:
    _keeper(request)
    shown = get_object_or_404(people.organizations_visible_to(request.user).select_related("parent"), pk=pk)
    colleagues = shown.people.filter(is_service=False).order_by("-is_active", "name")
    context = {"organization": shown, "people": colleagues, "offices": shown.offices.all(), "crumbs": _crumbs(organizations=True)}
    return render(request, "dashboard/organization.html", context)


@login_required
def edit_organization(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    _keeper(request)
    shown = get_object_or_404(people.organizations_visible_to(request.user), pk=pk) if pk is not None else None
    if shown is None and Permission.SET_UP not in access.words(request.user):
        raise Http404
    form = OrganizationForm(request.POST or None, instance=shown, by=request.user)
    if form.is_valid():
        row = form.save(commit=False)
        attempt(form, lambda: people.save_organization(row, by=request.user))
        if not form.errors:
            messages.success(request, _("%(organization)s is saved.") % {"organization": row})
            return redirect("organization_page", row.pk)
    title = _("Change %(organization)s") % {"organization": shown} if shown else _("New organization")
    context = {"form": form, "title": title, "button": _("Save the organization"), "crumbs": _crumbs(organizations=True)}
    return answer(request, "dashboard/act.html", context)


def _keeper(request: HttpRequest) -> None:
    if not {Permission.INVITE, Permission.SET_UP} & access.words(request.user):
        raise Http404


def _person(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(people.visible_to(request.user).select_related("organization"), pk=pk)


def _kept_person(request: HttpRequest, pk: int) -> User:
    _keeper(request)
    return _person(request, pk)


def _open_invitations(request: HttpRequest) -> QuerySet[Invitation]:
    visible = people.organizations_visible_to(request.user)
    _keeper(request)
    return Invitation.objects.open().filter(Q(employer__in=visible) | Q(invited_by=request.user))


def _crumbs(*, organizations: bool = False) -> list[tuple[str | Promise, str]]:
    return [(_("Organizations"), reverse("organizations"))] if organizations else [(_("People"), reverse("people"))]


def _way_to(shown: User, by: User) -> list[tuple[str | Promise, str]]:
    """The list of people is open to those who keep it; everybody else comes to their own page from their account."""
    if access.words(by) & {Permission.INVITE, Permission.SET_UP}:
        return _crumbs()
    return [(_("Your account"), reverse("account"))] if shown == by else []


def _act(form: Any, title: str, button: str, person: User, by: User) -> dict[str, Any]:
    crumbs = [*_way_to(person, by), (str(person), reverse("person", args=[person.pk]))]
    return {"form": form, "title": title, "button": button, "crumbs": crumbs}
