"""The statement: what moved, when, and why."""

from datetime import timedelta

import pytest

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from tests.portal.conftest import HTMX, buy, client_of
from tests.world import earn

pytestmark = pytest.mark.django_db
URL = "/p/aurora/statement/"


def text_of(client, address=URL, **headers) -> str:
    return " ".join(client.get(address, **headers).content.decode().split())


def test_a_row_says_what_why_how_many_and_when(as_ada, ada):
    buy(ada, "r1", "29.90", store="Oslo 1")
    page = text_of(as_ada)
    assert "Purchase of 29.90 € at Oslo 1" in page
    assert "+29<" in page
    assert "Today" in page


def test_nothing_yet_says_what_to_do(as_ada):
    assert "Nothing here yet" in text_of(as_ada)
    assert "Nothing matches" in text_of(as_ada, URL + "?kind=spent")


@pytest.mark.parametrize(
    ("query", "signs"),
    [
        ("", ["−20", "+50", "+9"]),
        ("?kind=earned", ["+50", "+9"]),
        ("?kind=spent", ["−20"]),
        ("?kind=expired", []),
        ("?kind=pending", []),
        ("?kind=nonsense&wallet=none&period=never", ["−20", "+50", "+9"]),
        ("?period=month&kind=spent", ["−20"]),
        ("?wallet=points", ["−20", "+50", "+9"]),
    ],
)
def test_filters(as_ada, ada, query, signs):
    buy(ada, "r1", "9.00", days_ago=80)
    account = earn(ada, 50, at=clock.now() - timedelta(seconds=9)).account_id
    ledger.spend(account, points=20, key="gift:1", at=clock.now(), actor="test", note="Free coffee")
    rows = as_ada.get(URL + query).context["rows"]
    assert [f"{'−' if row.points < 0 else '+'}{abs(row.points)}" for row in rows] == signs


def test_the_fragment_is_the_results_with_their_filter(as_ada, ada):
    buy(ada, "r1", "9.00")
    part = as_ada.get(URL + "?kind=earned", headers=HTMX)
    body = part.content.decode().strip()
    assert body.startswith('<div class="filtered" id="results">')
    assert 'href="/p/aurora/statement/?kind=earned"' in body
    assert "<html" not in body
    assert part["Vary"].count("HX-Request") == 1


def test_more_is_loaded_in_place_or_as_a_page(as_ada, ada):
    for number in range(27):
        buy(ada, f"r{number:02}", "5.00", days_ago=27 - number)
    page = as_ada.get(URL)
    assert len(page.context["rows"]) == 25
    address = page.context["more_url"]
    assert f'href="{address}" hx-get="{address}" hx-target="#more"' in page.content.decode()
    rest = as_ada.get(address)
    assert len(rest.context["rows"]) == 2
    assert "<html" in rest.content.decode()
    part = as_ada.get(address, headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.count('class="item"') == 2
    assert 'id="results"' not in part
    assert 'id="more"' not in part


def test_a_cursor_of_ones_own_making_is_the_beginning(as_ada, ada):
    buy(ada, "r1", "9.00")
    for cursor in ("x", "-1", "9" * 40, "1e3"):
        assert as_ada.get(URL, {"cursor": cursor}).status_code == 404


def test_the_detail_explains_the_points(as_ada, ada):
    buy(ada, "r1", "29.90", store="Oslo 1")
    row = as_ada.get(URL).context["rows"][0]
    page = as_ada.get(f"{URL}{row.id}/")
    words = " ".join(page.content.decode().split())
    assert "Why this many" in words
    assert "Purchases" in words  # the rule
    assert "<dd>r1</dd>" in words
    assert "Drinks" in words
    assert "29.90" in words
    part = as_ada.get(f"{URL}{row.id}/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="sheet-title"' in part


def test_a_spend_has_a_detail_too(as_ada, ada):
    account = earn(ada, 50).account_id
    ledger.spend(account, points=20, key="gift:1", at=clock.now(), actor="staff:1", note="Free coffee", reason="secret")
    row = as_ada.get(URL).context["rows"][0]
    page = as_ada.get(f"{URL}{row.id}/").content.decode()
    assert "Free coffee" in page
    assert "secret" not in page
    assert "staff:1" not in page


def test_other_peoples_movements_are_not_there(as_ada, ada, dot, cleo):
    buy(cleo, "r1", "9.00")
    theirs = client_of(cleo).get("/p/fjord/statement/").context["rows"][0]
    assert as_ada.get(f"{URL}{theirs.id}/").status_code == 404
    assert as_ada.get(f"{URL}{2**62}/").status_code == 404
    assert as_ada.get(f"{URL}{10**30}/").status_code == 404
    assert client_of(cleo).get("/p/aurora/statement/").status_code == 404


def count(client, django_assert_max_num_queries, address) -> int:
    with django_assert_max_num_queries(30) as seen:
        client.get(address)
    return len(seen.captured_queries)


@pytest.mark.parametrize("address", [URL, "/p/aurora/lots/", "/p/aurora/"])
def test_the_number_of_queries_does_not_grow_with_rows(ada, django_assert_max_num_queries, address):
    client = client_of(ada)
    buy(ada, "r0", "9.00")
    client.get(address)
    one = count(client, django_assert_max_num_queries, address)
    buy(ada, "r1", "9.00", days_ago=40)
    buy(ada, "r2", "9.00", days_ago=400)
    assert count(client, django_assert_max_num_queries, address) == one


def test_points_by_date_puts_together_what_ends_on_one_day(aurora, as_ada, ada):
    zone = "Europe/Oslo"
    today = clock.business_day(clock.now(), zone)
    soon, later = (clock.end_of_day(today + timedelta(days=days), zone) for days in (10, 100))
    earn(ada, 5, key="a", expires_at=soon)
    earn(ada, 6, key="b", expires_at=soon)
    earn(ada, 7, key="c", expires_at=later)
    earn(ada, 8, key="d")
    (shelf,) = as_ada.get("/p/aurora/lots/").context["shelves"]
    assert [(each.points, each.is_soon) for each in shelf.active] == [(11, True), (7, False), (8, False)]
    assert [each.last_on for each in shelf.active] == [today + timedelta(days=10), today + timedelta(days=100), None]
    assert shelf.pending == ()


def test_no_points_say_how_to_earn(as_ada):
    assert "See how to earn" in text_of(as_ada, "/p/aurora/lots/")
