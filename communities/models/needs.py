"""Needs, ranked apart by groups of people, so that differences show. Not a survey: no percentages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models.records import CommunityQuerySet, Group, LocalRecord
from plumbing.constraints import choices_held, in_order


class RankingQuerySet(CommunityQuerySet["NeedsRanking"]):
    pass


class NeedsRanking(LocalRecord):
    """One cycle: groups sat apart between two days and put the same needs in order."""

    title = models.CharField(_("cycle"), max_length=120, help_text=_("Such as “August 2026”."))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    groups_met = models.PositiveSmallIntegerField(_("groups that met"), null=True, blank=True)
    method = models.TextField(_("how it was done"), blank=True)

    objects = RankingQuerySet.as_manager()

    class Meta:
        ordering = ["-ends_on", "-id"]
        verbose_name = _("ranking of needs")
        verbose_name_plural = _("rankings of needs")
        constraints = [
            in_order("starts_on", "ends_on", name="ranking_dates_in_order"),
            models.UniqueConstraint(
                fields=["project", "place", "title"],
                name="ranking_once",
                violation_error_message=_("This cycle is already recorded for this place."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


@choices_held("group")
class RankingGroup(models.Model):
    """A group that ranked, and how many people of it took part. A person can count in more than one group."""

    ranking = models.ForeignKey(NeedsRanking, models.CASCADE, related_name="groups")
    group = models.CharField(_("group"), max_length=12, choices=Group)
    people = models.PositiveIntegerField(_("people"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("group that ranked")
        verbose_name_plural = _("groups that ranked")
        constraints = [models.UniqueConstraint(fields=["ranking", "group"], name="ranking_group_once")]

    def __str__(self) -> str:
        return str(self.get_group_display())


class Need(models.Model):
    ranking = models.ForeignKey(NeedsRanking, models.CASCADE, related_name="needs")
    text = models.CharField(_("need"), max_length=120)

    class Meta:
        ordering = ["id"]
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        constraints = [models.UniqueConstraint(fields=["ranking", "text"], name="need_once")]

    def __str__(self) -> str:
        return self.text


class NeedRank(models.Model):
    """Where one group put one need: 1 is most urgent, and each group gives each rank once."""

    need = models.ForeignKey(Need, models.CASCADE, related_name="ranks")
    group = models.ForeignKey(RankingGroup, models.CASCADE, related_name="ranks")
    rank = models.PositiveSmallIntegerField(_("rank"))

    class Meta:
        verbose_name = _("rank")
        verbose_name_plural = _("ranks")
        constraints = [
            models.UniqueConstraint(fields=["need", "group"], name="need_rank_once_per_group"),
            models.UniqueConstraint(
                fields=["group", "rank"], name="need_rank_given_once", violation_error_message=_("A group gives each rank once.")
            ),
            models.CheckConstraint(condition=Q(rank__gte=1), name="need_rank_from_1", violation_error_message=_("Ranks begin with 1.")),
        ]

    def __str__(self) -> str:
        return str(self.rank)
