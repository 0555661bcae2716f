"""kill -9 in the middle of a sweep, of the process and of PostgreSQL: whole slices are done, the next does the rest."""

import os
import signal

import pytest

from loyalty.ledger.services import SLICE
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services import jobs
from loyalty.programs.services.imports import import_purchases
from tests.faults.books import CUSTOMERS, SUMMER_2024, books_of, history, open_shop, violations, write
from tests.faults.homes import DEADLINE, await_

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("killed expiry")]

DUE = [row for row in history() if row.has_ended(SUMMER_2024)]
NTH_DUE = """
SELECT id FROM ledger_account WHERE id = (
    SELECT DISTINCT account_id FROM ledger_lot WHERE is_open AND expires_at <= %s ORDER BY 1 OFFSET %s LIMIT 1
) FOR UPDATE"""


@pytest.fixture(scope="module")
def traded(home, tmp_path_factory):
    """A shop after two years of purchases, in which nothing has expired yet."""
    shop = home.shop()
    file = write(history(), tmp_path_factory.mktemp("file") / "history.csv")
    with shop.at_home(), file.open("rb") as stream:
        import_purchases(open_shop(), stream, actor="test")
    yield shop
    shop.end()


@pytest.fixture
def shop(home, traded):
    shop = home.shop(traded.name)
    yield shop
    shop.end()


@pytest.fixture(scope="module")
def undisturbed(home, traded):
    """The books after a run that nobody disturbed, which are those of plain arithmetic."""
    shop = home.shop(traded.name)
    with shop.at_home():
        swept = jobs.expire_points(at=SUMMER_2024)
    assert (swept.lots, swept.points) == (len(DUE), sum(row.points for row in DUE))
    books = books_of(shop)
    shop.end()
    return books


def kill_process(shop, process):
    os.kill(process.pid, signal.SIGKILL)


def kill_postgres(shop, _process):
    shop.home.kill_postgres()


def expired(shop) -> int:
    """How many accounts the sweep has done."""
    return shop.one("SELECT count(DISTINCT account_id) FROM ledger_posting WHERE kind = 'expire'")


@pytest.mark.parametrize(
    ("slices", "kill"),
    [(0, kill_process), (1, kill_process), (3, kill_process), (0, kill_postgres), (2, kill_postgres)],
)
def test_a_sweep_that_is_killed_has_done_whole_slices_and_the_next_one_does_the_rest(shop, undisturbed, slices, kill):
    with shop.in_the_way(NTH_DUE, SUMMER_2024, slices * SLICE + 7) as who_waits:
        process = shop.manage("expire_points", "--program", "shop", "--at", SUMMER_2024.isoformat())
        await_(who_waits, "the sweep")
        kill(shop, process)
        assert process.wait(DEADLINE) != 0
        await_(lambda: not who_waits(), "the end of the session")

    assert expired(shop) == slices * SLICE
    with shop.at_home():
        assert violations() == {}
        before = shop.one("SELECT coalesce(-sum(points), 0) FROM ledger_posting WHERE kind = 'expire'")
        swept = jobs.expire_points(program=program_by_code("shop"), at=SUMMER_2024)
        assert swept.points + before == sum(row.points for row in DUE)
        again = jobs.expire_points(at=SUMMER_2024)
        assert (again.lots, again.points) == (0, 0)
        assert violations() == {}
    assert books_of(shop) == undisturbed


def test_a_second_sweep_while_the_first_hangs_waits_its_turn_or_leaves_it(shop, undisturbed):
    with shop.in_the_way(NTH_DUE, SUMMER_2024, CUSTOMERS // 2) as who_waits:
        first = shop.manage("expire_points", "--at", SUMMER_2024.isoformat())
        await_(who_waits, "the sweep")
        with shop.at_home():
            assert jobs.expire_points(at=SUMMER_2024).lots == 0  # as the scheduler does: it is somebody else's turn
        second = shop.manage("expire_points", "--at", SUMMER_2024.isoformat())
        await_(lambda: sessions(shop) == 4, "the second command")
    assert first.wait(DEADLINE) == 0
    assert second.wait(DEADLINE) == 0
    assert books_of(shop) == undisturbed


def sessions(shop) -> int:
    return shop.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", shop.name)


def test_the_session_of_a_sweep_that_is_cut_off_leaves_the_turn_to_the_next(shop, undisturbed):
    """pg_terminate_backend, as operators do: the job says so, and the next one is not told that another is at it."""
    with shop.in_the_way(NTH_DUE, SUMMER_2024, SLICE + 7) as who_waits:
        process = shop.manage("expire_points", "--at", SUMMER_2024.isoformat())
        pid = await_(who_waits, "the sweep")
        shop.ask("SELECT pg_terminate_backend(%s)", pid)
        assert process.wait(DEADLINE) != 0
        assert expired(shop) == SLICE
    with shop.at_home():
        assert jobs.expire_points(at=SUMMER_2024).lots > 0
    assert books_of(shop) == undisturbed
