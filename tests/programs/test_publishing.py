"""Where changes go live when they are published: the engine judges by the version in force while rows are edited."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.lib import clock
from loyalty.outbox.services import relay
from loyalty.programs.errors.documents import DraftOpen, NothingToPublish, SecondPersonGoesBack, SecondPersonNeeded
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.queries.versions import has_draft
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.policies import change_wallet_policy
from loyalty.programs.services.rules import save_rule
from loyalty.programs.services.versions import change_publishing, discard_draft, publish_draft, roll_back


@pytest.fixture
def drafted(world):
    """Aurora, where changes wait to be published."""
    return change_publishing(world.aurora, "draft", actor="staff:1")


def edit(program, points, actor="staff:2"):
    rule = program.rules.get()
    rule.points = points
    save_rule(rule, actor=actor)


def earned(member, receipt):
    facts = PurchaseFacts(
        source="till", receipt=receipt, member=member, at=clock.now() - timedelta(minutes=1), currency="EUR",
        lines=(Line(Decimal(10), Decimal(1)),),
    )  # fmt: skip
    return sum(award.points for award in record_purchase(member.program, facts, actor="test").awards)


def test_a_draft_judges_nothing_until_it_is_published(world, drafted):
    edit(drafted, 3)
    assert (earned(world.ada, "1"), has_draft(drafted)) == (10, True)

    version = publish_draft(drafted, actor="staff:1", note="Triple")

    assert (earned(world.ada, "2"), has_draft(drafted)) == (30, False)
    assert (version.number, version.note, version.proposed_by, version.published_by) == (
        2, "Triple", "staff:2", "staff:1",
    )  # fmt: skip
    assert list(Activity.objects.order_by("id").values_list("version__number", flat=True)) == [1, 2]


def test_what_is_in_force_is_not_published_again(drafted):
    with pytest.raises(NothingToPublish):
        publish_draft(drafted, actor="staff:1")
    edit(drafted, 3)
    edit(drafted, 1)
    with pytest.raises(NothingToPublish):
        publish_draft(drafted, actor="staff:1")


def test_four_eyes_want_a_second_person(world):
    change_publishing(world.aurora, "four_eyes", actor="staff:1")
    edit(world.aurora, 3, actor="staff:2")
    edit(world.aurora, 4, actor="staff:3")
    for worked_on_it in ("staff:2", "staff:3"):
        with pytest.raises(SecondPersonNeeded):
            publish_draft(world.aurora, actor=worked_on_it)

    assert publish_draft(world.aurora, actor="staff:1").number == 2


def test_throwing_a_draft_away_is_no_work_on_it(world):
    change_publishing(world.aurora, "four_eyes", actor="staff:1")
    edit(world.aurora, 3)
    discard_draft(world.aurora, actor="staff:1")
    assert (world.aurora.rules.get().points, has_draft(world.aurora)) == (1, False)
    edit(world.aurora, 5)

    assert publish_draft(world.aurora, actor="staff:1").number == 2


def test_going_back_is_one_action_and_a_version_of_its_own(world, drafted):
    edit(drafted, 3)
    publish_draft(drafted, actor="staff:1")
    first = ProgramVersion.objects.get(program=drafted, number=1)

    back = roll_back(first, actor="staff:1", note="Too dear")

    assert (back.number, back.back_to, back.digest) == (3, first, first.digest)
    assert earned(world.ada, "1") == 10
    with pytest.raises(NothingToPublish):
        roll_back(first, actor="staff:1")


def test_going_back_where_changes_are_live_at_once(world):
    earned(world.ada, "1")
    edit(world.aurora, 3)
    earned(world.ada, "2")

    back = roll_back(ProgramVersion.objects.get(number=1), actor="staff:1")

    assert (back.number, back.published_by, earned(world.ada, "3")) == (3, "staff:1", 10)
    assert Activity.objects.get(external_id="3").version == back


def test_nobody_goes_back_alone_to_what_nobody_else_saw(world):
    edit(world.aurora, 100, actor="staff:1")
    earned(world.ada, "1")
    dear = ProgramVersion.objects.get(number=1)
    edit(world.aurora, 1, actor="staff:2")
    change_publishing(world.aurora, "four_eyes", actor="staff:1")

    with pytest.raises(SecondPersonGoesBack):
        roll_back(dear, actor="staff:1")
    assert earned(world.ada, "2") == 10

    assert roll_back(dear, actor="staff:2").back_to == dear
    assert earned(world.ada, "3") == 1000


def test_a_draft_stands_in_the_way_of_going_live_at_once(drafted):
    edit(drafted, 3)
    with pytest.raises(DraftOpen):
        change_publishing(drafted, "at_once", actor="staff:1")
    publish_draft(drafted, actor="staff:1")

    assert change_publishing(drafted, "at_once", actor="staff:1").published_id is None


def test_points_there_are_get_their_new_end_at_publication_and_never_early(world, drafted):
    earned(world.ada, "1")
    (before,) = [lot.expires_at for lot in lots_of(world.ada)]
    change_wallet_policy(drafted.wallets.get(), actor="staff:2", expiry="rolling", expiry_months=24)
    relay()
    assert [lot.expires_at for lot in lots_of(world.ada)] == [before]

    publish_draft(drafted, actor="staff:1")
    relay()

    assert [lot.expires_at > before + timedelta(days=300) for lot in lots_of(world.ada)] == [True]
