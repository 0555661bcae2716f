"""Longer lives of points in the back office: written, previewed before anything is saved, and asked for old points."""

from datetime import timedelta

import pytest
import time_machine

from loyalty.members.models import Segment, SegmentMember
from loyalty.programs.models.extensions import Extension, ExtensionRun
from loyalty.programs.services.extensions import work_on_extensions
from tests.admin.pages import page_of
from tests.factories_of_programs import ExtensionConditionFactory, ExtensionFactory
from tests.till import AT, buy
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_monday(world):
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def wallet(world):
    return world.aurora.wallets.get(code="points")


def form(wallet, *conditions: tuple[str, str, str], **facts) -> dict:
    """The form as a browser sends it, for a new row."""
    rows = {
        f"extension_audience-{number}-{name}": value
        for number, (subject, attribute, sought) in enumerate(conditions)
        for name, value in {
            "id": "", "extension": "", "subject": subject, "name": attribute, "operator": "equals", "value": sought,
        }.items()
    }  # fmt: skip
    return {
        "name": "Summer", "wallet": getattr(wallet, "pk", wallet), "is_on": "on", "months": 3, "until": "",
        "extension_audience-TOTAL_FORMS": len(conditions), "extension_audience-INITIAL_FORMS": 0, **rows, **facts,
    }  # fmt: skip


def text(answer) -> str:
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def test_a_preview_says_whom_what_and_until_when_and_saves_nothing(staff, world, wallet):
    for member, receipt in ((world.ada, "a"), (world.ada, "b"), (world.ben, "c")):
        buy(member, "1200", receipt=receipt)
    buy(world.ada, "5", receipt="older", at=AT - timedelta(days=10))
    earn(world.ada, 7, key="never")
    browser = staff("program_admin")
    gold = ("member_attribute", "tier", "gold")
    answer = browser.post(page_of("extension_add"), form(wallet, gold) | {"_preview": "1"})
    page = text(answer)
    assert answer.status_code == 200
    assert answer.context["preview"].rows == [
        ("20 February 2027", "20 May 2027", 1, 5),
        ("2 March 2027", "2 June 2027", 2, 2_400),
    ]
    for words in (
        "Summer: points last 3 months longer",
        "Today it is for 1 member.",
        "What they earn today lasts until 2 June 2027 instead of 2 March 2027.",
        "Of what they hold, 3 lots (2,405 points) could last longer.",
        "Nothing is saved yet.",
        'value="Summer"',
        'value="gold"',
    ):
        assert words in page, words
    assert (Extension.objects.count(), ExtensionRun.objects.count()) == (0, 0)
    assert browser.post(page_of("extension_add"), form(wallet, gold)).status_code == 302
    (row,) = Extension.objects.all()
    assert (row.months, row.extension_audience.get().value) == (3, "gold")
    assert row.history.first().history_user == browser.user


def test_a_preview_of_a_change_leaves_what_is_stored(staff, world, wallet):
    buy(world.ada, "10")
    row = ExtensionFactory(program=world.aurora, wallet=wallet, name="Summer", months=1)
    browser = staff("program_admin")
    page = text(browser.post(page_of("extension_change", row.pk), form(wallet, months=6) | {"_preview": "1"}))
    assert "points last 6 months longer" in page
    row.refresh_from_db()
    assert row.months == 1


def test_days_beyond_the_first_are_counted(staff, world, wallet):
    for days in range(14):
        buy(world.ada, "10", receipt=str(days), at=AT - timedelta(days=days))
    page = text(staff("program_admin").post(page_of("extension_add"), form(wallet) | {"_preview": "1"}))
    assert "14 lots (140 points)" in page
    assert "and 8 later days" in page


@pytest.mark.parametrize(
    ("policy", "facts", "words"),
    [
        ({"expiry": "never"}, {}, "What they earn today never ends: there is nothing to prolong."),
        ({}, {"months": 0, "until": "2026-03-05"}, "What they earn today lasts until 2 March 2027 anyway."),
    ],
)
def test_where_there_is_nothing_to_prolong(staff, wallet, policy, facts, words):
    for name, value in policy.items():
        setattr(wallet, name, value)
    wallet.save()
    page = text(staff("program_admin").post(page_of("extension_add"), form(wallet, **facts) | {"_preview": "1"}))
    assert words in page
    assert "nothing would last longer" in page


@pytest.mark.parametrize(
    ("facts", "conditions", "words"),
    [
        ({"months": 0}, [], "Say by how many months, or until which day."),
        ({"months": 3, "until": "2027-01-01"}, [], "Say by how many months, or until which day."),
        ({"months": 241}, [], "240"),
        ({"months": -1}, [], "0"),
        ({"months": "x"}, [], "number"),
        ({"until": "2027-02-30", "months": 0}, [], "valid date"),
        ({"name": ""}, [], "required"),
        ({"name": "x" * 101}, [], "100"),
        ({"name": "a\x00b"}, [], "Null characters"),
        ({"wallet": 999_999}, [], "valid choice"),
        ({}, [("basket_total", "", "5")], "valid choice"),
        ({}, [("tier", "", "")], "l"),
    ],
)
@pytest.mark.parametrize("button", ["_preview", "_save"])
def test_bad_input_is_refused_at_its_field(staff, wallet, facts, conditions, words, button):
    filled = form(wallet, *conditions) | facts | {button: "1"}
    answer = staff("program_admin").post(page_of("extension_add"), filled)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert words in text(answer)
    assert "preview" not in answer.context
    assert Extension.objects.count() == 0


def test_another_programs_wallet_is_no_choice(staff, world):
    answer = staff("program_admin").post(page_of("extension_add"), form(world.fjord.wallets.get()) | {"_preview": "1"})
    assert "wallet" in answer.context["adminform"].form.errors


@pytest.mark.parametrize("role", ["viewer", "support", "campaign_manager", "finance"])
def test_who_may_not_write_it_may_not_preview_it(staff, world, wallet, role):
    row = ExtensionConditionFactory(extension__wallet=wallet).extension
    browser = staff(role)
    assert browser.post(page_of("extension_add"), form(wallet) | {"_preview": "1"}).status_code == 403
    assert browser.post(page_of("extension_change", row.pk), form(wallet) | {"_preview": "1"}).status_code == 403
    assert 'name="_preview"' not in text(browser.get(page_of("extension_change", row.pk)))
    assert browser.post(page_of("extension_reach", row.pk)).status_code == 403
    assert ExtensionRun.objects.count() == 0


def test_what_is_asked_for_old_points_has_the_numbers_in_it(staff, world, wallet):
    press = Segment.objects.create(program=world.aurora, code="press", name="Press")
    SegmentMember.objects.create(segment=press, member=world.ada)
    buy(world.ada, "10")
    buy(world.ben, "20", receipt="2")
    row = ExtensionFactory(program=world.aurora, wallet=wallet, name="Summer", months=2)
    row.extension_audience.create(subject="list", operator="equals", value="press")
    browser = staff("program_admin")
    asked = text(browser.get(page_of("extension_reach", row.pk)))
    for words in ("Today it is for 1 member.", "1 lot (10 points) could last longer", "2 March 2027", "2 May 2027"):
        assert words in asked, words
    for _click in range(2):
        assert browser.post(page_of("extension_reach", row.pk)).status_code == 302
    assert ExtensionRun.objects.count() == 1
    assert "at work, 0 members so far" in text(browser.get(page_of("extension_change", row.pk)))
    work_on_extensions()
    assert "10 points in 1 lot got a later day" in text(browser.get(page_of("extension_change", row.pk)))
    after = text(browser.get(page_of("extension_reach", row.pk)))
    assert "nothing would last longer" in after


def test_a_broken_row_says_so_instead_of_failing(staff, world, wallet):
    """Written by hand into the database: the page still opens, and says what is wrong."""
    row = ExtensionConditionFactory(extension__wallet=wallet).extension
    row.extension_audience.update(subject="weekday", value="someday")
    browser = staff("program_admin")
    assert browser.get(page_of("extension_change", row.pk)).status_code == 200
    assert browser.get(page_of("extension_changelist")).status_code == 200
    assert browser.get(page_of("extension_reach", row.pk), follow=True).redirect_chain == [
        (page_of("extension_change", row.pk), 302)
    ]


def test_the_list_says_it_in_words_and_its_empty_state_what_to_do(staff, world, wallet, django_assert_num_queries):
    browser = staff("viewer")
    assert "Points last equally long for everyone" in text(browser.get(page_of("extension_changelist")))
    ExtensionConditionFactory(extension__wallet=wallet)
    page = text(browser.get(page_of("extension_changelist")))
    assert "longer" in page
