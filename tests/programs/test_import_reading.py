"""Files of purchases as people save them; every mistake is told by line, column and reason, and nothing is written."""

import codecs

import pytest
import time_machine
from django.utils import translation

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.services import import_reader, import_staging
from tests.programs.files import HEADER, bring, mistakes, one_mistake, rows
from tests.till import AT, active, buy

pytestmark = pytest.mark.django_db
GOOD = "r1,ada,2026-03-01,1,19.99"


@pytest.fixture(autouse=True)
def _in_march(world):
    with time_machine.travel(AT, tick=False):
        yield


def points(world, content):
    report = bring(world.aurora, content)
    assert (report.errors, report.imported, report.skipped) == (0, 1, 0)
    return report.points_awarded


SPELLINGS = {
    "plain": f"{HEADER}\n{GOOD}\n",
    "no last line break": f"{HEADER}\n{GOOD}",
    "byte order mark": codecs.BOM_UTF8 + f"{HEADER}\n{GOOD}\n".encode(),
    "Windows line breaks": f"{HEADER}\r\n{GOOD}\r\n",
    "old Mac line breaks": f"{HEADER}\r{GOOD}\r",
    "empty lines": f"{HEADER}\n\n{GOOD}\n\n",
    "quoted": f'{HEADER}\n"r1","ada","2026-03-01","1","19.99"\n',
    "blanks around": "external_id , member, occurred_on ,quantity,amount\n r1 , ada ,2026-03-01, 1 , 19.99 \n",
    "capitals in the header": f"{HEADER.title()}\n{GOOD}\n",
    "another order": "amount,quantity,occurred_on,member,external_id\n19.99,1,2026-03-01,ada,r1\n",
    "semicolons": f"{HEADER.replace(',', ';')}\n{GOOD.replace(',', ';')}\n",
    "semicolons and decimal commas": f"{HEADER.replace(',', ';')}\nr1;ada;2026-03-01;1;19,99\n",
    "everything": f"{HEADER},currency,store,channel,sku,category\n{GOOD},EUR,Oslo,web,b-250,beans\n",
    "empty options": f"{HEADER},currency,store\n{GOOD},,\n",
    "letters of many scripts": f"{HEADER},store\n{GOOD},علی\u200cرضا Łódź\n",
    "an instant": f"{HEADER}\nr1,ada,2026-03-01T10:15:00+01:00,1,19.99\n",
    "an instant in UTC": f"{HEADER}\nr1,ada,2026-03-01T10:15:00.5Z,1,19.99\n",
    "a local time": f"{HEADER}\nr1,ada,2026-03-01 10:15,1,19.99\n",
    "a quantity by weight": f"{HEADER}\nr1,ada,2026-03-01,0.125,19.99\n",
    "a line break inside quotes": f'{HEADER},store\n{GOOD},"Oslo"\n',
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_spelling_of_a_good_file(world, content):
    assert points(world, content) == 19
    assert active(world.ada) == 19


FILES = {
    "empty": (b"", (1, "")),
    "blank": (b"\n\n", (1, "")),
    "only a header": (HEADER.encode(), (2, "")),
    "UTF-16": (f"{HEADER}\n{GOOD}\n".encode("utf-16"), (1, "")),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", (1, "")),
    "no header": (f"{GOOD}\n".encode(), (1, "r1")),
    "missing column": (b"external_id,member,occurred_on,quantity\n", (1, "amount")),
    "unknown column": (f"{HEADER},colour\n".encode(), (1, "colour")),
    "column twice": (f"{HEADER},amount\n".encode(), (1, "amount")),
    "nameless column": (f"{HEADER},\n".encode(), (1, "")),
}


@pytest.mark.parametrize(("content", "place"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_read(world, content, place):
    report = bring(world.aurora, content)
    line, column, reason = one_mistake(report)
    assert ((line, column), report.errors, bool(reason)) == (place, 1, True)
    assert not Activity.objects.exists()


CELLS = {
    "no receipt": (",ada,2026-03-01,1,5", "external_id"),
    "long receipt": (f"{'r' * 101},ada,2026-03-01,1,5", "external_id"),
    "no member": ("r2,,2026-03-01,1,5", "member"),
    "long member": (f"r2,{'m' * 101},2026-03-01,1,5", "member"),
    "no date": ("r2,ada,,1,5", "occurred_on"),
    "no such date": ("r2,ada,2026-02-30,1,5", "occurred_on"),
    "another date": ("r2,ada,01.03.2026,1,5", "occurred_on"),
    "date as a number": ("r2,ada,46082,1,5", "occurred_on"),
    "no such hour": ("r2,ada,2026-03-01T25:00:00Z,1,5", "occurred_on"),
    "endless offset": ("r2,ada,2026-03-01T10:00:00+99:00,1,5", "occurred_on"),
    "tomorrow": ("r2,ada,2026-03-03,1,5", "occurred_on"),
    "in an hour": ("r2,ada,2026-03-02T11:30:00Z,1,5", "occurred_on"),
    "before time": ("r2,ada,0001-01-01,1,5", "occurred_on"),
    "long ago": ("r2,ada,1899-12-31,1,5", "occurred_on"),
    "no quantity": ("r2,ada,2026-03-01,,5", "quantity"),
    "zero of it": ("r2,ada,2026-03-01,0,5", "quantity"),
    "less than nothing": ("r2,ada,2026-03-01,-1,5", "quantity"),
    "too fine": ("r2,ada,2026-03-01,0.0001,5", "quantity"),
    "too many": ("r2,ada,2026-03-01,100000000000,5", "quantity"),
    "no amount": ("r2,ada,2026-03-01,1,", "amount"),
    "words": ("r2,ada,2026-03-01,1,free", "amount"),
    "negative": ("r2,ada,2026-03-01,1,-5.00", "amount"),
    "NaN": ("r2,ada,2026-03-01,1,NaN", "amount"),
    "Infinity": ("r2,ada,2026-03-01,1,Infinity", "amount"),
    "exponent": ("r2,ada,2026-03-01,1,1e3", "amount"),
    "underscore": ("r2,ada,2026-03-01,1,1_000", "amount"),
    "other digits": ("r2,ada,2026-03-01,1,٣", "amount"),
    "thousands": ('r2,ada,2026-03-01,1,"1,000.00"', "amount"),
    "decimal comma": ('r2,ada,2026-03-01,1,"5,00"', "amount"),
    "currency sign": ("r2,ada,2026-03-01,1,€5", "amount"),
    "too many decimals": ("r2,ada,2026-03-01,1,5.001", "amount"),
    "absurd": ("r2,ada,2026-03-01,1,1000000000000", "amount"),
    "endless digits": (f"r2,ada,2026-03-01,1,{'9' * 400}", "amount"),
    "a step": (".,ada,2026-03-01,1,5", "external_id"),
    "a step back": ("..,ada,2026-03-01,1,5", "external_id"),
    "a step on the way": ("a/../r2,ada,2026-03-01,1,5", "external_id"),
    "turned text": ("r2,a\u202eda,2026-03-01,1,5", "member"),
    "unseen characters": ("r2,ada\u200b,2026-03-01,1,5", "member"),
    "NUL": ("r2\x00,ada,2026-03-01,1,5", "external_id"),
    "too few values": ("r2,ada,2026-03-01,1", ""),
    "too many values": ("r2,ada,2026-03-01,1,5,6", ""),
    "open quotes": ('r2,"ada"x,2026-03-01,1,5', ""),
    "endless line": (f"r2,{'x' * 30_000},2026-03-01,1,5", ""),
}


@pytest.mark.parametrize(("row", "column"), CELLS.values(), ids=CELLS.keys())
def test_a_bad_cell_is_told_and_nothing_of_the_file_is_written(world, row, column):
    report = bring(world.aurora, rows(GOOD, row, "r3,ada,2026-03-01,1,7"))
    line, found, reason = one_mistake(report)
    assert ((line, found), bool(reason)) == ((3, column), True)
    assert (report.rows, report.imported, report.errors, report.points_awarded) == (3, 0, 1, 0)
    assert not Activity.objects.exists()


OPTIONS = {
    "another currency": ("USD,,,,", "currency"),
    "no currency at all": ("euro,,,,", "currency"),
    "long store": (f",{'s' * 61},,,", "store"),
    "long channel": (f",,{'c' * 41},,", "channel"),
    "long sku": (f",,,{'s' * 81},", "sku"),
    "long category": (f",,,,{'c' * 81}", "category"),
    "NUL": (",,,,a\x00b", "category"),
    "escape": (",\x1b[31m,,,", "store"),
}


@pytest.mark.parametrize(("options", "column"), OPTIONS.values(), ids=OPTIONS.keys())
def test_a_bad_option_is_told(world, options, column):
    header = f"{HEADER},currency,store,channel,sku,category"
    report = bring(world.aurora, rows(f"{GOOD},{options}", header=header))
    assert mistakes(report) == [(2, column)]


def test_text_that_is_not_utf_8_is_told_by_its_cell(world):
    header = f"{HEADER},store\n".encode()
    report = bring(world.aurora, header + f"{GOOD},Bod\xf8\n".encode("latin-1"))
    line, column, reason = one_mistake(report)
    assert (line, column) == (2, "store")
    assert "UTF-8" in reason


def test_all_that_is_wrong_with_a_row_is_told_at_once(world):
    report = bring(world.aurora, rows(",,yesterday,none,much", GOOD))
    assert mistakes(report) == [(2, "external_id"), (2, "member"), (2, "occurred_on"), (2, "quantity"), (2, "amount")]


def test_lines_are_those_of_an_editor_also_after_line_breaks_inside_quotes(world):
    header = f"{HEADER},store"
    report = bring(world.aurora, rows(f'{GOOD},"two\nlines"', "r2,ada,2026-03-01,1,x,", header=header))
    assert mistakes(report) == [(2, "store"), (4, "amount")]


def test_lines_count_on_after_an_endless_one(world):
    report = bring(world.aurora, rows("x" * 90_000, GOOD, "r2,ada,2026-03-01,1,x"))
    assert mistakes(report) == [(2, ""), (4, "amount")]


def test_the_first_mistakes_are_kept_and_all_are_counted(world, monkeypatch):
    monkeypatch.setattr(import_staging, "KEPT_MISTAKES", 3)
    report = bring(world.aurora, rows(*(f"r{number},ada,2026-03-01,1,x" for number in range(10))))
    assert (len(report.mistakes), report.errors) == (3, 10)


def test_today_is_no_future_though_noon_is_still_to_come(world):
    with time_machine.travel(AT.replace(hour=7), tick=False):
        assert points(world, rows("r1,ada,2026-03-02,1,5")) == 5


def test_decimal_commas_need_semicolons(world):
    header = HEADER.replace(",", ";")
    report = bring(world.aurora, rows("r1;ada;2026-03-01;1;1.234,50", header=header))
    assert mistakes(report) == [(2, "amount")]


def test_a_file_may_be_read_in_any_language_of_the_product(world):
    with translation.override("pl"):
        assert bring(world.aurora, rows("r1,ada,2026-03-01,1,x")).errors == 1


def test_receipts_of_blocked_members_are_refused(world):
    Member.objects.filter(pk=world.ada.pk).update(status="blocked")
    assert mistakes(bring(world.aurora, rows("r1,ben,2026-03-01,1,5", GOOD))) == [(3, "member")]


def test_more_points_than_a_wallet_can_hold_are_a_mistake_of_the_row(world):
    world.aurora.rules.update(points=10**7, per_amount="0.01")
    report = bring(world.aurora, rows("r1,ada,2026-03-01,1,5", "r2,ada,2026-03-01,1,999999999999"))
    assert mistakes(report) == [(3, "amount")]


def test_a_receipt_known_with_other_content_is_a_mistake(world):
    bring(world.aurora, rows(GOOD))
    for row in ("r1,ada,2026-03-01,1,20.00", "r1,ben,2026-03-01,1,19.99", "r1,ada,2026-03-02,1,19.99"):
        assert mistakes(bring(world.aurora, rows(row))) == [(2, "external_id")]


def test_a_receipt_twice_in_the_file_counts_once_and_is_a_mistake_with_other_content(world):
    report = bring(world.aurora, rows(GOOD, "r2,ada,2026-03-01,1,5", GOOD))
    assert (report.imported, report.skipped, report.errors) == (2, 1, 0)
    report = bring(world.aurora, rows("r3,ada,2026-03-01,1,5", "r3,ada,2026-03-01,1,6", "r3,ada,2026-03-01,1,5"))
    line, column, reason = one_mistake(report)
    assert (line, column) == (3, "external_id")
    assert "line 2" in reason


def test_receipts_of_the_import_and_of_tills_do_not_mix(world):
    buy(world.ada, "7", receipt="r1")
    assert points(world, rows(GOOD)) == 19
    assert bring(world.aurora, rows(GOOD), source="old-shop").imported == 1


def test_decimals_are_those_of_the_currency(world):
    Program.objects.filter(pk=world.aurora.pk).update(currency="JPY")
    assert mistakes(bring(world.aurora, rows("r1,ada,2026-03-01,1,500.5"))) == [(2, "amount")]
    assert tuple(HEADER.split(",")) == import_reader.NEEDED
