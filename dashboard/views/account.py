"""One's own account, the way into one, and the API keys one keeps."""

from __future__ import annotations

import django_filters
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from accounts import keys, practice, preferences
from accounts.models import ApiKey
from accounts.roles import Permission
from dashboard.forms import AcceptForm, KeyForm, PreferencesForm
from dashboard.views.people import KeeperPage, answer, attempt
from plumbing.lists import Column
from programs import access, invitations, partner_keys, people


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Name, language and time zone; what one may do and for whom one acts."""
    form = PreferencesForm(request.POST or None, instance=request.user)
    if form.is_valid():
        chosen = form.cleaned_data
        preferences.change(request.user, name=chosen["name"], language=chosen["language"], time_zone=chosen["time_zone"])
        messages.success(request, _("Your choices are saved."))
        return redirect("account")
    if form.is_bound:
        request.user.refresh_from_db()
    context = {"form": form, "roles": people.roles_of(request.user, seen_by=request.user)}
    return answer(request, "dashboard/account.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language menu: kept for this browser, and for the person where somebody is signed in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        preferences.change(request.user, name=request.user.name, language=chosen, time_zone=request.user.time_zone)
    return set_language(request)


@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of an invitation."""
    try:
        row = invitations.find(token)
    except invitations.InvitationClosed as closed:
        return render(request, "dashboard/invitation_closed.html", {"words": str(closed)}, status=410)
    if invitations.account_of(row) is not None:
        return _accept_with_account(request, token, row)
    form = AcceptForm(request.POST or None, initial={"email": row.email, "name": row.name})
    if form.is_valid():
        given = form.cleaned_data
        user = attempt(
            form, lambda: invitations.accept(token, name=given["name"], password=given["password"], time_zone=given["time_zone"])
        )  # fmt: skip
        if user is not None:
            return perform_login(request, user, redirect_url=settings.LOGIN_REDIRECT_URL)
    return answer(request, "dashboard/invitation.html", {"form": form, "invitation": row})


def _accept_with_account(request: HttpRequest, token: str, row: invitations.Invitation) -> HttpResponse:
    """Somebody who has an account signs in with it; the role is given on a button, not on opening a link."""
    if not request.user.is_authenticated:
        messages.info(request, _("You have an account already: sign in to accept the invitation."))
        return redirect(f"{reverse('account_login')}?next={reverse('invitation', args=[token])}")
    if request.method == "POST":
        try:
            invitations.accept_as(token, request.user)
        except (invitations.InvitationClosed, access.RoleClash, access.NotAllowed) as refusal:
            return render(request, "dashboard/invitation_closed.html", {"words": str(refusal)}, status=410)
        messages.success(request, _("You hold the role."))
        return redirect("account")
    return render(request, "dashboard/invitation_accept.html", {"invitation": row})


class KeyFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=gettext_lazy("Name or organization"), method="named")

    class Meta:
        model = ApiKey
        fields: list[str] = []

    def named(self, rows: QuerySet[ApiKey], name: str, value: str) -> QuerySet[ApiKey]:
        return rows.filter(Q(name__icontains=value) | Q(organization__name__icontains=value))


class KeyList(KeeperPage):
    needs = Permission.MANAGE_KEYS
    model = ApiKey
    filterset_class = KeyFilter
    template_name = "dashboard/api_keys.html"
    columns = [
        Column("name", gettext_lazy("Name"), order=["name"], export="name"),
        Column("organization", gettext_lazy("Organization"), order=["organization__name", "name"], export="organization__name"),
        Column("prefix", gettext_lazy("Begins with"), export="prefix"),
        Column("may", pgettext_lazy("what a key may do", "May")),
        Column("until", gettext_lazy("Ends on"), order=["expires_at"], export="expires_at"),
        Column("used", gettext_lazy("Last used"), order=["last_used_on"], export="last_used_on"),
        Column("by", gettext_lazy("Made by"), export="created_by__name"),
        Column("acts", ""),
    ]
    ordering = "-until"
    related = ["organization", "created_by"]

    def rows(self) -> QuerySet[ApiKey]:
        return partner_keys.visible_to(self.request.user)

    def file_name(self) -> str:
        return "api-keys"


@never_cache
@login_required
def new_key(request: HttpRequest) -> HttpResponse:
    """The secret is in the answer to this one request and nowhere else."""
    if Permission.MANAGE_KEYS not in access.words(request.user):
        raise Http404
    form = KeyForm(request.POST or None, by=request.user)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            issued = partner_keys.issue(
                organization=asked["organization"], name=asked["name"], expires_at=form.expires_at(), by=request.user,
                may_write=asked["may_write"], may_submit=asked["may_submit"], may_work_cases=asked["may_work_cases"],
                project=asked["project"],
            )  # fmt: skip
        except (keys.KeyRefused, access.NotAllowed, access.RoleClash) as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "dashboard/key_shown.html", {"issued": issued, "crumbs": _crumbs()}, status=201)
    context = {"form": form, "title": _("New API key"), "button": _("Make the key"), "crumbs": _crumbs()}
    return answer(request, "dashboard/act.html", context)


@login_required
@require_POST
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(partner_keys.visible_to(request.user), pk=pk)
    partner_keys.revoke(key, by=request.user)
    messages.success(request, _("The key is revoked: nothing gets in with it any more."))
    return redirect("api_keys")


def _crumbs() -> list[tuple[str, str]]:
    return [(_("API keys"), reverse("api_keys"))]


@require_GET
def report_abuse(request: HttpRequest) -> HttpResponse:
    """How to report abuse or misconduct: open to everybody, signed in or not; a mission edits the contacts under practice values."""
    ways = [(_("Telephone"), "phone"), (_("Mail"), "mail"), (_("Office"), "office")]
    contacts = [(label, given) for label, key in ways if (given := practice.text(f"report-abuse-{key}")) != "–"]
    return render(request, "dashboard/report_abuse.html", {"contacts": contacts})
