"""Earning rules: sentences, conditions without JSON, trying before saving, copies and archives."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from loyalty.lib import clock
from loyalty.programs.errors.programs import WrongRule
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.earning import EarningRule
from loyalty.programs.models.velocity import ReviewCase
from loyalty.programs.services.rules import save_rule
from tests.admin.pages import page_of
from tests.admin.stock import model
from tests.factories import EarningRuleFactory, RuleConditionFactory
from tests.factories_of_programs import VelocityRuleFactory
from tests.till import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(world) -> EarningRule:
    return world.aurora.rules.get()


def filled(world, *conditions, **more):
    wallet = world.aurora.wallets.get(code="points")
    plain = {"name": "Double", "trigger": "purchase", "wallet": wallet.pk, "effect": "rate", "points": "2"}
    plain |= {"per_amount": "1", "factor": "1", "basis": "basket", "rounding": "down", "priority": "0"}
    plain |= {"with_tax": "on", "with_discounted": "on", "is_stackable": "on", "is_active": "on", "_save": "1"}
    plain |= {"conditions-TOTAL_FORMS": len(conditions), "conditions-INITIAL_FORMS": 0}
    plain |= {"caps-TOTAL_FORMS": 0, "caps-INITIAL_FORMS": 0}
    for number, (subject, operator, value, *name) in enumerate(conditions):
        row = {"subject": subject, "operator": operator, "value": value, "name": name[0] if name else ""}
        plain |= {f"conditions-{number}-{field}": each for field, each in row.items()}
    return plain | more


BASKET = {"try-type": "purchase", "try-at": "2026-03-02T10:00", "try-0-amount": "100", "try-0-sku": "A"}


def test_rules_stand_as_sentences_with_their_state(staff, world, rule):
    now = clock.now()
    states = {
        "shadow": {"is_shadow": True},
        "scheduled": {"starts_at": now + timedelta(days=1)},
        "over": {"ends_at": now - timedelta(days=1)},
        "off": {"is_active": False},
    }
    for name, facts in states.items():
        EarningRuleFactory(program=world.aurora, wallet=rule.wallet, name=name, **facts)
    page = staff("viewer").get(page_of("earningrule_changelist")).content.decode()
    for words in ("Members earn 1 point per", *states):
        assert words in page, words


def test_archived_rules_are_apart(staff, world, rule):
    EarningRuleFactory(program=world.aurora, wallet=rule.wallet, name="Old one", is_archived=True)
    browser = staff("viewer")
    assert "Old one" not in browser.get(page_of("earningrule_changelist")).content.decode()
    assert "Old one" in browser.get(page_of("earningrule_changelist", state="archived")).content.decode()


def test_a_rule_with_conditions_is_saved(staff, world):
    answer = staff("campaign_manager").post(
        page_of("earningrule_add"),
        filled(world, ("category", "in", "coffee, tea"), ("time_of_day", "between", "07:00-11:00")),
    )
    assert answer.status_code == 302
    made = EarningRule.objects.get(name="Double")
    assert made.program == world.aurora
    assert [str(each.value) for each in made.conditions.all()] == ["coffee, tea", "07:00-11:00"]


@pytest.mark.parametrize(
    "condition",
    [
        ("basket_total", "equals", "5"),
        ("basket_total", "gte", "much"),
        ("time_of_day", "between", "25:00-26:00"),
        ("weekday", "in", "someday"),
        ("first_purchase", "equals", "perhaps"),
        ("line_attribute", "equals", "red"),
        ("sku", "in", ""),
    ],
)
def test_conditions_that_make_no_sense_are_refused_at_their_field(staff, world, condition):
    answer = staff("campaign_manager").post(page_of("earningrule_add"), filled(world, condition))
    assert answer.status_code == 200
    assert answer.context["inline_admin_formsets"][0].formset.errors[0]
    assert not EarningRule.objects.filter(name="Double").exists()


@pytest.mark.parametrize(
    "wrong", [{"points": "-1"}, {"points": "9" * 20}, {"per_amount": "0"}, {"factor": "x"}, {"effect": "magic"}]
)
def test_rules_that_make_no_sense_are_refused(staff, world, wrong):
    answer = staff("campaign_manager").post(page_of("earningrule_add"), filled(world) | wrong)
    assert set(wrong) <= set(answer.context["adminform"].form.errors)


def test_an_end_before_the_start_is_refused(staff, world):
    dates = {"starts_at_0": "2026-03-02", "starts_at_1": "10:00", "ends_at_0": "2026-03-01", "ends_at_1": "10:00"}
    answer = staff("campaign_manager").post(page_of("earningrule_add"), filled(world, **dates))
    assert answer.context["adminform"].form.errors


def test_the_form_says_the_rule_while_it_is_written(staff, world, rule):
    browser = staff("campaign_manager")
    url = page_of("earningrule_sentence")
    assert "Members earn 2 points per" in browser.post(url, filled(world)).content.decode()
    with_condition = filled(world, ("channel", "equals", "web"))
    assert "in channel web" in browser.post(url, with_condition).content.decode()
    assert "said here" in browser.post(url, filled(world, points="")).content.decode()
    assert "Members earn 3 points" in browser.post(url, filled(world, points="3", rule=rule.pk)).content.decode()


def test_a_basket_is_tried_on_the_live_rules(staff, world):
    page = staff("viewer").post(page_of("earningrule_try"), BASKET).content.decode()
    assert "+100" in page
    assert "Purchases" in page
    assert not model("Activity").objects.exists()
    assert not model("Posting").objects.exists()


def test_trying_in_place_answers_with_the_result_alone(staff, world):
    page = staff("viewer").post(page_of("earningrule_try"), BASKET, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "+100" in page


def test_a_draft_is_tried_before_it_is_saved(staff, world, rule):
    browser = staff("campaign_manager")
    url = page_of("earningrule_try-draft")
    assert "+300" in browser.post(url, filled(world) | BASKET).content.decode()
    instead = filled(world, rule=rule.pk) | BASKET
    assert "+200" in browser.post(url, instead).content.decode()
    assert world.aurora.rules.count() == 1


def test_members_are_asked_about(staff, world, rule):
    RuleConditionFactory(rule=rule, subject="member_attribute", name="tier", operator="equals", value="gold")
    browser = staff("viewer")
    url = page_of("earningrule_try")
    assert "earns nothing" in browser.post(url, BASKET | {"try-member": world.ben.number}).content.decode()
    assert "+100" in browser.post(url, BASKET | {"try-member": world.ada.number}).content.decode()


def test_a_basket_is_tried_with_the_member_s_standing_at_the_instant_and_with_caps_as_they_are_used_up(
    staff, world, rule
):
    """Nothing is stored by it, whatever it says."""
    RuleConditionFactory(rule=rule, subject="purchases_in_days", name="30", operator="gte", value="1")
    Cap.objects.create(program=world.aurora, scope="member", period="day", limit=90)
    Cap.objects.create(program=world.aurora, scope="program", period="ever", limit=80)
    VelocityRuleFactory(program=world.aurora, most=1, minutes=1440)
    march = datetime(2026, 3, 2, 8, tzinfo=UTC)
    for number in range(2):
        buy(world.ada, "15", receipt=str(number), at=march - timedelta(days=1 - number))
    browser = staff("viewer")

    def tried(**more: str) -> str:
        told = {f"try-{name}": value for name, value in more.items()}
        return browser.post(page_of("earningrule_try"), BASKET | told).content.decode()

    ada = tried(member=world.ada.number)
    assert "+65" in ada  # 80 in all, 15 of which are gone
    assert "Trimmed to 65 points: at most 80 points in all for everybody together" in ada
    assert "To be reviewed: 2 purchases of this member within 24 hours; up to 1 is usual" in ada
    assert "earns nothing" in tried(member=world.ben.number)
    assert "earns nothing" in tried(member=world.ada.number, at="2026-02-01T10:00")
    assert (CapUse.objects.filter(points=15).count(), ReviewCase.objects.count()) == (2, 0)


def test_a_draft_that_asks_more_than_the_live_rules_is_told(staff, world):
    buy(world.ada, "15", at=datetime(2026, 3, 1, 8, tzinfo=UTC))
    asks = filled(world, ("purchases_in_days", "gte", "1", "30")) | BASKET
    url = page_of("earningrule_try-draft")
    browser = staff("campaign_manager")
    assert "+300" in browser.post(url, asks | {"try-member": world.ada.number}).content.decode()
    assert "+100" in browser.post(url, asks | {"try-member": world.ben.number}).content.decode()


def test_a_first_purchase_is_one_for_someone_new(staff, world, rule):
    RuleConditionFactory(rule=rule, subject="first_purchase", operator="equals", value="yes")
    browser = staff("viewer")
    url = page_of("earningrule_try")
    assert "earns nothing" in browser.post(url, BASKET).content.decode()
    assert "+100" in browser.post(url, BASKET | {"try-is_first": "on"}).content.decode()
    assert "+100" in browser.post(url, BASKET | {"try-member": world.ada.number}).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"try-0-amount": "much"}, "Line 1, Amount"),
        ({"try-at": "soon"}, "When"),
        ({"try-type": ""}, "Activity"),
        ({"try-0-amount": "9" * 40}, "Line 1, Amount"),
        ({"try-member": "123"}, "no such member"),
    ],
)
def test_a_basket_that_makes_no_sense_is_refused(staff, world, wrong, words):
    answer = staff("viewer").post(page_of("earningrule_try"), BASKET | wrong)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_copy_is_off_and_has_the_conditions(staff, world, rule):
    RuleConditionFactory(rule=rule)
    browser = staff("campaign_manager")
    url = page_of("earningrule_duplicate", rule.pk)
    assert "off at first" in browser.get(url).content.decode()
    browser.post(url, {"yes": "1"})
    copy = EarningRule.objects.get(name="Purchases, copy")
    assert (copy.is_active, copy.conditions.count(), rule.conditions.count()) == (False, 1, 1)


def test_archived_and_back(staff, world, rule):
    browser = staff("campaign_manager")
    url = page_of("earningrule_archive", rule.pk)
    browser.post(url, {"yes": "1"})
    rule.refresh_from_db()
    assert rule.is_archived
    assert "Take it back" in browser.get(url).content.decode()
    browser.post(url, {"yes": "1"})
    rule.refresh_from_db()
    assert not rule.is_archived


def test_changes_of_conditions_stand_in_the_history_of_the_rule(staff, world, rule):
    browser = staff("campaign_manager")
    url = page_of("earningrule_change", rule.pk)
    browser.post(url, filled(world, ("channel", "equals", "web"), points="5", name="Five"))
    page = browser.get(page_of("earningrule_history", rule.pk)).content.decode()
    for words in ("Condition", "web", "Points", "5", "Five", "campaign_manager"):
        assert words in page, words


@pytest.mark.parametrize("wrong", [{"starts_at_0": "0001-01-01"}, {"ends_at_0": "9999-12-31"}])
def test_a_year_that_nobody_means_is_not_saved(staff, world, rule, wrong):
    times = {"starts_at_0": "", "starts_at_1": "", "ends_at_0": "", "ends_at_1": ""}
    times |= wrong | {f"{name[:-1]}1": "00:00:00" for name in wrong}
    browser = staff("campaign_manager")
    answer = browser.post(page_of("earningrule_change", rule.pk), filled(world, **times))
    assert answer.status_code == 200
    assert "Please check the year." in answer.content.decode()
    rule.refresh_from_db()
    assert (rule.starts_at, rule.ends_at) == (None, None)
    basket = BASKET | {"try-at": next(iter(wrong.values())) + "T00:00"}
    assert browser.post(reverse("admin:loyalty_earningrule_try"), basket).status_code in (200, 422)


@pytest.mark.parametrize(
    "wrong",
    [
        ("starts_at", datetime(1, 1, 1, tzinfo=UTC)),
        ("starts_at", datetime(1899, 12, 31, 23, tzinfo=UTC)),
        ("ends_at", datetime(2999, 12, 31, 1, tzinfo=UTC)),
        ("ends_at", datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_rule_outside_the_calendar_is_refused_by_the_service_and_by_the_database(rule, wrong):
    field, moment = wrong
    with pytest.raises(IntegrityError, match="rule_within_calendar"), transaction.atomic():
        type(rule).objects.filter(pk=rule.pk).update(**{field: moment})
    setattr(rule, field, moment)
    with pytest.raises(WrongRule, match="after 1900 and before 2999") as refused:
        save_rule(rule, actor="test")
    assert refused.value.field == field


@pytest.mark.parametrize("time", ["00:00:00", "23:59:59"])
@pytest.mark.parametrize("day", ["1900-01-01", "2999-12-31"])
@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_at_the_edges_of_the_calendar_the_form_saves_or_says_why(staff, world, rule, field, day, time):
    """The program's zone moves an instant across the edge: the form refuses what the database would."""
    empty = {"starts_at_0": "", "starts_at_1": "", "ends_at_0": "", "ends_at_1": ""}
    times = empty | {f"{field}_0": day, f"{field}_1": time}
    answer = staff("campaign_manager").post(page_of("earningrule_change", rule.pk), filled(world, **times))
    rule.refresh_from_db()
    if answer.status_code == 200:
        assert "after 1900 and before 2999" in answer.context["adminform"].form.errors[field][0]
        assert "Constraint" not in answer.content.decode()
        assert getattr(rule, field) is None
    else:
        assert getattr(rule, field) is not None


def test_a_rule_is_saved_by_its_service_with_who_did_it(staff, world, rule):
    browser = staff("campaign_manager")
    browser.post(page_of("earningrule_change", rule.pk), filled(world, points="5"))
    newest = rule.history.latest()
    assert (newest.points, newest.history_user, newest.history_change_reason) == (
        5, browser.user, f"staff:{browser.user.pk}",
    )  # fmt: skip
