"""The queue of reviews: read, approved and refused by whoever cares for members, one by one or many at once."""

import pytest

from loyalty.programs.models.reviews import Review, ReviewPolicy
from tests.admin.pages import page_of
from tests.factories_of_activities import ReviewFactory
from tests.till import active, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviews(world):
    rule(world.aurora, "For reviews", trigger="review", effect="fixed", points=50)
    return [ReviewFactory(program=world.aurora, member=member) for member in (world.ada, world.ada, world.ben)]


def said(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_queue_shows_what_waits_and_counts_it(staff, reviews):
    Review.objects.filter(pk=reviews[0].pk).update(state="refused", reason="No.")
    browser = staff("support")
    answer = browser.get(page_of("review_changelist"))
    assert [row.pk for row in answer.context["cl"].result_list] == [reviews[1].pk, reviews[2].pk]
    assert "config.sidebar" not in said(answer)
    groups = answer.context["sidebar_navigation"]
    entry = next(item for group in groups for item in group["items"] if item["title"] == "Reviews")
    assert entry["badge_callback"] == 2
    refused = browser.get(page_of("review_changelist", state="refused"))
    assert [row.pk for row in refused.context["cl"].result_list] == [reviews[0].pk]


def test_approving_says_what_it_pays_and_goes_on_to_the_next(staff, world, reviews):
    browser = staff("support")
    page = page_of("review_approve", reviews[0].pk)
    assert "The member earns: <b>50 points</b>" in said(browser.get(page))
    answer = browser.post(page, {"seen": 1})
    assert answer.url == page_of("review_change", reviews[1].pk)
    assert active(world.ada) == 50
    assert "It earned 50 (points)." in said(browser.get(page_of("review_change", reviews[0].pk)))
    browser.post(page, {"seen": 1})
    assert active(world.ada) == 50


@pytest.mark.parametrize("seen", ["2", "0", "", "x", "9" * 40])
def test_what_was_written_anew_is_read_again(staff, world, reviews, seen):
    browser = staff("support")
    answer = browser.post(page_of("review_approve", reviews[0].pk), {"seen": seen}, follow=True)
    assert "wrote this review anew meanwhile" in said(answer)
    assert active(world.ada) == 0


def test_refusing_with_a_reason(staff, reviews):
    browser = staff("support")
    page = page_of("review_refuse", reviews[0].pk)
    empty = browser.post(page, {"seen": 1, "reason": ""})
    assert empty.status_code == 422
    assert browser.post(page, {"seen": 1, "reason": "Please without names.", "is_final": "on"}).status_code == 302
    review = Review.objects.get(pk=reviews[0].pk)
    assert (review.state, review.reason, review.is_final) == ("refused", "Please without names.", True)
    page = said(browser.get(page_of("review_change", review.pk)))
    assert "Refused: Please without names. It cannot be written anew." in page


def test_many_at_once_are_shown_first(staff, world, reviews):
    browser = staff("support")
    chosen = {"action": "approve_many", "_selected_action": [each.pk for each in reviews]}
    asked = browser.post(page_of("review_changelist"), chosen)
    assert "3 reviews are approved as they stand here" in said(asked)
    assert (active(world.ada), active(world.ben)) == (0, 0)
    hidden = {}
    for name, value in asked.context["hidden"]:
        hidden.setdefault(name, []).append(value)
    Review.objects.filter(pk=reviews[2].pk).update(version=2)  # Ben writes anew meanwhile
    for _double_click in range(2):
        answer = browser.post(page_of("review_changelist"), hidden, follow=True)
    assert (active(world.ada), active(world.ben)) == (100, 0)
    assert "wrote this review anew meanwhile" in said(answer)


def test_viewers_read_and_campaign_managers_build(staff, world, reviews):
    viewer = staff("viewer")
    page = said(viewer.get(page_of("review_change", reviews[0].pk)))
    assert "Holds a lot of coffee" in page
    assert "Approve…" not in page
    chosen = {"action": "approve_many", "_selected_action": [each.pk for each in reviews], "confirmed": "1"}
    viewer.post(page_of("review_changelist"), chosen | {f"seen-{each.pk}": 1 for each in reviews})
    assert active(world.ada) == 0
    filled = {"is_active": "on", "about_items": "on", "shortest": 0, "longest": 500}
    assert staff("campaign_manager").post(page_of("reviewpolicy_add"), filled).status_code == 302
    assert ReviewPolicy.objects.get(program=world.aurora).history.get().history_change_reason.startswith("staff:")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shortest": 600}, "At least is more than at most."),
        ({"about_items": ""}, "Say what reviews may be about; or switch them off."),
    ],
)
def test_a_policy_that_makes_no_sense(staff, world, change, words):
    filled = {"is_active": "on", "about_items": "on", "shortest": 0, "longest": 500} | change
    filled = {name: value for name, value in filled.items() if value != ""}
    assert words in said(staff("campaign_manager").post(page_of("reviewpolicy_add"), filled))
