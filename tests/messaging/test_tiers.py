"""A member rises or falls, or is about to: told once in the inbox and by e-mail, in the member's language."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from loyalty.members.services.members import update_member
from loyalty.messaging.models import Delivery, InboxEntry
from loyalty.messaging.queries import news_of
from loyalty.messaging.subscribers import tell_of_tier, warn_of_tier
from loyalty.outbox.services import relay
from loyalty.programs.events import MemberTierChanged, TierEnding
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.tiers import tiers_of
from loyalty.programs.services.tier_warnings import warn_of_tiers
from loyalty.programs.services.tiers import follow, put_on_tier, review_tiers
from tests.factories import ActivityFactory
from tests.factories_of_programs import ReturnFactory

pytestmark = pytest.mark.django_db

SUMMER = datetime(2026, 7, 20, 12, tzinfo=UTC)
ACTOR = "test"


@pytest.fixture(autouse=True)
def at():
    with time_machine.travel(SUMMER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ladder(world) -> TierSet:
    row = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="points",
        wallet=world.aurora.wallets.get(code="points"), warn_days=[30, 7],
    )  # fmt: skip
    Tier.objects.create(tier_set=row, code="silver", name="Silver", threshold=300, discount_percent=6)
    Tier.objects.create(tier_set=row, code="gold", name="Gold", threshold=1000, multiplier="1.5", perks="Champagne")
    relay()  # what the people of the story have published so far
    review_tiers()
    return row


def earn(member, points: int, *, on: datetime = SUMMER) -> None:
    from tests.world import earn

    earn(member, points, key=f"t{points}:{on}", at=on)
    follow_now(member)


def follow_now(member, **facts) -> None:
    with transaction.atomic():
        follow(configuration_of(member.program), {member.pk: member.joined_at}, actor=ACTOR, **facts)


def subjects(mailoutbox) -> list[str]:
    return [letter.subject.replace("\xa0", " ") for letter in mailoutbox]


def test_who_rises_is_welcomed_with_what_the_tier_brings(world, ladder, mailoutbox):
    earn(world.ada, 1000)
    relay()
    assert subjects(mailoutbox) == ["Welcome to Gold"]
    entry = InboxEntry.objects.get()
    assert (entry.member, entry.kind, entry.subject) == (world.ada, "tier_reached", "Welcome to Gold")
    assert entry.body == (
        "You have reached Gold in Aurora.\n\nThis is what it brings you:\n\n"
        "• 1.5 × points on everything\n• Champagne\n\nGold is yours until 31 December 2027."
    )
    html = mailoutbox[0].alternatives[0].content
    assert html.count("<li ") == 2
    assert 'href="http://localhost:8000/p/aurora/tiers/"' in html or "/p/aurora/tiers/" in html
    assert "See my tier" in mailoutbox[0].body


def test_two_steps_at_once_are_one_welcome_and_the_same_event_again_is_none(world, ladder, mailoutbox):
    earn(world.ada, 1000)
    event = MemberTierChanged(world.aurora.pk, world.ada.pk, "status", "", "gold", "reached", SUMMER)
    relay()
    for _time in range(3):
        tell_of_tier(event)
    assert (InboxEntry.objects.count(), Delivery.objects.count(), len(mailoutbox)) == (1, 1, 1)


def test_a_move_that_another_has_overtaken_is_not_told(world, ladder, mailoutbox):
    earn(world.ada, 300)
    earn(world.ada, 700)
    relay()
    assert subjects(mailoutbox) == ["Welcome to Gold"]
    skipped = Delivery.objects.get(state="skipped")
    assert (skipped.subject, skipped.why) == (
        "Welcome to Silver", "the tier had changed again before it could be sent",
    )  # fmt: skip


def test_who_falls_is_told_what_is_left_and_the_way_back(world, ladder, mailoutbox, at):
    earn(world.ada, 1000)
    at.move_to(datetime(2027, 3, 1, 12, tzinfo=UTC))
    earn(world.ada, 300, on=datetime(2027, 3, 1, 12, tzinfo=UTC))
    relay()
    at.move_to(datetime(2028, 1, 1, 12, tzinfo=UTC))
    review_tiers()
    relay()
    assert subjects(mailoutbox) == ["Welcome to Gold", "Your tier is now Silver"]
    assert InboxEntry.objects.order_by("-id").first().body.replace("\xa0", " ") == (
        "Gold in Aurora has ended: what it takes was not reached again.\n\nSilver still brings you:\n\n"
        "• 6 % discount\n\nThe way back: 1,000 points to Gold by 31 December."
    )


def test_what_came_back_is_the_reason_and_below_the_lowest_there_is_none_left(world, ladder, mailoutbox):
    TierSet.objects.update(measure="spend")
    bought = ActivityFactory(program=world.aurora, member=world.ada, total=Decimal(300), event_at=SUMMER)
    follow_now(world.ada)
    relay()
    ReturnFactory(purchase=bought, amount=Decimal(1))
    follow_now(world.ada, returned=True)
    relay()
    assert subjects(mailoutbox) == ["Welcome to Silver", "Silver has ended"]
    body = InboxEntry.objects.order_by("-id").first().body
    assert body.startswith("Silver in Aurora has ended: something that counted for it came back.\n\nThe way back: ")
    assert (news_of(world.ada).newest.kind, news_of(world.ada).joy) == ("tier_lost", None)


def test_by_hand_is_told_too(world, ladder, mailoutbox):
    put_on_tier(world.ada, ladder.pk, ladder.tiers.get(code="gold").pk, reason="a good friend", actor=ACTOR)
    relay()
    assert subjects(mailoutbox) == ["Welcome to Gold"]
    assert "a good friend" not in mailoutbox[0].body


def test_dates_and_numbers_are_in_the_members_language_and_zone(world, ladder, mailoutbox):
    earn(world.ben, 300)
    relay()
    assert "31. desember 2027" in mailoutbox[0].body


def test_a_file_fills_the_inbox_and_sends_no_letters(world, ladder, mailoutbox):
    from tests.world import earn

    earn(world.ada, 300, at=SUMMER)
    follow_now(world.ada, quietly=True)
    relay()
    assert (InboxEntry.objects.count(), mailoutbox) == (1, [])
    assert Delivery.objects.get().why == "it came with an imported file: the inbox is enough"


def test_who_left_is_left_alone(world, ladder, mailoutbox):
    earn(world.ada, 300)
    update_member(world.ada, actor=ACTOR, status="left")
    relay()
    assert (InboxEntry.objects.count(), mailoutbox) == (0, [])


def test_a_ladder_that_is_gone_tells_nothing(world, ladder, mailoutbox):
    earn(world.ada, 300)
    ladder.is_archived = True
    ladder.save()
    relay()
    assert (InboxEntry.objects.count(), mailoutbox) == (0, [])


# --- Fair warning -----------------------------------------------------------------------------------------------------


def test_320_points_by_31_december_keep_gold(world, ladder, mailoutbox, at):
    """Told 30 and 7 days before, once each, however often the job runs; a late run tells the nearest step alone."""
    earn(world.ada, 1000)
    relay()
    at.move_to(datetime(2027, 3, 1, 12, tzinfo=UTC))
    earn(world.ada, 680, on=datetime(2027, 3, 1, 12, tzinfo=UTC))
    mailoutbox.clear()
    told = []
    for days in range(32):
        now = datetime(2027, 11, 30, 12, tzinfo=UTC) + timedelta(days=days)
        at.move_to(now)
        told.append((now.day, warn_of_tiers(), warn_of_tiers()))
        relay()
    assert [day for day, first, _again in told if first] == [1, 24]
    assert sum(again for _day, _first, again in told) == 0
    assert subjects(mailoutbox) == ["320 points by 31 December to keep Gold"] * 2
    assert InboxEntry.objects.order_by("-id").first().body.replace("\xa0", " ") == (
        "Gold in Aurora is yours until 31 December.\n\nWhat keeps it: 320 points more by then. "
        "Otherwise you go on as Silver."
    )


def test_who_has_what_it_takes_is_not_warned(world, ladder, mailoutbox, at):
    earn(world.ada, 1000)
    at.move_to(datetime(2027, 6, 1, tzinfo=UTC))
    earn(world.ada, 1000, on=datetime(2027, 6, 1, tzinfo=UTC))
    at.move_to(datetime(2027, 12, 20, tzinfo=UTC))
    assert warn_of_tiers() == 0


@pytest.mark.parametrize("changed", [{"warn_days": []}, {"downgrade": "never"}])
def test_where_no_warning_was_chosen_or_nobody_falls_there_is_none(world, ladder, at, changed):
    TierSet.objects.filter(pk=ladder.pk).update(**changed)
    earn(world.ada, 1000)
    at.move_to(datetime(2027, 12, 20, tzinfo=UTC))
    assert warn_of_tiers() == 0


def test_locked_or_kept_by_hand_for_good_is_not_warned_and_kept_for_a_while_is_at_its_end(world, ladder, at):
    gold = ladder.tiers.get(code="gold").pk
    put_on_tier(world.ada, ladder.pk, gold, is_locked=True, reason="x", actor=ACTOR)
    put_on_tier(world.ben, ladder.pk, gold, reason="x", actor=ACTOR)
    assert warn_of_tiers(at=datetime(2026, 12, 20, 12, tzinfo=UTC)) == 0
    until = datetime(2026, 8, 31, 22, tzinfo=UTC)
    put_on_tier(world.ben, ladder.pk, gold, floor_until=until, reason="x", actor=ACTOR)
    assert warn_of_tiers(at=datetime(2026, 7, 31, 12, tzinfo=UTC)) == 0  # it ends with 31 August
    assert warn_of_tiers(at=datetime(2026, 8, 1, 12, tzinfo=UTC)) == 1


def test_at_once_with_the_year_nothing_can_be_done_and_that_is_said(world, ladder, mailoutbox, at):
    TierSet.objects.filter(pk=ladder.pk).update(downgrade="at_once")
    earn(world.ada, 300)
    relay()
    at.move_to(datetime(2026, 12, 20, 12, tzinfo=UTC))
    assert warn_of_tiers() == 1
    relay()
    assert subjects(mailoutbox) == ["Welcome to Silver", "Silver is yours until 31 December"]
    assert InboxEntry.objects.order_by("-id").first().body.replace("\xa0", " ") == (
        "Silver in Aurora is yours until 31 December.\n\n"
        "After that it begins anew. Silver from 300 points in a calendar year."
    )


def test_where_days_leave_the_window_one_by_one_the_day_is_found_and_not_told_again_each_day(
    world, ladder, mailoutbox, at
):
    TierSet.objects.filter(pk=ladder.pk).update(downgrade="at_once", window="rolling", window_months=2)
    earn(world.ada, 200, on=datetime(2026, 6, 10, 12, tzinfo=UTC))
    earn(world.ada, 150, on=SUMMER)
    relay()
    mailoutbox.clear()
    # 200 of 10 June leave with 10 August: from the 11th on only 150 count
    told = {}
    for day in range(20, 32):
        at.move_to(datetime(2026, 7, day, 12, tzinfo=UTC))
        told[day] = warn_of_tiers()
    relay()
    assert [day for day, count in told.items() if count] == [20]
    assert subjects(mailoutbox) == ["150 points by 10 August to keep Silver"]
    at.move_to(datetime(2026, 8, 11, 0, tzinfo=UTC))
    review_tiers()
    relay()
    assert subjects(mailoutbox)[1:] == ["Silver has ended"]


def test_a_sliding_window_says_what_will_still_be_missing_on_the_last_day(world, ladder, mailoutbox, at):
    """On 25 July 150 points count, on the last day only the 100 of 10 August: 200 are missing, not 150."""
    TierSet.objects.filter(pk=ladder.pk).update(window="rolling", window_months=12)
    for day, points in ((20, 150), (28, 50), (41, 100)):
        at.move_to(SUMMER + timedelta(days=day - 20))
        earn(world.ada, points, on=SUMMER + timedelta(days=day - 20))
    relay()
    mailoutbox.clear()
    at.move_to(datetime(2027, 7, 25, 12, tzinfo=UTC))
    assert warn_of_tiers() == 1
    relay()
    assert subjects(mailoutbox) == ["200 points by 10 August to keep Silver"]
    assert tiers_of(world.ada)[0].kept.replace("\xa0", " ") == "To keep Silver, 200 points more by 10 August."


def test_a_warning_is_one_message_and_none_when_it_is_safe_again(world, ladder, mailoutbox, at):
    earn(world.ada, 1000)
    relay()
    mailoutbox.clear()
    end = datetime(2027, 12, 31, 23, tzinfo=UTC)
    event = TierEnding(world.aurora.pk, world.ada.pk, "status", "gold", "silver", end, 30, Decimal(320))
    for _time in range(3):
        warn_of_tier(event)
    assert len(mailoutbox) == 1
    at.move_to(datetime(2027, 6, 1, tzinfo=UTC))
    earn(world.ada, 1000, on=datetime(2027, 6, 1, tzinfo=UTC))
    warn_of_tier(TierEnding(world.aurora.pk, world.ada.pk, "status", "gold", "silver", end, 7, Decimal(320)))
    assert len(mailoutbox) == 1
    assert Delivery.objects.filter(state="skipped").count() == 1


def test_not_before_the_morning_there(world, ladder, at):
    earn(world.ada, 1000)
    day = datetime(2027, 12, 20, 6, 59, tzinfo=UTC)
    assert warn_of_tiers(at=day, from_hour=8) == 0
    assert warn_of_tiers(at=day + timedelta(minutes=1), from_hour=8) == 1


def test_the_operators_command(world, ladder, at, capsys):
    earn(world.ada, 1000)
    for count in (1, 0):
        call_command("warn_tiers", "--program", "aurora", "--at", "2027-12-20T08:00:00+01:00", "--json")
        assert json.loads(capsys.readouterr().out) == {"warnings": count}
