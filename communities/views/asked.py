"""Forms of forums, disputes, needs and local projects. Acts decide; a form reads what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from communities.disputes import Mediator, Party
from communities.forums import Seats
from communities.models import Commitment, Community, Decision, Dispute, Forum, LocalAgreement, LocalProject, NeedsRanking
from communities.models.forums import Concern
from communities.models.projects import Contribution, Payment, Satisfaction
from communities.models.records import Group, MediatorKind
from communities.needs import RANKED_BY, spelled
from programs.forms import Day, PlaceField, fields_of
from programs.models import Project

Pairs = Sequence[tuple[Project, Organization]]
LINES = 5


def text(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, **{"max_length": 300, **more})


def day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=Day(), **{"initial": timezone.localdate, **more})


def number(label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, **{"min_value": 0, "max_value": 1_000_000, "required": False, **more})


class OfFields(forms.Form):
    """A form made of the model's own fields (``fields``), in the order given."""

    model: Any
    names: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.fields
        self.fields = {**fields_of(self.model, *self.names), **own}


class NewRecord(OfFields):
    """A new record also says for which project and partner, where, and in which community."""

    def __init__(self, *args: Any, pairs: Pairs, communities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pairs = {f"{project.pk}:{partner.pk}": (project, partner) for project, partner in pairs}
        written = [(key, f"{project.code} · {partner}") for key, (project, partner) in self.pairs.items()]
        self.fields["for"] = forms.ChoiceField(label=_("Project and partner"), choices=written)
        self.fields["place"] = PlaceField()
        self.fields["community"] = forms.ModelChoiceField(communities, label=_("Community"), required=False)
        self.order_fields(["for", "place", "community"])

    def given(self) -> dict[str, Any]:
        """What the act takes."""
        found = dict(self.cleaned_data)
        found["project"], found["partner"] = self.pairs[found.pop("for")]
        return found


class ForumForm(NewRecord):
    model, names = Forum, ("name", "kind", "started_on", "purpose")
    institution = forms.ModelChoiceField(
        Organization.objects.filter(kind=Organization.Kind.AUTHORITY, is_active=True), label=_("Institution"), required=False,
        help_text=_("The authority that meets people here, where there is one."),
    )  # fmt: skip


class ChangeForumForm(OfFields):
    model, names = Forum, ("name", "kind", "started_on", "ended_on", "next_session_on", "next_session_note", "purpose")
    institution = forms.ModelChoiceField(
        Organization.objects.filter(kind=Organization.Kind.AUTHORITY, is_active=True), label=_("Institution"), required=False
    )

    def __init__(self, *args: Any, communities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"] = forms.ModelChoiceField(communities, label=_("Community"), required=False)


class SeatsForm(forms.Form):
    """The seats and up to seven groups, one row of inputs each."""

    since = day(_("Elected or appointed on"))
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=1000)
    note = text(_("How they were chosen"), required=False, max_length=200)
    rows = range(1, 8)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = [Group.WOMEN, Group.MEN, Group.YOUTH, Group.UPROOTED, Group.HERDERS, "", ""]
        for row, group in zip(self.rows, usual, strict=True):
            words = {"row": row}
            self.fields[f"group_{row}"] = forms.ChoiceField(
                label=_("Group %(row)s") % words, choices=[("", "–"), *Group.choices], required=False, initial=str(group)
            )
            self.fields[f"words_{row}"] = text(_("Group %(row)s in its own words") % words, required=False, max_length=80)
            self.fields[f"held_{row}"] = number(_("Group %(row)s: seats held") % words, max_value=1000)
            self.fields[f"agreed_{row}"] = number(_("Group %(row)s: agreed share, %%") % words, max_value=100)

    def table(self) -> Iterable[list[Any]]:
        return [[self[f"{name}_{row}"] for name in ("group", "words", "held", "agreed")] for row in self.rows]

    def lines(self) -> list[Seats]:
        got = self.cleaned_data
        rows = [(got[f"group_{n}"], got[f"held_{n}"], got[f"agreed_{n}"], got[f"words_{n}"]) for n in self.rows]
        return [Seats(*row) for row in rows if row[0] and (row[1] is not None or row[2] is not None)]


class SessionForm(forms.Form):
    happened_on = day(_("Date"))
    topic = text(_("What it was about"), required=False)
    people_present = number(_("People present"), help_text=_("Adults on the sheet; empty: not counted."))
    women = number(_("Of them women"))
    men = number(_("Of them men"))
    children_present = number(_("Children present"), help_text=_("A count only: no age, no name."))
    sheet_number = text(_("Sheet number"), required=False, max_length=40)
    note = forms.CharField(
        label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("No names of people at risk.")
    )


class DecisionForm(OfFields):
    model, names = Decision, ("text", "decided_on")


class ActedOnForm(forms.Form):
    acted_on = day(_("Acted on"))
    evidence = text(_("How one can see it"), help_text=_("A report, a photo without faces, what stands there now."))


class ConcernForm(OfFields):
    model, names = Concern, ("group", "about", "text", "raised_on")


class AssignForm(forms.Form):
    to = text(_("Who takes it on"), max_length=120, help_text=_("A role, such as “police post commander”. No names."))
    on = day(_("On"))


class ResolveForm(forms.Form):
    how = text(_("How it was resolved"), max_length=500)
    on = day(_("On"))


class AgreementForm(OfFields):
    model = LocalAgreement
    names = (
        "title", "signed_on", "dispute_kind", "stage", "status", "is_written", "parties", "signatories_female", "signatories_male", "mediator",
        "witnesses", "read_aloud_in", "monitoring", "verified_by", "document",
    )  # fmt: skip
    also_in = PlaceField(label=_("Also agreed for"), required=False, help_text=_("A further place, where there is one."))


class CommitmentForm(OfFields):
    model, names = Commitment, ("text", "who", "due_on", "since", "topic")


class EvidenceForm(forms.Form):
    on = day(_("On"))
    source = text(_("Source"), max_length=120, help_text=_("A role or a document: “police post”, “visit report”. No names."))
    text = text(_("What it says"), required=False)


class KeptForm(EvidenceForm):
    outcome = text(_("In words"), required=False, max_length=120, help_text=_("Such as “47 of 52 days”."))


class WhyForm(EvidenceForm):
    text = text(_("Why"))


class DisputeForm(NewRecord):
    model, names = Dispute, ("title", "kind", "opened_on", "note")
    rows = range(1, 4)

    def __init__(self, *args: Any, forums: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["forum"] = forms.ModelChoiceField(forums, label=_("Brought to the forum"), required=False)
        for row in self.rows:
            words = {"row": row}
            who = text(_("Party %(row)s") % words, required=row < 3, max_length=120, help_text=_("A role or group. No names."))
            self.fields[f"role_{row}"] = who
            self.fields[f"women_{row}"] = number(_("Party %(row)s: women") % words)
            self.fields[f"men_{row}"] = number(_("Party %(row)s: men") % words)
            self.fields[f"young_{row}"] = number(_("Party %(row)s: of them young, 18–29") % words)
        # Parties and their numbers stand in one table under the rest.
        self.plain = [self[name] for name in self.fields if not name[-1].isdigit()]

    def table(self) -> list[list[Any]]:
        return [[self[f"{name}_{row}"] for name in ("role", "women", "men", "young")] for row in self.rows]

    def given(self) -> dict[str, Any]:
        found = super().given()
        parties = [[found.pop(f"{name}_{row}") for name in ("role", "women", "men", "young")] for row in self.rows]
        return {**found, "parties": [Party(*party) for party in parties]}


class MediateForm(forms.Form):
    on = day(_("On"))
    kind = forms.MultipleChoiceField(label=_("Who mediates"), choices=MediatorKind.choices, widget=forms.CheckboxSelectMultiple)
    women = number(_("Women among the mediators"), help_text=_("Where one kind of mediator is ticked."))
    men = number(_("Men among the mediators"))
    note = text(_("Note"), required=False, help_text=_("No names of people."))

    def mediators(self) -> list[Mediator]:
        got = self.cleaned_data
        alone = len(got["kind"]) == 1
        return [Mediator(kind, got["women"] if alone else None, got["men"] if alone else None) for kind in got["kind"]]


class SettleForm(forms.Form):
    on = day(_("Agreed on"))
    terms = forms.CharField(label=_("What was agreed"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("No names of people."))

    def __init__(self, *args: Any, agreements: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreement"] = forms.ModelChoiceField(agreements, label=_("Local agreement"), required=False)


class NoteForm(forms.Form):
    on = day(_("On"))
    note = text(_("What happened"), help_text=_("No names of people."))


class ReferForm(forms.Form):
    on = day(_("On"))
    to = text(_("Referred to"), help_text=_("A court or another body, as a role."))


class FollowUpForm(forms.Form):
    on = day(_("Asked on"))
    holds = forms.TypedChoiceField(
        label=_("Does the settlement hold?"), choices=[("yes", _("Yes, it holds")), ("no", _("No, the dispute is back"))],
        coerce=lambda value: value == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    note = text(_("Note"), required=False, help_text=_("No names of people."))


class RankingForm(NewRecord):
    model, names = NeedsRanking, ("title", "starts_on", "ends_on", "groups_met", "method")
    rows = range(1, 11)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in RANKED_BY:
            self.fields[f"people_{group}"] = number(_("%(group)s who took part") % {"group": group.label})
        for row in self.rows:
            self.fields[f"need_{row}"] = text(_("Need %(row)s") % {"row": row}, required=False, max_length=120)
            for group in RANKED_BY:
                words = {"row": row, "group": group.label}
                self.fields[f"rank_{row}_{group}"] = number(_("Need %(row)s, rank by %(group)s") % words, min_value=1, max_value=50)
        self.plain = [self[name] for name in self.fields if not name.startswith(("need_", "rank_", "people_"))]

    @property
    def groups(self) -> list[Any]:
        return [(group.label, self[f"people_{group}"]) for group in RANKED_BY]

    def table(self) -> list[tuple[Any, list[Any]]]:
        return [(self[f"need_{row}"], [self[f"rank_{row}_{group}"] for group in RANKED_BY]) for row in self.rows]

    def clean(self) -> dict[str, Any]:
        """Nothing typed is dropped without a word: a rank beside no need, or a need that stands in two rows."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        named: set[str] = set()
        for row in self.rows:
            words = spelled(found.get(f"need_{row}") or "")
            if not words and any(found.get(f"rank_{row}_{group}") is not None for group in RANKED_BY):
                self.add_error(f"need_{row}", _("Name the need that was ranked here."))
            if words in named:
                self.add_error(f"need_{row}", _("This need stands in another row: put its ranks into one."))
            named |= {words} - {""}
        return found

    def given(self) -> dict[str, Any]:
        found = super().given()
        ranks = {row: {str(group): found.pop(f"rank_{row}_{group}") for group in RANKED_BY} for row in self.rows}
        people = {str(group): found.pop(f"people_{group}") for group in RANKED_BY}
        names = {row: found.pop(f"need_{row}") for row in self.rows}
        ranked = {group for given in ranks.values() for group, rank in given.items() if rank is not None}
        took_part = {group: number for group, number in people.items() if group in ranked or number is not None}
        table = {
            names[row]: {group: rank for group, rank in given.items() if group in took_part} for row, given in ranks.items() if names[row]
        }
        return {**found, "table": table, "people": took_part}


class LocalProjectForm(NewRecord):
    model = LocalProject
    names = (
        "title", "kind", "proposed_on", "minutes", "committee_women", "committee_men", "committee_young", "currency", "asked", "benefits_women",
        "led_by_women", "is_about_weapons", "needs_land", "land_paper", "starts_on", "ends_on", "sustainability",
    )  # fmt: skip


class ChangeLocalProjectForm(OfFields):
    model = LocalProject
    names = (
        "title", "kind", "committee_women", "committee_men", "committee_young", "participants_women", "participants_men", "benefits_women",
        "led_by_women", "is_about_weapons", "needs_land", "land_paper", "starts_on", "ends_on", "people_served", "served_words",
        "sustainability", "incidents", "complaints",
    )  # fmt: skip


class DecideForm(forms.Form):
    decision = forms.ChoiceField(label=_("Decision"), choices=[(d.value, d.label) for d in LocalProject.Decision if d])
    on = day(_("Decided on"))
    approved = forms.DecimalField(label=_("Approved amount"), min_value=0, max_digits=14, decimal_places=2, required=False)
    conditions = forms.CharField(label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class StartForm(forms.Form):
    on = day(_("On"))
    note = text(_("Note"), required=False)


class CompleteForm(forms.Form):
    on = day(_("Completed on"))
    people_served = number(_("People served"), max_value=10_000_000)
    served_words = text(_("Who is counted"), required=False, max_length=60, help_text=_("Such as “users a week”."))


class HandOverForm(forms.Form):
    on = day(_("Handed over on"))
    to = text(_("Handed over to"), max_length=120, help_text=_("A role or group, such as “water committee”. No names."))


class CheckForm(forms.Form):
    on = day(_("Looked at on"))
    works = forms.BooleanField(label=_("It still works"), required=False)
    used = forms.BooleanField(label=_("It is still used"), required=False)
    note = text(_("Note"), required=False)


class ContributeForm(OfFields):
    model, names = Contribution, ("source", "amount", "in_kind")


class PayForm(OfFields):
    model, names = Payment, ("paid_on", "amount", "reference")


class AskUsersForm(OfFields):
    model, names = Satisfaction, ("asked_on", "whom", "asked", "satisfied")


def communities_of(user: Any) -> Any:
    return Community.objects.visible_to(user).order_by("name")
