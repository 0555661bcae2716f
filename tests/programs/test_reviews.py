"""Reviews: written once per item, decided by staff about the words they saw, paid once on approval."""

import pytest
from django.db import IntegrityError, transaction

from loyalty.members.errors import MemberNotActive
from loyalty.members.services.members import update_member
from loyalty.programs.errors.activities import WrongFacts
from loyalty.programs.errors.reviews import NothingToReview, ReviewChanged, ReviewDecided, ReviewsOff, WrongReview
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.reviews import Review
from loyalty.programs.queries.reviews import policy_of, subjects_of
from loyalty.programs.services import returns
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.reviews import approve_review, approve_reviews, refuse_review, write_review
from tests.factories_of_activities import ReviewPolicyFactory
from tests.till import active, buy, line, rule

pytestmark = pytest.mark.django_db
WORDS = "Holds a lot of coffee."


@pytest.fixture
def ada(world):
    ReviewPolicyFactory(program=world.aurora)
    rule(world.aurora, "For reviews", trigger="review", effect="fixed", points=50)
    buy(world.ada, line("12", sku="mug", attributes={"name": "Blue mug"}), line("3", sku="tea"))
    return world.ada


def write(member, sku="mug", stars=5, text=WORDS) -> Review:
    return write_review(member, sku, stars=stars, text=text, actor="member:1")


def test_what_was_bought_and_the_shop_can_be_reviewed_once_each(ada):
    policy = policy_of(ada.program)
    assert [(each.sku, each.item) for each in subjects_of(ada, policy)] == [
        ("", ""),
        ("mug", "Blue mug"),
        ("tea", "tea"),
    ]
    write(ada)
    write(ada, sku="")
    assert [each.sku for each in subjects_of(ada, policy)] == ["tea"]


def test_it_pays_on_approval_alone_and_once(ada):
    before = active(ada)
    review = write(ada)
    assert (review.state, active(ada)) == ("waiting", before)
    for _again in range(2):
        approved = approve_review(review, seen=1, actor="staff:1")
        assert (approved.state, approved.decided_by, active(ada)) == ("approved", "staff:1", before + 50)
    activity = Activity.objects.get(type="review")
    assert (activity.external_id, activity.attributes) == (f"review:{review.pk}", {"product": "mug", "stars": 5})
    assert (approved.activity, activity.event_at) == (activity, review.written_at)


def test_rules_may_ask_for_stars_and_product(ada):
    about_tea = ("activity_attribute.product", "equals", "tea")
    rule(ada.program, "Tea", about_tea, trigger="review", effect="fixed", points=7)
    before = active(ada)
    approve_review(write(ada, sku="tea"), seen=1, actor="s")
    approve_review(write(ada), seen=1, actor="s")
    assert active(ada) == before + 57 + 50


def test_the_same_again_changes_nothing_and_other_words_wait_anew(ada):
    first = write(ada)
    assert write(ada).version == 1
    second = write(ada, stars=2)
    assert (second.pk, second.version, second.stars, Review.objects.count()) == (first.pk, 2, 2, 1)


def test_staff_decide_about_what_they_saw(ada):
    review = write(ada)
    write(ada, text="Something else altogether, with a link.")
    with pytest.raises(ReviewChanged):
        approve_review(review, seen=1, actor="s")
    with pytest.raises(ReviewChanged):
        refuse_review(review, seen=1, reason="No.", actor="s")
    assert approve_review(review, seen=2, actor="s").state == "approved"


def test_a_refused_one_pays_nothing_says_why_and_may_be_written_anew(ada):
    before = active(ada)
    refused = refuse_review(write(ada), seen=1, reason=" Please without names. ", actor="staff:1")
    assert (refused.state, refused.reason, active(ada)) == ("refused", "Please without names.", before)
    again = write(ada, text="Holds a lot of coffee!")
    assert (again.state, again.reason, again.decided_by, again.version) == ("waiting", "", "", 2)
    approve_review(again, seen=2, actor="s")
    assert active(ada) == before + 50


def test_the_same_words_after_a_refusal_wait_again(ada):
    refuse_review(write(ada), seen=1, reason="Not yet.", actor="s")
    assert (write(ada).state, write(ada).version) == ("waiting", 2)


def test_decided_for_good(ada):
    refuse_review(write(ada), seen=1, reason="No.", is_final=True, actor="s")
    approve_review(write(ada, sku="tea"), seen=1, actor="s")
    for sku in ("mug", "tea"):
        with pytest.raises(ReviewDecided):
            write(ada, sku=sku, text="Quite other words than before.")
    with pytest.raises(ReviewDecided):
        refuse_review(Review.objects.get(sku="tea"), seen=1, reason="No.", actor="s")


def test_staff_may_think_better_of_a_refusal(ada):
    before = active(ada)
    review = refuse_review(write(ada), seen=1, reason="No.", is_final=True, actor="s")
    assert approve_review(review, seen=1, actor="s").reason == ""
    assert active(ada) == before + 50


def test_a_refusal_needs_a_reason(ada):
    with pytest.raises(WrongFacts):
        refuse_review(write(ada), seen=1, reason="  ", actor="s")


@pytest.mark.parametrize(
    ("stars", "text", "field"),
    [
        (0, WORDS, "stars"),
        (6, WORDS, "stars"),
        (5, "Good.", "text"),
        (5, "x" * 1001, "text"),
        (5, "a\u202eb" * 20, "text"),
    ],
)
def test_what_makes_no_review(ada, stars, text, field):
    with pytest.raises(WrongReview) as refused:
        write(ada, stars=stars, text=text)
    assert refused.value.field == field


def test_lines_and_emoji_are_kept(ada):
    assert write(ada, text="  Lovely mug ☕️  \r\n\r\nI bought two.  ").text == "Lovely mug ☕️\n\nI bought two."


def test_only_what_was_bought_and_kept(ada, world):
    with pytest.raises(NothingToReview):
        write(ada, sku="sofa")
    with pytest.raises(NothingToReview):
        write(world.ben)
    returns.record_return(ada.program, "till", "1001", ReturnFacts(id="r1"), actor="t")
    with pytest.raises(NothingToReview):
        write(ada)


def test_where_reviews_are_off(ada):
    ada.program.review_policy.about_shop = False
    ada.program.review_policy.save()
    with pytest.raises(NothingToReview):
        write(ada, sku="")
    ada.program.review_policy.is_active = False
    ada.program.review_policy.save()
    with pytest.raises(ReviewsOff):
        write(ada)


def test_whoever_is_blocked_neither_writes_nor_earns(ada):
    review = write(ada)
    blocked = update_member(ada, actor="t", status="blocked")
    with pytest.raises(MemberNotActive):
        write(blocked, sku="tea")
    with pytest.raises(MemberNotActive):
        approve_review(review, seen=1, actor="s")
    review.refresh_from_db()
    assert (review.state, review.activity) == ("waiting", None)


def test_one_of_many_that_cannot_be_approved_stops_no_other(ada, world):
    buy(world.ben, line("12", sku="mug"), receipt="2")
    reviews = [write(ada), write(world.ben), write(ada, sku="tea")]
    update_member(world.ben, actor="t", status="blocked")
    decided = approve_reviews([(each, 1) for each in reviews], actor="s")
    assert (decided.approved, len(decided.refusals)) == (2, 1)
    assert list(Review.objects.order_by("pk").values_list("state", flat=True)) == ["approved", "waiting", "approved"]


@pytest.mark.parametrize(
    "wrong",
    [{"stars": 6}, {"state": "approved"}, {"state": "refused"}, {"reason": "x"}, {"is_final": True}],
)
def test_the_database_takes_no_nonsense(ada, wrong):
    review = write(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(**wrong)
