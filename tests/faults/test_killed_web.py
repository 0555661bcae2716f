"""Tills post to a running shop while its web workers, its Celery worker and PostgreSQL are killed under them."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.models import User
from loyalty.members.services.keys import issue_api_key
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.activity import PurchaseImport
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services.schedules import ensure_schedules
from loyalty.programs.services.uploads import approve_upload, upload_purchases
from tests.faults.books import history, open_shop, violations, write
from tests.faults.homes import DEADLINE, await_, command_of
from tests.faults.tills import Heard, Till, free_port, is_well, purchase
from tests.ops.test_up import running

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("killed web")]

TILLS, RECEIPTS, MEMBERS = 6, 120, 10
TIMES = 3  # that every receipt is sent, by whatever tills


@pytest.fixture(scope="module")
def shop(home):
    shop = home.shop()
    with shop.at_home():
        program = open_shop()
        ensure_schedules()
        shop.secret = issue_api_key(program, name="Tills", scopes=["all"], actor="test").secret
        shop.numbers = [enrol_member(program, external_id=f"c{n}", actor="test").number for n in range(MEMBERS)]
    yield shop
    shop.end()


@pytest.fixture(scope="module")
def port(shop):
    """A running shop: web, worker and scheduler."""
    port = free_port()
    process = shop.manage("up", "--port", str(port))
    await_(lambda: is_well(port), "the web")
    yield port
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 0
    assert programs(shop, "granian") | programs(shop, "celery") == {}


# --- The processes of the running shop ----------------------------------------------------------------------------


def programs(shop, name: str) -> dict[int, int]:
    """The processes of this home that run a program, with the process that started each."""
    return {pid: parent_of(pid) for pid in running(shop.home.folder) if name.encode() in command_of(pid)}


def parent_of(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def children(shop, name: str) -> list[int]:
    """Those of a program's processes that do its work."""
    found = programs(shop, name)
    return [pid for pid, parent in found.items() if parent in found]


def heads(shop, name: str) -> list[int]:
    found = programs(shop, name)
    return [pid for pid, parent in found.items() if parent not in found]


def kill_one(pids: list[int]) -> None:
    os.kill(random.choice(pids), signal.SIGKILL)


def ring_every_second(task: str, *, is_on: bool = True) -> None:
    """As an operator may, in the admin: the scheduler of the running shop takes it up."""
    entry = PeriodicTask.objects.get(task=task)
    entry.interval, _made = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    entry.crontab, entry.enabled = None, is_on
    entry.save()


SAME_RECEIPT = """
INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
    currency, total, channel, store, attributes, payments, explanation, awards, actor)
SELECT program_id, id, 'purchase', 'purchase', 'import', %s, '', now(), now(), 'NOK', 1, '', '', '{}', '[]', '[]', '[]',
    'test' FROM loyalty_member LIMIT 1"""


# --- The tests ----------------------------------------------------------------------------------------------------


def test_every_acknowledged_purchase_is_there_once_whatever_is_killed(shop, port):
    heard, dice = Heard(), random.Random(5235)
    receipts = [(f"r{n}", shop.numbers[n % MEMBERS]) for n in range(RECEIPTS)]
    once = [(f"once{n}", shop.numbers[n % MEMBERS]) for n in range(RECEIPTS // 2)]
    post = [(receipt, number, time) for receipt, number in receipts for time in range(TIMES)]
    dice.shuffle(post)

    def send(pile: list) -> None:
        till = Till(port, shop.secret, heard)
        for receipt, number, time in pile:
            # the last time by a till that forgot its key: the receipt itself is known
            key = receipt if time < TIMES - 1 else f"{receipt}-again"
            till.insist("/purchases", purchase(number, receipt), key)

    def send_once(pile: list) -> list[tuple[str, bool]]:
        """A till that gives up at once, and never comes back."""
        till = Till(port, shop.secret, heard)
        replies = [(receipt, till.post("/purchases", purchase(number, receipt), receipt)) for receipt, number in pile]
        return [(receipt, bool(reply and reply.is_done)) for receipt, reply in replies]

    with ThreadPoolExecutor(TILLS + 1) as pool:
        sent = [pool.submit(send, post[n::TILLS]) for n in range(TILLS)]
        told = pool.submit(send_once, once)
        for part, kill in enumerate(KILLS, start=1):
            heard.await_acknowledged(part * len(post) // (len(KILLS) + 2))
            kill(shop)
        for each in [*sent, told]:
            each.result(DEADLINE)

    assert set(heard.statuses) <= {200, 201, 409, 503, "nothing"}
    stored = [receipt for (receipt,) in shop.ask("SELECT external_id FROM loyalty_activity ORDER BY id")]
    assert len(stored) == len(set(stored))
    assert {receipt for receipt, _number in receipts} <= set(stored)
    assert {receipt for receipt, is_told in told.result() if is_told} <= set(stored)
    for replies in heard.replies.values():  # one key, one answer, to the byte
        assert len({reply.body for reply in replies}) == 1
    owned = shop.ask(
        "SELECT m.number, coalesce(a.balance, 0)::int FROM loyalty_member m"
        " LEFT JOIN ledger_account a ON a.subject = m.subject"
    )
    bought = dict(shop.ask("SELECT m.number, sum(total)::int FROM loyalty_activity a JOIN loyalty_member m"
                           " ON m.id = a.member_id GROUP BY 1"))  # fmt: skip
    assert dict(owned) == bought
    with shop.at_home():
        assert violations() == {}


def kill_web_worker(shop) -> None:
    kill_one(await_(lambda: children(shop, "granian"), "a web worker"))


def kill_web(shop) -> None:
    kill_one(await_(lambda: heads(shop, "granian"), "the web"))


def kill_postgres(shop) -> None:
    shop.home.kill_postgres()


KILLS = [kill_web_worker, kill_postgres, kill_web_worker, kill_web, kill_postgres]


def kill_tasks(shop) -> None:
    """Every process that the worker has for tasks, for any of them may have the one in question."""
    for pid in await_(lambda: children(shop, "celery"), "the processes of the worker"):
        os.kill(pid, signal.SIGKILL)


def kill_worker(shop) -> None:
    """The worker itself, which ends its processes with it."""
    os.kill(next(pid for pid in heads(shop, "celery") if b"worker" in command_of(pid)), signal.SIGKILL)


@pytest.fixture(params=[kill_tasks, kill_worker])
def kill(request):
    return request.param


def test_an_uploaded_file_is_applied_once_though_its_worker_is_killed(shop, port, kill, tmp_path):
    """In the midst of it, with two thirds of its purchases written."""
    source = kill.__name__
    rows = [replace(row, receipt=f"{source}-{row.receipt}") for row in history(900, 60)]
    file = write(rows, tmp_path / "history.csv")
    with shop.at_home():
        ring_every_second("loyalty.programs.tasks.work_on_uploads")
        boss, _made = User.objects.get_or_create(email="boss@example.org", is_superuser=True)
        upload = upload_purchases(program_by_code("shop"), ContentFile(file.read_bytes(), "history.csv"), user=boss)
        await_(lambda: state_of(upload) == "checked", "the check")
        with shop.in_the_way(SAME_RECEIPT, rows[600].receipt) as who_waits:
            approve_upload(upload, user=boss)
            first = await_(who_waits, "the import")
            kill(shop)
            await_(lambda: who_waits() != first, "the end of the session")
        await_(lambda: state_of(upload) == "applied", "the import, by another worker")
        upload.refresh_from_db()
        figures = (upload.report["imported"], upload.report["points_awarded"])
        assert figures == (900, sum(row.points for row in rows))
        assert shop.one("SELECT sum(points) FROM ledger_posting WHERE kind = 'award' AND source LIKE %s",
                        f"purchase:import:{source}-%") == sum(row.points for row in rows)  # fmt: skip
        assert violations() == {}


def state_of(upload) -> str:
    return PurchaseImport.objects.get(pk=upload.pk).state


def test_points_expire_once_though_the_worker_is_killed(shop, port, kill):
    task = "loyalty.programs.tasks.expire_points"
    with shop.at_home():
        ring_every_second(task, is_on=False)
        member = enrol_member(program_by_code("shop"), external_id=f"late {kill.__name__}", actor="test")
        account = ledger.open_account(wallet_id=Wallet.objects.get().pk, subject=member.subject)
        award = {"at": clock.now() - timedelta(days=400), "expires_at": clock.now() - timedelta(days=9)}
        for number in range(3):
            ledger.award(account, points=100, key=f"old:{number}", actor="test", **award)
        with shop.in_the_way("SELECT FROM ledger_account WHERE id = %s FOR UPDATE", account) as who_waits:
            ring_every_second(task)
            first = await_(who_waits, "the sweep")
            kill(shop)
            await_(lambda: who_waits() != first, "the end of the session")
        expired = "SELECT count(*), -sum(points) FROM ledger_posting WHERE kind = 'expire' AND account_id = %s"
        await_(lambda: shop.ask(expired, account) == [(3, 300)], "the sweep, by another worker")
        assert violations() == {}
