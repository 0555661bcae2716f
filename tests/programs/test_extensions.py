"""Points of an audience last longer: by months or until a day, the longest wins, told with the award; also old ones."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from loyalty.ledger.queries.lots import lots_of
from loyalty.lib import clock
from loyalty.members.models import Member, Segment, SegmentMember
from loyalty.programs.models.extensions import Extension, ExtensionRun
from loyalty.programs.queries.activities import why_of
from loyalty.programs.queries.configuration import extension_of
from loyalty.programs.queries.extensions import preview_of, words_of_extension
from loyalty.programs.queries.statement import movement_of, statement_of
from loyalty.programs.queries.terms import terms_of
from loyalty.programs.rules.benefits import prolonged
from loyalty.programs.services.extensions import ask_for_run, work_on_extensions
from tests.factories_of_programs import TierFactory, TierSetFactory, TierStandingFactory
from tests.ledger.purse import violations
from tests.till import AT, buy, do
from tests.world import earn

pytestmark = pytest.mark.django_db
ZONE = "Europe/Oslo"


@pytest.fixture(autouse=True)
def _a_monday(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    with time_machine.travel(AT, tick=False):
        yield
        assert violations() == {}


@pytest.fixture
def longer(world):
    def extension(*conditions, name="Longer", **facts) -> Extension:
        wallet = world.aurora.wallets.get(code="points")
        row = Extension.objects.create(program=world.aurora, wallet=wallet, name=name, **facts)
        for subject, attribute, value in conditions:
            row.extension_audience.create(subject=subject, name=attribute, operator="equals", value=value)
        return row

    return extension


def ends_of(recorded):
    return recorded.awards[0].expires_at


def test_by_months_for_an_attribute(world, longer):
    usual = ends_of(buy(world.ben, "10", receipt="usual"))
    longer(("member_attribute", "tier", "gold"), months=3)
    bought = buy(world.ada, "10")
    assert ends_of(bought) == prolonged(usual, 3, ZONE)
    assert ends_of(buy(world.ben, "10", receipt="ben")) == usual
    (lot,) = lots_of(world.ada.subject, clock.now())
    assert lot.expires_at == prolonged(usual, 3, ZONE)


def test_until_a_day_and_the_longest_wins(world, longer):
    usual = ends_of(buy(world.ben, "10", receipt="usual"))
    longer(name="Short", months=1)
    longer(name="Day", until=date(2027, 12, 31))
    assert ends_of(buy(world.ada, "10")) == datetime(2027, 12, 31, 23, tzinfo=UTC)
    assert usual < datetime(2027, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(("tier_months", "months", "longest"), [(6, 3, 6), (3, 6, 6)])
def test_a_tier_and_an_extension_do_not_add_up(world, longer, tier_months, months, longest):
    usual = ends_of(buy(world.ben, "10", receipt="usual"))
    ladder = TierSetFactory(program=world.aurora, downgrade="never")
    gold = TierFactory(tier_set=ladder, code="gold", threshold=0, expiry_extra_months=tier_months)
    TierStandingFactory(member=world.ada, tier_set=ladder, tier=gold)
    longer(("tier", "", "gold"), months=months)
    assert ends_of(buy(world.ada, "10")) == prolonged(usual, longest, ZONE)


def test_for_those_who_did_something_lately(world, longer):
    usual = ends_of(buy(world.ben, "10", receipt="usual"))
    row = longer(months=3)
    row.extension_audience.create(subject="activities_in_days", name="review 30", operator="gte", value="1")
    do(world.ada, "review", id="1", at=AT - timedelta(days=30))
    do(world.ben, "review", id="2", at=AT - timedelta(days=31))
    assert ends_of(buy(world.ada, "10")) == prolonged(usual, 3, ZONE)
    assert ends_of(buy(world.ben, "10", receipt="late")) == usual
    found = extension_of(row, list(row.extension_audience.all()))
    assert preview_of(found, row.wallet, clock.now()).members == 1
    assert words_of_extension(row) == [
        "Longer: points last 3 months longer, for members with “review” in the last 30 days."
    ]
    assert words_of_extension(row, "member") == [
        "Longer: points last 3 months longer, after “review” in the last 30 days."
    ]


def test_it_is_told_with_the_award_and_in_the_terms(world, longer):
    longer(("member_attribute", "tier", "gold"), name="Summer of gold", months=3)
    buy(world.ada, "10")
    movement = movement_of(world.ada, statement_of(world.ada).rows[0].id)
    told = {line.rule: line.why for line in why_of(movement.activity)}
    assert told["Summer of gold"] == "They last until 2 June 2027"
    (lines,) = [part.lines for part in terms_of(world.aurora) if part.code == "expiry"]
    assert any(line.startswith("Summer of gold: points last 3 months longer") for line in lines)


def test_off_it_gives_nothing(world, longer):
    usual = ends_of(buy(world.ben, "10", receipt="usual"))
    longer(months=3, is_on=False)
    assert ends_of(buy(world.ada, "10")) == usual


def test_points_there_are_follow_when_the_staff_say_so_once(world, longer):
    for member, receipt in ((world.ada, "a"), (world.ben, "b")):
        buy(member, "10", receipt=receipt)
    earn(world.ada, 5, key="never")
    before = {member.pk: [lot.expires_at for lot in lots_of(member.subject, AT)] for member in (world.ada, world.ben)}
    press = Segment.objects.create(program=world.aurora, code="press", name="Press")
    SegmentMember.objects.create(segment=press, member=world.ada)
    row = longer(("list", "", "press"), months=2)
    preview = preview_of(extension_of(row, list(row.extension_audience.all())), row.wallet, AT)
    assert (preview.members, preview.points) == (1, 10)
    assert ask_for_run(row, actor="staff:1").pk == ask_for_run(row, actor="staff:1").pk
    assert [work_on_extensions(), work_on_extensions()] == [1, 0]
    run = ExtensionRun.objects.get()
    assert (run.members, run.lots, run.points, run.finished_at) == (1, 1, 10, AT)
    ends = sorted(lot.expires_at for lot in lots_of(world.ada.subject, AT) if lot.expires_at)
    assert ends == sorted(prolonged(end, 2, ZONE) for end in before[world.ada.pk] if end)
    assert [lot.expires_at for lot in lots_of(world.ben.subject, AT)] == before[world.ben.pk]
    ask_for_run(row, actor="staff:1")
    work_on_extensions()
    assert sorted(lot.expires_at for lot in lots_of(world.ada.subject, AT) if lot.expires_at) == ends


def test_a_run_goes_on_where_it_was_cut_off(world, longer):
    for member, receipt in ((world.ada, "a"), (world.ben, "b")):
        buy(member, "10", receipt=receipt)
    row = longer(months=2)
    run = ask_for_run(row, actor="staff:1")
    ExtensionRun.objects.filter(pk=run.pk).update(after=world.ada.pk, members=1)
    work_on_extensions()
    run.refresh_from_db()
    assert (run.members, run.lots) == (2, 1)


def test_months_or_a_day_but_not_both(world, longer):
    wallet = world.aurora.wallets.get(code="points")
    for facts in ({}, {"months": 1, "until": date(2027, 1, 1)}):
        with pytest.raises(ValidationError):
            Extension(program=world.aurora, wallet=wallet, name="x", **facts).full_clean()


def test_blocked_members_are_no_audience(world, longer):
    buy(world.ada, "10")
    Member.objects.filter(pk=world.ada.pk).update(status="blocked")
    row = longer(months=1)
    assert preview_of(extension_of(row, []), row.wallet, AT + timedelta(days=1)).points == 0
