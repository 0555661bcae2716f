"""A music shop's purchase history becomes members, points and expiry, to the point.

The figures are derived once more here, in plain Python with date arithmetic of its own. Where the research data set of
the shop is at hand (`shared/data` beside the checkout) it is used; a made-up history of the same kind always is.
"""

import csv
import io
import json
import random
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from tests.ledger.purse import violations

pytestmark = pytest.mark.django_db
CDNOW = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdnow_sample.csv"
ASKED = (
    "1997-12-31", "1998-01-02", "1998-02-28", "1998-06-30T12:00:00+00:00", "1998-12-31", "1999-07-01", "2030-01-01",
)  # fmt: skip


@pytest.fixture(params=["made up", "CDNOW"])
def history(request, tmp_path):
    if request.param == "CDNOW":
        if not CDNOW.exists():
            pytest.skip("the research data is not on this machine")
        return CDNOW
    path = tmp_path / "history.csv"
    path.write_text("".join(made_up()))
    return path


def made_up():
    """1,200 purchases by 400 customers over eighteen months, a leap day among them; some cost nothing."""
    chance = random.Random("a music shop")
    yield "external_id,member,occurred_on,quantity,amount\n"
    for number in range(1200):
        day = date(1995, 9, 1) + timedelta(days=chance.randrange(545))
        if number % 50 == 0:
            day = date(1996, 2, 29)
        amount = Decimal(chance.randrange(20_000)) / 100 if number % 99 else Decimal(0)
        yield f"m-{number:05},{chance.randrange(400):05},{day},{chance.randint(1, 9)},{amount:.2f}\n"


def read(path):
    """(customer, day, whole points) of each purchase, by the csv module and integer arithmetic alone."""
    with path.open(newline="") as stream:
        return [
            (row["member"], date.fromisoformat(row["occurred_on"]), int(row["amount"].split(".")[0]))
            for row in csv.DictReader(stream)
        ]


def a_year_after(day):
    """The same day of next year; the last of February where there is none."""
    year = day.year + 1
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def gone_by(purchases, instant):
    """Points that can no longer be used at `instant`: each lives through the day a year after it was earned, in UTC."""
    return sum(
        points
        for _customer, day, points in purchases
        if datetime.combine(a_year_after(day), datetime.min.time(), UTC) + timedelta(days=1) <= instant
    )


def lots_gone_by(purchases, instant):
    return sum(1 for purchase in purchases if purchase[2] and gone_by([purchase], instant))


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def open_shop(*more):
    run("create_program", "shop", "--name", "CD shop", "--currency", "USD", "--timezone", "UTC", *more)


def bring(path, *more):
    return json.loads(run("import_purchases", str(path), "--program", "shop", "--json", *more))


def test_members_and_points_come_out_exactly_and_once(history):
    purchases = read(history)
    expected = {
        "rows": len(purchases),
        "imported": len(purchases),
        "skipped": 0,
        "errors": 0,
        "members_enrolled": len({customer for customer, _day, _points in purchases}),
        "points_awarded": sum(points for _customer, _day, points in purchases),
    }
    open_shop("--points-per", "1.00")
    assert violations() == {}
    assert bring(history, "--dry-run") == expected
    assert not Activity.objects.exists()
    assert bring(history) == expected
    again = dict.fromkeys(expected, 0) | {"rows": len(purchases), "skipped": len(purchases)}
    assert bring(history) == again
    assert Member.objects.count() == expected["members_enrolled"]
    assert violations() == {}


def test_the_music_shops_published_figures():
    if not CDNOW.exists():
        pytest.skip("the research data is not on this machine")
    open_shop("--points-per", "1.00")
    report = bring(CDNOW)
    assert (report["rows"], report["members_enrolled"], report["points_awarded"]) == (6919, 2357, 239_444)


def test_expiry_as_of_any_date_takes_what_plain_arithmetic_says(history):
    purchases = read(history)
    open_shop("--points-per", "1.00", "--expires-months", "12")
    bring(history)
    lots = points = 0
    for asked in ASKED:
        instant = datetime.fromisoformat(asked)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        swept = json.loads(run("expire_points", "--program", "shop", "--at", asked, "--json"))
        lots, points = lots + swept["lots"], points + swept["points"]
        assert (asked, points, lots) == (asked, gone_by(purchases, instant), lots_gone_by(purchases, instant))
        assert json.loads(run("expire_points", "--program", "shop", "--at", asked, "--json")) == {
            "lots": 0,
            "points": 0,
        }
    assert points == sum(points for _customer, _day, points in purchases)
    assert violations() == {}
