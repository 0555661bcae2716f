"""The member's page, enrolling and changing, finding and taking away."""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.urls import reverse

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.keys import issue_api_key
from tests.admin.pages import page_of
from tests.admin.stock import add_one_of_each
from tests.world import earn

pytestmark = pytest.mark.django_db


def test_the_page_says_what_there_is_and_why(staff, world):
    member = add_one_of_each(world.aurora, 1)
    page = staff("viewer").get(page_of("member_change", member.pk)).content.decode()
    for words in ("51", "Purchase of", "1 point per", member.referral_code, "marketing", "never asked"):
        assert words in page, words


def test_the_card_is_there_to_be_scanned(staff, world):
    page = staff("viewer").get(page_of("member_change", world.ada.pk)).content.decode()
    assert "<svg" in page
    assert world.ada.number[:4] in page


def test_a_movement_tells_everything(staff, world):
    member = add_one_of_each(world.aurora, 1)
    browser = staff("viewer")
    rows = browser.get(page_of("member_change", member.pk)).context["rows"]
    purchase = next(row for row, _reason, _who in rows if "Purchase" in row.title)
    page = browser.get(page_of("member_movement", member.pk, id=purchase.id)).content.decode()
    assert "till:aurora-1" in page
    assert "Movement" in page


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "²", "\x00"])
def test_a_place_in_the_timeline_that_is_none_is_not_found(staff, world, cursor):
    assert staff("viewer").get(page_of("member_timeline", world.ada.pk), {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 30, "999999999", "²"])
def test_a_movement_that_is_none_is_not_found(staff, world, asked):
    assert staff("viewer").get(page_of("member_movement", world.ada.pk), {"id": asked}).status_code == 404


def test_the_timeline_goes_on(staff, world):
    for number in range(30):
        earn(world.ada, 1, key=f"test:{number}")
    browser = staff("viewer")
    shown, cursor = [], browser.get(page_of("member_change", world.ada.pk)).context["next"]
    while cursor:
        answer = browser.get(page_of("member_timeline", world.ada.pk), {"cursor": cursor})
        shown += [row.id for row, _reason, _who in answer.context["rows"]]
        cursor = answer.context["next"]
    assert len(shown) == len(set(shown)) == 18


def test_the_page_costs_the_same_however_much_happened(staff, world, django_assert_max_num_queries):
    browser = staff("viewer")
    earn(world.ada, 1)
    browser.get(page_of("member_change", world.ada.pk))
    for number in range(12):
        earn(world.ada, 1, key=f"test:{number}")
    with django_assert_max_num_queries(24):
        browser.get(page_of("member_change", world.ada.pk))


def test_enrolling_by_hand(staff, world):
    filled = {"name": "Dora", "email": "Dora@Example.org", "external_id": "dora"}
    answer = staff("support").post(page_of("member_add"), filled)
    dora = Member.objects.get(external_id="dora")
    assert answer.url == page_of("member_change", dora.pk)
    assert (dora.program, dora.email, dora.channel) == (world.aurora, "dora@example.org", "staff")


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({}, "Give at least"),
        ({"email": "ada@example.org"}, "member of the program already"),
        ({"email": "nonsense"}, "valid email"),
        ({"name": "x" * 151}, "at most 150"),
        ({"name": "D", "birth_date": "yesterday"}, "valid date"),
        ({"name": "D\x00"}, "Null characters"),
    ],
)
def test_enrolling_refuses_with_a_reason(staff, world, filled, words):
    answer = staff("support").post(page_of("member_add"), filled)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_changing_goes_through_the_service(staff, world):
    browser = staff("support")
    url = page_of("member_edit", world.ada.pk)
    initial = browser.get(url).context["form"].initial
    assert initial["attributes"] == "tier: gold"
    answer = browser.post(url, initial | {"birth_date": "", "name": "Ada L.", "attributes": "tier: gold\ncity: Oslo"})
    assert answer.status_code == 302
    world.ada.refresh_from_db()
    assert (world.ada.name, world.ada.attributes) == ("Ada L.", {"tier": "gold", "city": "Oslo"})
    assert world.ada.history.first().history_user == browser.user


def test_attributes_keep_what_was_not_touched(staff, world):
    world.ada.attributes = {"visits": 3, "segments": ["vip", "new"]}
    world.ada.save()
    browser = staff("support")
    url = page_of("member_edit", world.ada.pk)
    initial = browser.get(url).context["form"].initial
    browser.post(url, initial | {"birth_date": "", "name": "Ada L."})
    world.ada.refresh_from_db()
    assert world.ada.attributes == {"visits": 3, "segments": ["vip", "new"]}


def test_attributes_that_are_no_lines_are_refused(staff, world):
    answer = staff("support").post(
        page_of("member_edit", world.ada.pk), {"status": "active", "attributes": "tier gold"}
    )
    assert "Line 1 is not" in answer.content.decode()


@pytest.mark.parametrize("find", ["Ada", "ada", "ada@exam", "AD", "number", "spaced"])
def test_members_are_found(staff, world, find):
    number = world.ada.number
    term = {"number": number, "spaced": f"{number[:4]} {number[4:8]} {number[8:]}"}.get(find, find)
    found = staff("viewer").get(page_of("member_changelist"), {"q": term}).context["cl"].result_list
    assert [member.pk for member in found] == ([world.ada.pk] if find != "AD" else [])


def test_search_knows_pages_and_members(staff, world):
    browser = staff("viewer")
    assert "Wallets and expiry" in browser.get(reverse("admin:search"), {"s": "wallet"}).content.decode()
    assert "Who may do what" not in browser.get(reverse("admin:search"), {"s": "who may"}).content.decode()
    assert world.ada.number in browser.get(reverse("admin:search"), {"s": "ada"}).content.decode()
    assert browser.get(reverse("admin:search")).content == b""


def test_the_list_as_csv_and_as_a_workbook(staff, world):
    world.ada.name = "=HYPERLINK(1)"
    world.ada.phone = "+4712345678"
    world.ada.save()
    browser = staff("finance")
    text = b"".join(browser.get(page_of("member_export", "csv")).streaming_content).decode("utf-8-sig")
    rows = {row["external_id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == {"ada", "ben"}
    assert (rows["ada"]["name"], rows["ada"]["phone"]) == ("'=HYPERLINK(1)", "'+4712345678")
    joined = datetime.fromisoformat(rows["ada"]["joined_at"])
    assert joined == world.ada.joined_at.replace(microsecond=0)
    assert joined.utcoffset() == world.ada.joined_at.astimezone(ZoneInfo(world.aurora.time_zone)).utcoffset()
    book = openpyxl.load_workbook(io.BytesIO(browser.get(page_of("member_export", "xlsx")).content))
    cells = {cell.value for row in book.active.rows for cell in row}
    assert "'=HYPERLINK(1)" in cells
    assert rows["ada"]["joined_at"] in cells
    assert not [cell for row in book.active.rows for cell in row if cell.data_type == "f"]


def test_an_export_keeps_to_the_filters(staff, world):
    browser = staff("finance")
    text = b"".join(browser.get(page_of("member_export", "csv"), {"q": "ada"}).streaming_content).decode()
    assert "ben@example.org" not in text
    assert browser.get(page_of("member_export", "pdf")).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "support", "campaign_manager"])
def test_lists_are_taken_away_by_finance_only(staff, world, role):
    browser = staff(role)
    assert browser.get(page_of("member_export", "csv")).status_code == 403
    assert browser.get(page_of("activity_export", "csv")).status_code == 403
    assert "export.csv" not in browser.get(page_of("member_changelist")).content.decode()


def test_the_statement_as_csv(staff, world):
    earn(world.ada, 30, at=clock.now() - timedelta(days=2))
    answer = staff("finance").get(page_of("member_statement", world.ada.pk), {"format": "csv"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[5] for row in rows] == ["points", "30"]


def test_purchases_show_lines_and_explanation(staff, world):
    member = add_one_of_each(world.aurora, 1)
    browser = staff("viewer")
    activity = browser.get(page_of("activity_changelist")).context["cl"].result_list[0]
    page = browser.get(page_of("activity_change", activity.pk)).content.decode()
    for words in ("aurora-1", "41.00", str(member), "1 point per"):
        assert words in page, words


def test_a_closed_door_stays_closed(staff, world):
    """Rows that have history are not deleted by any address."""
    browser = staff("program_admin")
    issue_api_key(world.aurora, name="Till", scopes=["all"], actor="test")
    for kind, row in (("member", world.ada), ("wallet", world.aurora.wallets.first())):
        assert browser.post(page_of(f"{kind}_delete", row.pk), {"post": "yes"}).status_code == 403
