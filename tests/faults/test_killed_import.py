"""kill -9 in the middle of an import, of the process and of PostgreSQL: nothing of it is there; again, and all is."""

import os
import signal

import psycopg
import pytest

from loyalty.members.services.members import enrol_member
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services.imports import import_purchases
from tests.faults.books import CUSTOMERS, ROWS, Books, books_of, history, open_shop, violations, write
from tests.faults.homes import DEADLINE, await_

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("killed import")]

NOTHING = Books([], [], [], [])
ENROLLING = "while enrolling"
LAST_RECEIPT = f"r{ROWS - 1}"
SAME_RECEIPT = """
INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
    currency, total, channel, store, attributes, payments, explanation, awards, actor)
SELECT program_id, id, 'purchase', 'purchase', 'import', %s, '', now(), now(), 'NOK', 1, '', '', '{}', '[]', '[]', '[]',
    'test' FROM loyalty_member"""
# Each makes the import wait where it says, for as long as our transaction lasts.
POINTS = {
    "while reading": ("LOCK TABLE loyalty_member IN ACCESS EXCLUSIVE MODE",),
    ENROLLING: ("LOCK TABLE loyalty_card IN SHARE MODE",),
    "after most purchases": (SAME_RECEIPT, LAST_RECEIPT),
    "before the points": ("LOCK TABLE ledger_posting IN SHARE MODE",),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(history(), tmp_path_factory.mktemp("file") / "history.csv")


@pytest.fixture(scope="module")
def opened(home):
    """A shop with one member, who is in the file too, and no purchase."""
    shop = home.shop()
    with shop.at_home():
        enrol_member(open_shop(), external_id="c0", actor="test")
    yield shop
    shop.end()


@pytest.fixture
def shop(home, opened):
    shop = home.shop(opened.name)
    yield shop
    shop.end()


@pytest.fixture(scope="module")
def undisturbed(home, opened, file):
    """The books after an import that nobody disturbed, which are those of plain arithmetic."""
    shop = home.shop(opened.name)
    with shop.at_home():
        apply(file)
    books = books_of(shop)
    assert books.points == sum(row.points for row in history())
    assert len(books.purchases) == ROWS
    assert len(books.accounts) == CUSTOMERS
    shop.end()
    return books


def apply(file):
    with file.open("rb") as stream:
        report = import_purchases(program_by_code("shop"), stream, actor="test")
    return report.imported, report.skipped, report.members_enrolled, report.points_awarded


def kill_process(shop, process):
    os.kill(process.pid, signal.SIGKILL)


def kill_postgres(shop, _process):
    shop.home.kill_postgres()


@pytest.mark.parametrize(
    ("point", "kill"),
    [(point, kill_process) for point in POINTS] + [(point, kill_postgres) for point in POINTS if point != ENROLLING],
)
def test_an_import_that_is_killed_leaves_nothing_and_again_it_is_whole(shop, file, undisturbed, point, kill):
    with shop.in_the_way(*POINTS[point]) as who_waits:
        process = shop.manage("import_purchases", str(file), "--program", "shop")
        await_(who_waits, f"the import {point}")
        kill(shop, process)
        assert process.wait(DEADLINE) != 0
    await_(shop.is_quiet, "the end of the session")

    assert books_of(shop) == NOTHING
    assert shop.one("SELECT count(*) FROM loyalty_member") == 1
    with shop.at_home():
        assert apply(file) == (ROWS, 0, CUSTOMERS - 1, undisturbed.points)
        assert apply(file) == (0, ROWS, 0, 0)
        assert violations() == {}
    assert books_of(shop) == undisturbed


def test_who_is_killed_while_waiting_keeps_nobody_from_starting_again(shop, file, undisturbed):
    """The dead process's session ends by itself, although what it waits for is still locked."""
    with shop.in_the_way(*POINTS["before the points"]) as who_waits:
        process = shop.manage("import_purchases", str(file), "--program", "shop")
        await_(who_waits, "the import")
        kill_process(shop, process)
        await_(lambda: not who_waits(), "the end of the session")
    with shop.at_home():
        apply(file)
    assert books_of(shop) == undisturbed


def test_an_import_killed_at_any_moment_is_there_wholly_or_not_at_all(shop, file, undisturbed):
    """Without standing in its way: as soon as its session writes, again and again, until one run comes through."""
    for _attempt in range(3):
        process = shop.manage("import_purchases", str(file), "--program", "shop")
        await_(lambda: is_writing(shop) or process.poll() is not None, "an import that writes")  # noqa: B023
        kill_process(shop, process)
        process.wait(DEADLINE)
        await_(shop.is_quiet, "the end of the session")
        assert books_of(shop) in (NOTHING, undisturbed)
    with shop.at_home():
        apply(file)
        assert violations() == {}
    assert books_of(shop) == undisturbed


def is_writing(shop) -> bool:
    try:
        return bool(
            shop.ask(
                "SELECT FROM pg_stat_activity WHERE datname = %s AND backend_xid IS NOT NULL AND state = 'active'",
                shop.name,
            )
        )
    except psycopg.OperationalError:
        return False
