"""A brand's real purchase history becomes members, points and expiry, to the point."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from loyalty.programs.models.activity import Activity

pytestmark = pytest.mark.django_db
CDNOW = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdnow_sample.csv"


def command(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.skipif(not CDNOW.exists(), reason="the research data is not on this machine")
def test_a_music_shop_comes_in():
    command(
        "create_program", "cdnow", "--name", "CDNOW", "--currency", "USD", "--timezone", "UTC", "--points-per", "1.00"
    )
    first = json.loads(command("import_purchases", str(CDNOW), "--program", "cdnow", "--json"))
    assert first == {
        "rows": 6919,
        "imported": 6919,
        "skipped": 0,
        "errors": 0,
        "members_enrolled": 2357,
        "points_awarded": 239444,
    }
    again = json.loads(command("import_purchases", str(CDNOW), "--program", "cdnow", "--json"))
    assert again == {
        "rows": 6919,
        "imported": 0,
        "skipped": 6919,
        "errors": 0,
        "members_enrolled": 0,
        "points_awarded": 0,
    }
    assert Activity.objects.count() == 6919
