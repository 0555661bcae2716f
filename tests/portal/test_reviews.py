"""Writing reviews in the portal, and reading what became of them."""

import pytest

from loyalty.programs.models.reviews import Review
from loyalty.programs.services.reviews import approve_review, refuse_review
from tests.factories_of_activities import ReviewFactory, ReviewPolicyFactory
from tests.portal.conftest import buy
from tests.portal.test_earn import EARN, fixed, words
from tests.till import active

pytestmark = pytest.mark.django_db
LIST, WRITE = "/p/aurora/reviews/", "/p/aurora/reviews/write/?item=coffee"
SAID = {"stars": "4", "text": "Strong and never bitter."}


@pytest.fixture
def shop(aurora, ada):
    ReviewPolicyFactory(program=aurora)
    fixed(aurora, "review", 50)
    buy(ada, "1", "10.00")
    return aurora


def test_from_ways_to_earn_to_thanks(as_ada, ada, shop):
    assert "Review what you bought 2 things wait for your opinion. +50 points" in words(as_ada.get(EARN))
    assert f'href="{LIST}"' in as_ada.get(EARN).content.decode()
    assert "Aurora as a whole +50 points coffee +50 points" in words(as_ada.get(LIST))
    assert "You earn 50 points when our staff have accepted it." in words(as_ada.get(WRITE))
    before = active(ada)
    for _double_click in range(2):
        assert as_ada.post(WRITE, SAID).url == LIST
    page = words(as_ada.get(LIST))
    assert "Thank you. Your review waits for a look by our staff." in page
    assert "coffee ★★★★☆ Waits for a look by our staff." in page
    assert (Review.objects.count(), Review.objects.get().version, active(ada)) == (1, 1, before)


def test_states_are_told_with_reason_and_points(as_ada, ada, shop):
    as_ada.post(WRITE, SAID)
    refuse_review(Review.objects.get(), seen=1, reason="Please without prices.", actor="s")
    assert "Not accepted: Please without prices. You can write it anew." in words(as_ada.get(LIST))
    assert "Not accepted so far Please without prices." in words(as_ada.get(WRITE))
    as_ada.post(WRITE, SAID | {"stars": "5"})
    assert "It waits for a look by our staff. Until then you can change it." in words(as_ada.get(WRITE))
    approve_review(Review.objects.get(), seen=2, actor="s")
    assert "coffee ★★★★★ Accepted. Thank you! +50" in words(as_ada.get(LIST))
    assert "cannot be changed any more" in words(as_ada.get(WRITE))
    assert as_ada.post(WRITE, SAID).status_code == 422


def test_done_and_waiting_in_ways_to_earn(as_ada, ada, shop):
    as_ada.post(WRITE, SAID)
    as_ada.post("/p/aurora/reviews/write/", SAID)
    assert "Review what you bought What you wrote waits for a look by our staff." in words(as_ada.get(EARN))
    for review in Review.objects.all():
        approve_review(review, seen=1, actor="s")
    assert "Done Review what you bought Today" in words(as_ada.get(EARN))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stars": ""}, "Give one to five stars."),
        ({"stars": "7"}, "Select a valid choice."),
        ({"text": "Good."}, "Please write at least 20 characters."),
        ({"text": ""}, "This field is required."),
    ],
)
def test_a_refused_form_keeps_what_was_typed(as_ada, shop, change, said):
    answer = as_ada.post(WRITE, SAID | change)
    assert answer.status_code == 422
    assert said in words(answer)
    assert (SAID | change)["text"] in answer.content.decode()
    assert Review.objects.count() == 0


def test_words_are_shown_as_words(as_ada, shop):
    as_ada.post(WRITE, SAID | {"text": "<script>alert(1)</script> is my opinion."})
    assert "<script>alert" not in as_ada.get(WRITE).content.decode()


def test_not_found(as_ada, as_cleo, shop, fjord):
    assert as_ada.get("/p/aurora/reviews/write/?item=sofa").status_code == 404
    assert as_cleo.get(LIST).status_code == 404
    assert as_cleo.get("/p/fjord/reviews/").status_code == 404  # no policy there


def test_where_reviews_were_switched_off_ones_own_are_still_there(as_ada, ada, shop):
    ReviewFactory(program=shop, member=ada)
    shop.review_policy.is_active = False
    shop.review_policy.save()
    assert "Blue mug ★★★★☆" in words(as_ada.get(LIST))
    assert as_ada.get(WRITE).status_code == 404
    assert "Review what you bought" not in words(as_ada.get(EARN))


def test_strangers_sign_in(client, shop):
    assert client.get(LIST).url == f"/accounts/login/?next={LIST}"


def test_an_empty_shelf(as_ada, aurora):
    ReviewPolicyFactory(program=aurora, about_shop=False)
    assert "Nothing to review yet" in words(as_ada.get(LIST))


def test_it_asks_no_more_for_more_rows(as_ada, ada, shop, django_assert_num_queries):
    ReviewFactory(program=shop, member=ada)
    as_ada.get(LIST)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        as_ada.get(LIST)
    for _more in range(2):
        ReviewFactory(program=shop, member=ada)
    with django_assert_num_queries(len(one)):
        as_ada.get(LIST)
