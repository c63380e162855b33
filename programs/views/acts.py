"""A page that holds one form and does one act; and an act that is a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View

from accounts.models import Organization
from accounts.roles import Permission
from plumbing.refusals import Refused
from programs import access
from programs.forms import tell
from programs.models import Project, ProjectPartner

SEE_OTHER = 303
Crumbs = Sequence[tuple[Any, str]]


class FormPage(LoginRequiredMixin, View):
    """GET shows the form, POST does the act. A refused form comes back with 422 and every message beside its field."""

    template_name: ClassVar[str] = "programs/form.html"
    title: ClassVar[str | Promise] = ""
    button: ClassVar[str | Promise] = _("Save")
    done: ClassVar[str | Promise] = _("Saved.")

    # what a page says of itself

    def prepare(self) -> None:
        """Fetch what the address names, or raise 404; refuse who may not."""

    def form(self, *data: Any) -> forms.BaseForm:
        raise NotImplementedError

    def act(self, form: Any) -> Any:
        raise NotImplementedError

    def go_to(self, result: Any) -> str:
        raise NotImplementedError

    def crumbs(self) -> Crumbs:
        return ()

    def context(self, form: Any) -> dict[str, Any]:
        return {}

    # what every page does

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return self.page(self.form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.prepare()
        form = self.form(request.POST, request.FILES)
        if form.is_valid():
            try:
                result = self.act(form)
            except (Refused, ValidationError) as refused:
                tell(form, refused)
            else:
                messages.success(request, str(self.done))
                return HttpResponseRedirect(self.go_to(result), status=SEE_OTHER)
        return self.page(form, status=422)

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        shown = {
            "form": form, "title": self.title, "button": self.button, "crumbs": self.crumbs(), "files": form.is_multipart(),
            **self.context(form),
        }  # fmt: skip
        return render(self.request, self.template_name, shown, status=status)


def press(request: HttpRequest, act: Callable[[], Any], *, done: str | Promise, then: str) -> HttpResponse:
    """Do what a button says and go on; what is refused is said at the top of the next page."""
    try:
        act()
    except (Refused, ValidationError) as refused:
        text = " ".join(refused.messages) if isinstance(refused, ValidationError) else str(refused)
        messages.error(request, text)
    else:
        messages.success(request, str(done))
    return HttpResponseRedirect(then, status=SEE_OTHER)


def project_of(request: HttpRequest, code: str, permission: Permission | None = None) -> Project:
    """The project of the address: 404 for whoever may not read it, 403 for who reads it but may not do this."""
    rows = Project.objects.visible_to(request.user).select_related("program", "manager")
    project: Project = get_object_or_404(rows, code=code)
    if permission is not None:
        access.require(request.user, permission, project=project)
    return project


def recording_pairs(user: Any, permission: Permission = Permission.RECORD_ACTIVITIES) -> list[tuple[Project, Organization]]:
    """Every project and partner that this person may record activities for, or what another permission says."""
    rows = (
        ProjectPartner.objects.filter(project__in=Project.objects.visible_to(user, permission).running())
        .exclude(role=ProjectPartner.Role.FUNDING)
        .select_related("project", "organization")
        .order_by("project__code", "organization__name")
    )
    found = {(row.project_id, row.organization_id): (row.project, row.organization) for row in rows}
    held = [one for one in access.held(user) if permission in one.words]
    return [
        (project, partner) for project, partner in found.values() if any(one.scope.get("partner") in (None, partner.pk) for one in held)
    ]


def chosen(pairs: Sequence[tuple[Project, Organization]], asked: str) -> tuple[Project, Organization]:
    """The pair that ``asked`` names (``project:partner``), else the first one. 404 where there is none."""
    if not pairs:
        raise Http404
    return next(((p, o) for p, o in pairs if f"{p.pk}:{o.pk}" == asked), pairs[0])
