"""What people say of an institution and bring to it, on its second page: rounds with n and interval, decisions, promises, concerns."""

from __future__ import annotations

import pytest

from communities import commitments, forums
from plumbing import formats
from programs import disaggregations
from programs.models import Disaggregation
from surveys import instruments, rounds
from surveys.models import InstrumentVersion
from tests.institutions.making import soon
from tests.institutions.test_capacity import held


def perceived(post, days, *, trusting, n, women=()):
    """An approved round at the post's place in which so many of n people trust the police; ``women``: so many of so many of them."""
    if not InstrumentVersion.objects.exists():
        instruments.load_shipped()
    version = InstrumentVersion.objects.get(instrument__code="perception-of-police")
    if version.status == "draft":
        instruments.activate(version, by=post.administrator)
    row = rounds.plan(
        version=version, project=post.project, partner=post.partner, place=post.place, stage="baseline", held_on=soon(-days), method="random",
        by=post.officer,
    )  # fmt: skip
    rounds.open(row, by=post.officer)
    rounds.respond_many(row, responses=asked(trusting, n, *women), by=post.officer)
    rounds.close(row, by=post.officer)
    return rounds.approve(row, by=post.manager)


def asked(trusting, n, women_trusting=0, women=0):
    """Responses; where women are told apart, everybody else is a man."""
    sexes = Disaggregation.objects.in_bulk(disaggregations.ensure(["sex=female", "sex=male"]).values()) if women else {}
    female, male = sorted(sexes.values(), key=str) if women else (None, None)

    def given(of, agreeing, who):
        return [rounds.Given({"P01": "agree" if number < agreeing else "disagree"}, respondent=who) for number in range(of)]

    return given(women, women_trusting, female) + given(n - women, trusting - women_trusting, male)


def met(post, name="Police and people"):
    forum = forums.start_forum(
        name=name, kind="police", project=post.project, partner=post.partner, place=post.place, started_on=soon(-90), institution=post.police,
        by=post.officer,
    )  # fmt: skip
    done = forums.decide(forum, text="Open the desk", decided_on=soon(-60), by=post.officer)
    forums.act_on(done, acted_on=soon(-50), evidence="Roster", by=post.officer)
    forums.decide(forum, text="Light the bus stop", decided_on=soon(-30), by=post.officer)
    commitments.promise(forum=forum, text="Two patrols a night", who="Police command", due_on=soon(9), by=post.officer)
    first = forums.raise_concern(forum, group="women", about="safety", text="The dark road", raised_on=soon(-40), by=post.officer)
    forums.assign(first, to="Duty officer", on=soon(-38), by=post.officer)
    forums.resolve(first, how="Lamps", on=soon(-20), by=post.officer)
    forums.raise_concern(forum, group="youth", about="police", text="Phones are taken", raised_on=soon(-10), by=post.officer)
    return forum


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_same_few_times(visitor, post, rows, django_assert_num_queries):
    for number in range(rows):
        held(post, 200 - number, 1)
        held(post, 200 - number, 2, assessor="self")
        perceived(post, 90 - number, trusting=20, n=40)
        met(post, f"Forum {number}")
    client = visitor("officer")
    client.get("/institutions/")
    client.get(f"/institutions/{post.station.pk}/measured/")
    with django_assert_num_queries(12):
        assert client.get(f"/institutions/{post.station.pk}/measured/").status_code == 200


def test_trust_stands_with_n_and_interval_and_small_samples_are_hidden(visitor, post):
    perceived(post, 60, trusting=30, n=60)
    address = f"/institutions/{post.station.pk}/measured/"
    page = visitor("reporter").get(address).content.decode()
    assert 'data-value="50.0000"' in page
    assert "37–63" in page
    assert ">60<" in page
    perceived(post, 30, trusting=1, n=9)
    assert 'data-value="11.1100"' in visitor("reporter").get(address).content.decode()
    hidden = visitor("officer").get(address).content.decode()  # holds no raw figures
    assert "11.1100" not in hidden
    assert ">9<" not in hidden


def test_women_and_men_stand_apart_each_with_n_and_interval(visitor, post):
    perceived(post, 60, trusting=50, n=100, women=(10, 40))
    address = f"/institutions/{post.station.pk}/measured/"
    page = visitor("reporter").get(address).content.decode()
    # 10 of 40 women: 25 % ± 1.96 × sqrt(.25 × .75 / 40); 40 of 60 men
    assert ("12–38 · n 40" in page, "55–79 · n 60" in page) == (True, True)
    assert f"{formats.percent(25)}</bdi></b>" in page
    assert "12–38 · n 40" in visitor("officer").get(address).content.decode()  # holds no raw figures, but nothing is small
    assert "Too few answers" not in page


def test_few_women_are_said_to_be_few_and_hidden_with_the_men_from_who_may_not_see_them(visitor, post):
    perceived(post, 60, trusting=50, n=100, women=(3, 8))
    address = f"/institutions/{post.station.pk}/measured/"
    page = visitor("reporter").get(address).content.decode()
    assert "n 8<" in page
    assert "too few answers" in page
    officer = visitor("officer").get(address).content.decode()
    assert "n 8<" not in officer
    assert "n 92<" not in officer  # with the whole it would say how many the women are
    assert 'data-value="50.0000"' in officer


def test_a_round_in_which_nobody_said_woman_or_man_has_no_such_table(visitor, post):
    perceived(post, 60, trusting=30, n=60)
    assert "Women and men" not in visitor("reporter").get(f"/institutions/{post.station.pk}/measured/").content.decode()


def test_concerns_stand_by_group_with_their_share_and_who_waits(visitor, post):
    met(post)
    page = visitor("officer").get(f"/institutions/{post.station.pk}/measured/").content.decode()
    page = page.replace('<bdi dir="ltr">', "").replace("</bdi>", "")
    for said in ('"Raised">1<', '"Assigned">1<', '"Resolved">1<', f'"Share">{formats.percent(100)}<', '"Median days">20<'):
        assert said in page.split('<th scope="row">Women</th>')[1].split("</tr>")[0]
    assert f'"Share"><b>{formats.percent(50)}</b>' in page
    assert "1 is not assigned, raised on" in page


def test_what_its_forums_decided_and_heard_is_told_and_nothing_of_others(visitor, post):
    met(post)
    other = forums.start_forum(
        name="Elsewhere", kind="police", project=post.project, partner=post.partner, place=post.place, started_on=soon(-90), by=post.officer
    )
    forums.decide(other, text="Not about this post", decided_on=soon(-30), by=post.officer)
    page = visitor("officer").get(f"/institutions/{post.station.pk}/measured/").content.decode()
    assert "1 of 2 decisions were acted on." in page
    assert "Two patrols a night" in page
    assert "Phones are taken" in page
    assert "The dark road" not in page  # it is resolved, so it is in the counts alone
    assert "Not about this post" not in page
    assert visitor("stranger").get(f"/institutions/{post.station.pk}/measured/").status_code == 404
