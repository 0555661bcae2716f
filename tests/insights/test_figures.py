"""Figures: counted once, kept by day, always what the ledger says."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from loyalty.insights.models import PointsDay, Watermark
from loyalty.insights.queries.figures import figures_of
from loyalty.insights.queries.onboarding import steps_of
from loyalty.insights.services import refresh_snapshots
from loyalty.insights.tasks import refresh_snapshots as task
from loyalty.ledger import services as ledger
from loyalty.ledger.queries.figures import liability_of
from loyalty.lib import clock
from tests.factories import ApiKeyFactory, WalletFactory
from tests.world import earn

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # in Oslo it is April already


@pytest.fixture
def wallet(world):
    wallet = world.aurora.wallets.get(code="points")
    wallet.point_value = Decimal("0.01")
    wallet.save()
    return wallet


def only(world, **how):
    (figures,) = figures_of(world.aurora, at=clock.now(), **how).wallets
    return figures


def spend(member, points: int, key: str, at=None):
    wallet = member.program.wallets.get(code="points")
    account = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
    return ledger.spend(account, points=points, key=key, at=at or clock.now(), actor="test")


def test_uncounted_points_are_seen_at_once(world, wallet):
    earn(world.ada, 500)
    spend(world.ada, 120, "s")
    figures = only(world)
    assert (figures.active, figures.outstanding, figures.value) == (380, 380, Decimal("3.80"))
    assert (figures.earned, figures.spent, figures.expired) == (500, 120, 0)
    assert figures_of(world.aurora, at=clock.now()).members == 2


def test_counting_changes_no_figure(world, wallet):
    earn(world.ada, 500)
    earn(world.ben, 50, expires_at=clock.now() + timedelta(days=10))
    spend(world.ada, 120, "s")
    before = only(world)
    assert refresh_snapshots().postings == 3
    after = only(world)
    assert (after.active, after.months, after.value) == (before.active, before.months, before.value)
    assert refresh_snapshots().postings == 0


def test_each_movement_is_counted_once(world, wallet):
    for number in range(5):
        earn(world.ada, 10, key=f"k{number}")
        refresh_snapshots()
    earn(world.ada, 10, key="last")
    assert sum(PointsDay.objects.filter(wallet=wallet).values_list("points", flat=True)) == 50
    assert only(world).active == 60


def test_figures_are_what_the_ledger_says(world, wallet):
    earn(world.ada, 500, expires_at=clock.now() + timedelta(days=20))
    earn(world.ben, 70)
    refresh_snapshots()
    spend(world.ada, 33, "s")
    truth = liability_of([wallet.pk], clock.now())[wallet.pk]
    figures = only(world)
    assert (figures.active, figures.pending, figures.held, figures.debt) == (
        truth.active,
        truth.pending,
        truth.held,
        truth.debt,
    )


def test_pending_and_held_are_outstanding_too(world, wallet):
    account = ledger.open_account(wallet_id=wallet.pk, subject=world.ada.subject)
    now = clock.now()
    ledger.award(account, points=40, key="p", at=now, pending=True, activates_at=now + timedelta(days=3), actor="test")
    earn(world.ada, 100)
    ledger.hold(account, points=25, key="h", at=now, until=now + timedelta(days=1), actor="test")
    for _time in range(2):
        figures = only(world)
        assert (figures.active, figures.pending, figures.held, figures.outstanding) == (75, 40, 25, 140)
        assert figures.earned == 140
        refresh_snapshots()


def test_a_debt_is_not_set_off_against_others(world, wallet):
    account = ledger.open_account(wallet_id=wallet.pk, subject=world.ada.subject)
    ledger.award(account, points=100, key="a", at=clock.now(), actor="test")
    spend(world.ada, 80, "s")
    ledger.reverse(account, posting_key="a", key="r", at=clock.now(), actor="test", reason="x", debt_policy="unlimited")
    earn(world.ben, 60)
    refresh_snapshots()
    figures = only(world)
    assert (figures.active, figures.debt) == (60, 80)


def test_points_past_their_instant_are_nobodys(world, wallet):
    now = clock.now()
    earn(world.ada, 100, at=now - timedelta(days=400), expires_at=now - timedelta(days=30))
    earn(world.ada, 10, key="b")
    refresh_snapshots()
    assert only(world).active == 10


def test_a_day_is_one_of_the_program(world, wallet):
    earn(world.ada, 10, at=MARCH)
    refresh_snapshots()
    assert PointsDay.objects.get().day == date(2026, 4, 1)
    months = {month.first: month.earned for month in only(world, last_month=date(2026, 4, 1)).months}
    assert (months[date(2026, 3, 1)], months[date(2026, 4, 1)]) == (0, 10)


def test_old_history_is_shown_where_nothing_moved_lately(world, wallet):
    earn(world.ada, 10, at=datetime(1997, 6, 5, tzinfo=UTC))
    figures = figures_of(world.aurora, at=clock.now())
    assert figures.last_month == date(1997, 6, 1)
    assert figures.wallets[0].earned == 10


def test_what_expires_soon(world, wallet):
    now = clock.now()
    for number, days in enumerate((5, 45, 80, 200)):
        earn(world.ada, 10, key=f"k{number}", expires_at=now + timedelta(days=days))
    assert only(world).soon == []
    refresh_snapshots()
    assert [(soon.days, soon.points) for soon in only(world).soon] == [(30, 10), (60, 20), (90, 30)]


def test_members_who_left_are_none(world):
    world.ben.status = "left"
    world.ben.save()
    refresh_snapshots()
    assert figures_of(world.aurora, at=clock.now()).members == 1


def test_whoever_is_still_posting_holds_the_count_back(world, wallet):
    """An id may be drawn and not be visible yet: nothing beyond it is counted until its transaction has ended."""
    earn(world.ada, 10)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE ledger_posting IN ROW EXCLUSIVE MODE")
        assert refresh_snapshots().postings == 0
        assert only(world).active == 10
        earn(world.ada, 5, key="later")
        assert refresh_snapshots().postings == 0
        cursor.execute("ROLLBACK")
    other.close()
    assert refresh_snapshots().postings == 2
    assert only(world).active == 15
    assert Watermark.objects.get().upto_id == Watermark.objects.get().candidate_id


def test_the_task_tells_how_much_was_new(world, wallet):
    earn(world.ada, 10)
    assert task() == {"postings": 1}


def test_two_programs_do_not_mix(world, wallet):
    earn(world.cleo, 1000)
    earn(world.ada, 5)
    refresh_snapshots()
    assert only(world).active == 5


def test_the_page_costs_the_same_however_much_was_counted(world, wallet, django_assert_num_queries):
    def cost() -> None:
        figures_of(world.aurora, at=clock.now())

    earn(world.ada, 10)
    refresh_snapshots()
    with django_assert_num_queries(11) as first:
        cost()
    for number in range(20):
        earn(world.ada, 10, key=f"k{number}", at=clock.now() - timedelta(days=number))
    refresh_snapshots()
    with django_assert_num_queries(len(first)):
        cost()


def test_what_a_new_program_needs(world):
    done = {step.code for step in steps_of(world.fjord) if step.is_done}
    assert done == {"wallet", "rule", "consent", "member"}
    ApiKeyFactory(program=world.fjord)
    world.fjord.brand_color = "#112233"
    world.fjord.terms_url = "https://example.org/terms"
    world.fjord.save()
    done = {step.code for step in steps_of(world.fjord) if step.is_done}
    assert done == {"wallet", "rule", "consent", "member", "key", "brand", "terms"}


def test_a_second_wallet_has_figures_of_its_own(world, wallet):
    stars = WalletFactory(program=world.aurora, code="stars", name="Stars")
    earn(world.ada, 3, wallet=stars, key="s")
    earn(world.ada, 10)
    assert {each.wallet.code: each.active for each in figures_of(world.aurora, at=clock.now()).wallets} == {
        "points": 10,
        "stars": 3,
    }
