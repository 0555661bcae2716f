"""What staff decide about a review is told to whoever wrote it: once, with what it earned or why not."""

import pytest
from django.core import mail

from loyalty.members.services.members import update_member
from loyalty.messaging.models import InboxEntry
from loyalty.outbox.services import relay
from loyalty.programs.services.reviews import approve_review, refuse_review, write_review
from tests.factories_of_activities import ReviewPolicyFactory
from tests.till import buy, line, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(world):
    ReviewPolicyFactory(program=world.aurora)
    rule(world.aurora, "For reviews", trigger="review", effect="fixed", points=50)
    buy(world.ada, line("12", sku="mug", attributes={"name": "Blue mug"}))
    update_member(world.ada, email="ada@example.com", actor="test")
    relay()
    return write_review(world.ada, "mug", stars=5, text="Holds a lot of coffee.", actor="member:1")


def told() -> list[tuple[str, str]]:
    relay()
    return list(InboxEntry.objects.filter(kind="review_decided").order_by("pk").values_list("subject", "body"))


def test_an_approved_review_is_thanked_for_once_with_what_it_earned(review):
    for _again in range(2):
        approve_review(review, seen=1, actor="staff:1")
    body = "Your review of Blue mug has been approved.\n\nIt earned you:\n\n• 50 points"
    assert told() == [("Thank you for your review", body)]
    (letter,) = [each for each in mail.outbox if each.subject == "Thank you for your review"]
    assert "/p/aurora/reviews/" in letter.body


def test_a_refused_one_hears_why_and_whether_it_may_be_written_anew(review):
    refuse_review(review, seen=1, reason="It names a person.", actor="staff:1")
    write_review(review.member, "mug", stars=5, text="Holds really a lot of it.", actor="member:1")
    refuse_review(review, seen=2, reason="Still does.", is_final=True, actor="staff:1")
    told_so = "Your review of Blue mug was not approved.\n\nThe reason: "
    assert told() == [
        ("Your review was not approved", f"{told_so}It names a person.\n\nYou can write it anew."),
        ("Your review was not approved", f"{told_so}Still does."),
    ]
