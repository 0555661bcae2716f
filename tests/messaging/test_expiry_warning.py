"""Points are about to expire: one inbox entry, one e-mail, in the member's language and the program's days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.db import transaction

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.members.services.members import update_member
from loyalty.messaging.models import Delivery, InboxEntry
from loyalty.messaging.subscribers import warn_of_expiry
from loyalty.outbox.services import publish, relay
from loyalty.programs.events import PointsExpiring
from loyalty.programs.services import jobs
from tests.world import earn

pytestmark = pytest.mark.django_db

DECEMBER = datetime(2026, 12, 1, 9, tzinfo=UTC)
NEW_YEAR_IN_OSLO = datetime(2026, 12, 31, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_december():
    with time_machine.travel(DECEMBER, tick=False):
        yield


def expiring(member: Member, points: int = 120, **other) -> PointsExpiring:
    event = PointsExpiring(
        member_id=member.pk,
        wallet_id=member.program.wallets.get(code="points").pk,
        points=points,
        expires_at=NEW_YEAR_IN_OSLO,
        days=30,
        until=NEW_YEAR_IN_OSLO,
    )
    return replace(event, **other)


def mailer(settings, name: str) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"tests.messaging.post.{name}"}}


def test_the_member_is_told_in_the_inbox_and_by_email(world, mailoutbox):
    warn_of_expiry(expiring(world.ada))

    entry = InboxEntry.objects.get()
    assert (entry.member, entry.subject) == (world.ada, "120 points expire on 31 December 2026")
    assert entry.body == (
        "120 points in Aurora can be used until the end of 31 December 2026, and expire then.\n\n"
        "Use them before then: they are yours."
    )
    (letter,) = mailoutbox
    assert letter.subject == entry.subject
    assert letter.to == ["ada@example.org"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.recipient, delivery.subject) == ("sent", "ada@example.org", letter.subject)


def test_the_event_finds_its_way_from_the_publisher_to_the_member(world, mailoutbox):
    relay()  # what the people of the story have published so far
    with transaction.atomic():
        publish(expiring(world.ada))

    assert relay().delivered == 1
    assert len(mailoutbox) == 1


def test_the_nightly_job_warns_each_member_once(world, mailoutbox):
    earn(world.ada, 120, expires_at=NEW_YEAR_IN_OSLO)
    for _run in range(2):
        jobs.warn_of_expiry(program=world.aurora, at=NEW_YEAR_IN_OSLO - timedelta(days=20))
        relay()

    assert [(letter.to, letter.subject) for letter in mailoutbox] == [
        (["ada@example.org"], "120 points expire on 31 December 2026")
    ]


def test_one_warning_is_one_message_however_often_it_arrives(world, mailoutbox):
    for _time in range(3):
        warn_of_expiry(expiring(world.ada))

    assert (InboxEntry.objects.count(), Delivery.objects.count(), len(mailoutbox)) == (1, 1, 1)


def test_the_second_warning_is_another_message(world, mailoutbox):
    warn_of_expiry(expiring(world.ada, days=30))
    warn_of_expiry(expiring(world.ada, days=7))

    assert (InboxEntry.objects.count(), len(mailoutbox)) == (2, 2)


@pytest.mark.parametrize(
    ("points", "subject"),
    [
        (1, "1 point expires on 31 December 2026"),
        (2, "2 points expire on 31 December 2026"),
        (1_234_567, "1,234,567 points expire on 31 December 2026"),
    ],
)
def test_the_subject_begins_with_the_number(world, mailoutbox, points, subject):
    warn_of_expiry(expiring(world.ada, points=points))

    assert mailoutbox[0].subject == subject


def test_points_carry_the_name_that_the_brand_gave_them(world, mailoutbox):
    world.aurora.wallets.update(unit_one="star", unit_many="stars")

    warn_of_expiry(expiring(world.ada))

    assert mailoutbox[0].subject == "120 stars expire on 31 December 2026"


def test_dates_are_written_in_the_members_language(world, mailoutbox):
    warn_of_expiry(expiring(world.ben))
    warn_of_expiry(expiring(world.cleo))

    norwegian, polish = (letter.subject for letter in mailoutbox)
    assert "31. desember 2026" in norwegian
    assert "31 grudnia 2026" in polish


def test_the_day_is_the_last_on_which_the_points_can_be_used(world, mailoutbox):
    noon = datetime(2026, 12, 31, 11, tzinfo=UTC)
    warn_of_expiry(expiring(world.ada, expires_at=noon, until=noon))
    world.aurora.time_zone = "Pacific/Auckland"
    world.aurora.save()
    warn_of_expiry(expiring(world.ada))

    assert [letter.subject for letter in mailoutbox] == [
        "120 points expire on 31 December 2026",
        "120 points expire on 1 January 2027",
    ]


def test_several_days_are_told_as_a_span(world, mailoutbox):
    warn_of_expiry(expiring(world.ada, expires_at=NEW_YEAR_IN_OSLO - timedelta(days=2)))

    assert mailoutbox[0].subject == "120 points expire between 29 December 2026 and 31 December 2026"
    assert "between the end of 29 December 2026 and the end of 31 December 2026" in mailoutbox[0].body


def test_the_letter_has_one_button_and_a_plain_twin(world, mailoutbox, settings):
    settings.SITE_URL = "https://club.example"
    world.aurora.brand_color = "#ffd400"
    world.aurora.save()
    update_member(world.ada, actor="test", name="Ada <script>")

    warn_of_expiry(expiring(world.ada))

    (letter,) = mailoutbox
    html = letter.alternatives[0].content
    assert '<html lang="en">' in html
    assert html.count('href="https://club.example/p/aurora/"') == 1
    assert html.count("href=") == 2
    assert 'href="https://club.example/p/aurora/me/"' in html
    assert "max-width:600px" in html
    assert "background:#ffd400;color:#1c1917" in html
    assert "<script>" not in html
    assert "Hello Ada &lt;script&gt;," in html
    assert "Hello Ada <script>," in letter.body
    assert "See my balance: https://club.example/p/aurora/" in letter.body
    assert "Preferences: https://club.example/p/aurora/me/" in letter.body
    assert "<" not in letter.body.replace("<script>", "")


def test_a_logo_stands_for_the_name(world, mailoutbox, settings):
    settings.SITE_URL = "https://club.example"
    world.aurora.logo = "logos/aurora.png"
    world.aurora.save()

    warn_of_expiry(expiring(world.ada))

    html = mailoutbox[0].alternatives[0].content
    assert '<img src="https://club.example/media/logos/aurora.png" alt="Aurora"' in html


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("", "loyalty@localhost"), ("club@aurora.example", "club@aurora.example")],
)
def test_the_sender_is_the_brand(world, mailoutbox, settings, sender, expected):
    settings.DEFAULT_FROM_EMAIL = "Laurel <loyalty@localhost>"
    world.aurora.name, world.aurora.sender_email = "Café, Aurora", sender
    world.aurora.save()

    warn_of_expiry(expiring(world.ada))

    (address,) = mailoutbox[0].message()["From"].addresses
    assert address == Address("Café, Aurora", addr_spec=expected)


def test_the_same_message_has_the_same_id(world, mailoutbox):
    warn_of_expiry(expiring(world.ada))
    Delivery.objects.all().delete()
    warn_of_expiry(expiring(world.ada))
    warn_of_expiry(expiring(world.ben))

    first, again, other = (letter.message()["Message-ID"] for letter in mailoutbox)
    assert first == again
    assert first != other
    assert mailoutbox[0].message()["Auto-Submitted"] == "auto-generated"


def test_who_has_no_address_reads_it_in_the_inbox(world, mailoutbox):
    dot = enrol_many(world.aurora, ["dot"], actor="test").members["dot"]

    warn_of_expiry(expiring(Member.objects.get(pk=dot.id)))

    assert InboxEntry.objects.get().member_id == dot.id
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("skipped", "no e-mail address is known")
    assert mailoutbox == []


def test_who_signs_in_is_reached_at_that_address(world, mailoutbox):
    update_member(world.ada, actor="test", email="")

    warn_of_expiry(expiring(world.ada))

    assert mailoutbox[0].to == ["ada@example.org"]


def test_who_left_is_left_alone(world, mailoutbox):
    update_member(world.ada, actor="test", status="left")

    warn_of_expiry(expiring(world.ada))

    assert (Delivery.objects.get().why, InboxEntry.objects.count(), mailoutbox) == (
        "the member left the program",
        0,
        [],
    )


def test_a_warning_that_comes_too_late_is_not_given(world, mailoutbox):
    with time_machine.travel(NEW_YEAR_IN_OSLO, tick=False):
        warn_of_expiry(expiring(world.ada))

    assert Delivery.objects.get().why == "the points had expired before it could be sent"
    assert (InboxEntry.objects.count(), mailoutbox) == (0, [])


@pytest.mark.parametrize("mood", ["Away", "Greylisting"])
def test_a_mail_server_in_trouble_is_tried_again_with_nothing_written(world, mailoutbox, settings, mood):
    mailer(settings, mood)
    publish(expiring(world.ada))
    assert relay().postponed == 1
    assert (InboxEntry.objects.count(), Delivery.objects.count()) == (0, 0)

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    with time_machine.travel(clock.now() + timedelta(seconds=5), tick=False):
        assert relay().delivered == 1
    assert (InboxEntry.objects.count(), len(mailoutbox)) == (1, 1)


def test_trouble_reaches_the_relay_as_it_is(world, settings):
    mailer(settings, "Away")

    with pytest.raises(SMTPServerDisconnected):
        warn_of_expiry(expiring(world.ada))


def test_an_address_that_is_refused_for_good_is_not_tried_again(world, settings):
    mailer(settings, "Refusing")

    warn_of_expiry(expiring(world.ada))

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("skipped", "the mail server refuses the address")
    assert InboxEntry.objects.count() == 1
