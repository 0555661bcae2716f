"""Watch rules and cases in the back office: rules in words, the queue, decisions one by one and in bulk, cashiers."""

from datetime import timedelta

import pytest

from loyalty.programs.admin import watching
from loyalty.programs.models.velocity import ReviewCase, VelocityRule
from loyalty.programs.services.cases import refuse_cases
from tests.admin.pages import page_of
from tests.factories_of_programs import FlagFactory, ReviewCaseFactory, VelocityRuleFactory
from tests.till import AT, active, buy, pending

pytestmark = pytest.mark.django_db
GOOD = {"name": "Busy cards", "pattern": "card_at_till", "most": "5", "minutes": "60", "is_active": "on"}


@pytest.fixture
def noticed(world) -> list[ReviewCase]:
    """Ada and Ben bought twice where once is usual."""
    VelocityRuleFactory(program=world.aurora, most=1, name="Twice")
    for who in (world.ada, world.ben):
        for number in range(2):
            buy(who, "5", receipt=f"{who.name}-{number}", attributes={"cashier": "C7"})
    return list(ReviewCase.objects.order_by("pk"))


def test_a_rule_is_saved_signed_and_told_in_words(staff, world):
    browser = staff("campaign_manager")
    assert browser.post(page_of("velocityrule_add"), GOOD).status_code == 302
    rule = VelocityRule.objects.get()
    assert (rule.program, rule.history.get().history_change_reason[:6]) == (world.aurora, "staff:")
    page = browser.get(page_of("velocityrule_changelist")).content.decode()
    assert "More than 5 purchases with the same card on one till within 60 minutes." in page


@pytest.mark.parametrize(
    "wrong", [{"most": "0"}, {"most": "101"}, {"minutes": "0"}, {"minutes": "50000"}, {"name": ""}]
)
def test_nonsense_is_refused(staff, world, wrong):
    assert staff("campaign_manager").post(page_of("velocityrule_add"), GOOD | wrong).status_code == 200
    assert not VelocityRule.objects.exists()


def test_a_return_may_be_noticed_the_first_time(staff, world):
    wanted = GOOD | {"pattern": "refunds", "most": "0"}
    assert staff("campaign_manager").post(page_of("velocityrule_add"), wanted).status_code == 302


def test_the_queue_shows_what_is_open_first_and_finds_by_member_cashier_and_receipt(staff, world, noticed):
    noticed[1].state, noticed[1].reason = "refused", "made up"
    noticed[1].save()
    browser = staff("support")
    open_ones = browser.get(page_of("reviewcase_changelist")).content.decode()
    assert (open_ones.count("Ada</a>"), open_ones.count("Ben</a>")) == (1, 0)
    for term, found in {"Ben": (0, 1), "C7": (1, 1), "till:Ada-1": (1, 0), "nobody": (0, 0)}.items():
        page = browser.get(page_of("reviewcase_changelist", state="all", q=term)).content.decode()
        assert (page.count("Ada</a>"), page.count("Ben</a>")) == found, term


def test_a_case_shows_its_facts_its_purchases_and_what_waits(staff, world, noticed):
    page = staff("support").get(page_of("reviewcase_change", noticed[0].pk)).content.decode()
    for words in ("2 purchases of this member within 60 minutes; up to 1 is usual", "till:Ada-1", "5 points", "C7"):
        assert words in page, words
    assert page_of("member_change", world.ada.pk) in page
    assert "Release…" not in staff("viewer").get(page_of("reviewcase_change", noticed[0].pk)).content.decode()


def test_a_case_shows_all_purchases_page_by_page(staff, world, monkeypatch):
    monkeypatch.setattr(watching, "PAGE", 2)
    VelocityRuleFactory(program=world.aurora, most=2, name="Thrice")
    for number in range(5):
        buy(world.ada, "5", receipt=f"r-{number}", at=AT + timedelta(minutes=number))
    (case,) = ReviewCase.objects.all()
    browser = staff("support")
    pages = [browser.get(page_of("reviewcase_change", case.pk, page=page)).content.decode() for page in (1, 2, 3)]
    found = [[f"r-{number}" for number in range(5) if f"till:r-{number}<" in page] for page in pages]
    assert found == [["r-3", "r-4"], ["r-1", "r-2"], ["r-0"]]
    assert all("5 purchases, noticed: 3" in page for page in pages)
    assert [page.count("as usual") for page in pages] == [0, 1, 1]
    assert ["Older purchases" in page for page in pages] == [True, True, False]
    assert ["Newer purchases" in page for page in pages] == [False, True, True]
    for wrong in ("0", "99", "x", "-1"):
        assert browser.get(page_of("reviewcase_change", case.pk, page=wrong)).status_code == 200
    assert "of a place as busy as this" not in pages[0]
    monkeypatch.setattr(watching, "COUNTED", 4)
    cut = browser.get(page_of("reviewcase_change", case.pk)).content.decode()
    assert "More than 4: of a place as busy as this" in cut
    refuse_cases([case], reason="made up", actor="staff:1")
    assert browser.get(page_of("reviewcase_change", case.pk)).content.decode().count("taken away") == 2


def test_several_are_released_at_once_after_a_dialog_with_numbers(staff, world, noticed):
    browser = staff("support")
    chosen = {"action": "release_several", "_selected_action": [case.pk for case in noticed]}
    asked = browser.post(page_of("reviewcase_changelist"), chosen)
    assert asked.status_code == 302
    page = browser.get(asked.url).content.decode()
    assert "10 points" in page
    ids = ",".join(str(case.pk) for case in noticed)
    assert browser.post(page_of("reviewcase_release"), {"cases": ids, "reason": ""}).status_code == 422
    assert active(world.ada) == 5
    assert browser.post(page_of("reviewcase_release"), {"cases": ids, "reason": "A party"}).status_code == 302
    assert (active(world.ada), active(world.ben)) == (10, 10)
    assert set(ReviewCase.objects.values_list("state", "reason", "allowed")) == {("released", "A party", 2)}


def test_one_is_refused_with_a_reason(staff, world, noticed):
    browser = staff("support")
    answer = browser.post(page_of("reviewcase_refuse"), {"cases": noticed[0].pk, "reason": "made up"})
    assert answer.status_code == 302
    assert (active(world.ada), pending(world.ada), pending(world.ben)) == (5, 0, 5)
    activity = world.ada.activities.get(external_id="Ada-1")
    page = browser.get(page_of("activity_change", activity.pk)).content.decode()
    assert "made up" in page


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("finance", 403), ("support", 200)])
def test_deciding_is_for_those_who_care_for_members(staff, world, noticed, role, status):
    browser = staff(role)
    asked = [browser.get(page_of(f"reviewcase_{part}", cases=noticed[0].pk)) for part in ("release", "refuse")]
    assert [answer.status_code for answer in asked] == [status, status]


def test_cases_of_other_programs_and_decided_ones_are_not_there(staff, world, noticed):
    stranger = ReviewCaseFactory(rule=VelocityRuleFactory(program=world.fjord))
    browser = staff("support")
    for pk in (stranger.pk, "x", ""):
        assert browser.post(page_of("reviewcase_refuse"), {"cases": pk, "reason": "no"}).status_code == 404
    stranger.refresh_from_db()
    assert stranger.state == "open"


def test_cashiers_who_stand_out(staff, world, noticed):
    page = staff("viewer").get(page_of("reviewcase_cashiers")).content.decode()
    assert "C7" in page
    assert "No cashier stands out" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_queue_asks_no_more_for_more_rows(staff, world, rows, django_assert_max_num_queries):
    rule = VelocityRuleFactory(program=world.aurora)
    for _number in range(rows):
        FlagFactory(case=ReviewCaseFactory(rule=rule))
    browser = staff("support")
    with django_assert_max_num_queries(14):
        browser.get(page_of("reviewcase_changelist"))
