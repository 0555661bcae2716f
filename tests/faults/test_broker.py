"""The broker is away, hangs, is killed or emptied; messages come thrice and in any order: PostgreSQL is the queue."""

import os
import random
import signal
import socket
from datetime import timedelta

import pytest
from django.core import mail
from django.utils.module_loading import import_string
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import embedded
from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.messaging.models import Delivery, InboxEntry
from loyalty.outbox import rules
from loyalty.outbox.models import Message
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services import jobs
from loyalty.programs.services.policies import change_wallet_policy
from loyalty.programs.services.schedules import ensure_schedules
from tests.faults.books import open_shop, violations
from tests.faults.homes import DEADLINE, await_, command_of, kill_group
from tests.faults.letterbox import Letterbox
from tests.ops.processes import mentioning

WARNINGS = "SELECT count(*) FROM outbox_message WHERE event ~ 'PointsExpiring$'"
pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("broker")]

MEMBERS = 40
NAMES = [f"c{number}" for number in range(MEMBERS)]
LETTERS = sorted(f"{name}@example.org" for name in NAMES)


@pytest.fixture(scope="module")
def opened(home):
    """Everyone holds points that end in five days; every job rings each second."""
    shop = home.shop()
    with shop.at_home():
        program = open_shop()
        wallet = Wallet.objects.get()
        ends = clock.now() + timedelta(days=5)
        for name in NAMES:
            member = enrol_member(program, external_id=name, email=f"{name}@example.org", actor="test")
            account = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
            ledger.award(account, points=50, key="gift", at=clock.now(), expires_at=ends, actor="test")
        ensure_schedules()
        second, _made = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.filter(interval__isnull=False).update(interval=second)
        PeriodicTask.objects.filter(task__endswith="warn_of_expiry").update(enabled=False)
    yield shop
    shop.end()


@pytest.fixture
def shop(home, opened):
    shop = home.shop(opened.name)
    yield shop
    shop.end()


@pytest.fixture
def letterbox():
    letterbox = Letterbox()
    yield letterbox
    letterbox.end()


@pytest.fixture
def start(shop, letterbox):
    """Starts workers and schedulers, of the real kind."""

    def start(*programs: str) -> None:
        for program in programs:
            more = ["--concurrency", "2", "--without-gossip", "--without-mingle"] if program == "worker" else []
            more += ["--pidfile="] if program == "beat" else []
            shop.start("-m", "celery", "--quiet", "-A", "config", program, *more, EMAIL_URL=letterbox.url)

    return start


def warn(shop, **environ: str) -> None:
    assert shop.manage("warn_expiry", "--program", "shop", **environ).wait(DEADLINE) == 0


def assert_told_once(shop, letterbox) -> None:
    """One inbox entry, one delivery and one letter for everyone, and nothing waits any more."""
    await_(lambda: shop.one("SELECT count(*) FROM outbox_message WHERE state <> 'done'") == 0, "an empty outbox")
    assert letterbox.recipients == LETTERS
    assert shop.one("SELECT count(*) FROM loyalty_inboxentry") == MEMBERS
    assert shop.one("SELECT count(*) FROM loyalty_delivery WHERE state = 'sent'") == MEMBERS


def test_a_broker_that_was_emptied_between_publishing_and_relaying_loses_nothing(shop, letterbox, start):
    warn(shop)
    assert shop.home.queue().llen("laurel") > 0  # the bell rang
    shop.home.queue().flushall()

    start("worker", "beat")

    assert_told_once(shop, letterbox)


def test_what_was_published_while_the_broker_was_away_is_told_when_it_is_back(shop, letterbox, start):
    warn(shop, CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    assert shop.home.queue().llen("laurel") == 0
    assert shop.one(f"{WARNINGS} AND state = 'waiting'") == MEMBERS

    start("worker", "beat")

    assert_told_once(shop, letterbox)


def test_a_broker_that_hangs_hangs_nobody_who_publishes(shop):
    """It takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        broker = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        process = shop.manage("warn_expiry", CELERY_BROKER_URL=broker, CACHE_URL=embedded.cache_url(shop.home.folder))
        assert process.wait(30) == 0
    assert shop.one(f"{WARNINGS} AND state = 'waiting'") == MEMBERS


def test_an_embedded_broker_that_hangs_hangs_nobody_who_publishes(shop):
    """Someone who runs already: whoever starts waits for it, as for a server that starts."""
    pid, folder = valkey(shop), shop.home.folder
    os.kill(pid, signal.SIGSTOP)
    try:
        warn(shop, CELERY_BROKER_URL=embedded.broker_url(folder), CACHE_URL=embedded.cache_url(folder))
    finally:
        os.kill(pid, signal.SIGCONT)
    assert shop.one(f"{WARNINGS} AND state = 'waiting'") == MEMBERS


def test_a_broker_that_is_killed_while_messages_are_relayed_doubles_none(shop, letterbox, start):
    start("worker", "beat")
    warn(shop)
    await_(lambda: letterbox.letters, "the first letter")
    pid = valkey(shop)
    os.kill(pid, signal.SIGKILL)
    assert_told_once(shop, letterbox)
    await_(lambda: valkey(shop) not in (None, pid), "the next broker")


def test_two_schedulers_and_two_workers_do_everything_once(shop, letterbox, start):
    """All of them ring every job each second, the warnings too."""
    shop.ask("UPDATE django_celery_beat_periodictask SET enabled = true RETURNING id")
    noon = f"Etc/GMT{clock.now().hour - 12:+d}"  # where it is noon now: nobody is warned at night
    shop.ask("UPDATE loyalty_program SET time_zone = %s RETURNING id", noon)

    start("beat", "worker", "beat", "worker")

    await_(lambda: shop.one(WARNINGS) == MEMBERS, "the warnings")
    assert_told_once(shop, letterbox)
    with shop.at_home():
        assert violations() == {}


def test_a_killed_relay_leaves_its_message_to_the_next(shop, letterbox, start):
    """Killed in the midst of a subscriber: what it wrote is gone with it, and is written again, once."""
    warn(shop)
    with shop.in_the_way("LOCK TABLE loyalty_inboxentry IN SHARE MODE") as who_waits:
        start("worker", "beat")
        await_(who_waits, "a relay")
        for process in shop.started:
            kill_group(process)
        await_(lambda: not who_waits(), "the end of the sessions")
    assert shop.one("SELECT count(*) FROM loyalty_delivery") == 0
    shop.ask("UPDATE outbox_message SET next_at = now() WHERE state = 'waiting' RETURNING id")

    start("worker", "beat")

    assert_told_once(shop, letterbox)


def test_every_message_three_times_and_in_any_order_has_one_effect(shop, letterbox, settings):
    """By hand what no broker could do worse: policies, warnings of them, members who joined meanwhile."""
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    with shop.at_home():
        wallet = Wallet.objects.get()
        jobs.warn_of_expiry()
        change_wallet_policy(wallet, expiry="rolling", expiry_months=24, actor="test")
        change_wallet_policy(wallet, expiry="rolling", expiry_months=6, actor="test")
        before = lots(shop)
        messages = list(Message.objects.all()) * 3
        random.Random(1785).shuffle(messages)
        for message in messages:
            import_string(message.subscriber)(rules.rebuild(import_string(message.event), message.payload))
        assert lots(shop) == before
        assert InboxEntry.objects.count() == Delivery.objects.count() == len(mail.outbox) == MEMBERS
        assert violations() == {}


def lots(shop) -> list[tuple]:
    return shop.ask("SELECT account_id, id, remaining, expires_at FROM ledger_lot ORDER BY 1, 2")


def valkey(shop) -> int | None:
    """The embedded broker's process."""
    found = [pid for pid in mentioning(shop.home.folder) if b"valkey-server" in command_of(pid)]
    return found[0] if found else None
