"""The member's first page."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.lib.portal import NavEntry, Tile
from loyalty.programs.models.wallet import Wallet
from tests.portal.conftest import buy, client_of
from tests.world import earn

pytestmark = pytest.mark.django_db
HOME = "/p/aurora/"


@pytest.fixture
def stars(aurora) -> Wallet:
    """A second wallet, in which points wait for two weeks."""
    return Wallet.objects.create(
        program=aurora, code="stars", name="Stars", unit_one="star", unit_many="stars", position=1
    )


def text_of(client, address=HOME) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_new_member_is_told_what_to_do(as_ada):
    page = text_of(as_ada)
    assert '<span class="figure">0</span> <span class="unit">points</span>' in page
    assert "Nothing here yet" in page
    assert "/p/aurora/me/consents/" in page  # marketing was never asked
    assert "/p/aurora/me/profile/" in page  # no birthday


def test_the_balance_is_large_and_grouped_and_in_the_programs_words(aurora, as_ada, ada):
    wallet = aurora.wallets.get()
    wallet.unit_one, wallet.unit_many = "bean", "beans"
    wallet.save()
    buy(ada, "r1", "1234.90")
    assert '<span class="figure">1,234</span> <span class="unit">beans</span>' in text_of(as_ada)


def test_one_unit_is_one(as_ada, ada):
    buy(ada, "r1", "1.20")
    assert '<span class="figure">1</span> <span class="unit">point</span>' in text_of(as_ada)


def test_what_expires_next_is_a_pill_that_leads_to_its_rows(as_ada, ada):
    at = clock.start_of_day(clock.business_day(clock.now(), "Europe/Oslo"), "Europe/Oslo")
    end = at.replace(year=at.year + 1, month=1, day=1)
    end = clock.start_of_day(end.date(), "Europe/Oslo")  # gone with New Year: usable through 31 December
    earn(ada, 50, expires_at=end)
    page = text_of(as_ada)
    assert "50 expire on 31 December" in page
    assert 'href="/p/aurora/lots/#expiring-points"' in page
    assert "Use by 31 December" in text_of(as_ada, "/p/aurora/lots/")


def test_held_points_are_a_pill(as_ada, ada):
    posted = earn(ada, 100)
    ledger.hold(
        posted.account_id, points=40, key="bid:1", at=clock.now(), until=clock.now().replace(year=2090), actor="test"
    )
    page = text_of(as_ada)
    assert '<span class="figure">60</span>' in page
    assert "40 set aside" in page
    assert "kind=held" in page


def test_pending_points_are_a_pill(aurora, as_ada, ada):
    wallet = aurora.wallets.get()
    wallet.activation, wallet.activation_count = Wallet.Activation.AFTER_DAYS, 14
    wallet.save()
    buy(ada, "r1", "20.00")
    page = text_of(as_ada)
    assert '<span class="figure">0</span>' in page
    assert "20 on their way" in page
    assert "on its way" in page  # the row says so too
    assert "Yours on" in text_of(as_ada, "/p/aurora/lots/")


def test_every_wallet_has_its_own_figure(stars, as_ada, ada):
    earn(ada, 7, wallet=stars)
    page = text_of(as_ada)
    assert '<span class="figure">7</span> <span class="unit">stars</span>' in page
    assert page.count('<h2 class="small quiet"') == 2


def test_only_the_newest_movements_are_shown(as_ada, ada):
    for number in range(7):
        buy(ada, f"r{number}", "5.00", days_ago=number)
    assert as_ada.get(HOME).content.decode().count('class="item" href="/p/aurora/statement/') == 5


def test_a_paused_member_is_told_and_keeps_their_points(as_ada, ada):
    buy(ada, "r1", "10.00")
    ada.status = "blocked"
    ada.save()
    page = text_of(as_ada)
    assert "Your membership is paused" in page
    assert '<span class="figure">10</span>' in page


def test_dates_are_those_of_the_programs_zone(as_ada, ada, monkeypatch):
    from datetime import UTC, datetime

    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    earn(ada, 5, at=datetime(2026, 6, 30, 22, 10, tzinfo=UTC))  # already July in Oslo
    assert "July 2026" in text_of(as_ada, "/p/aurora/statement/")
    assert "Today" in text_of(as_ada, "/p/aurora/statement/")


def test_words_and_dates_are_in_the_members_language(as_ada, ada):
    ada.language = "nb"
    ada.save()
    buy(ada, "r1", "1234.00")
    assert '<html lang="nb"' in text_of(as_ada)
    assert "1\N{NO-BREAK SPACE}234" in as_ada.get(HOME).content.decode()


def test_home_takes_at_most_twelve_queries(stars, ada, django_assert_max_num_queries):
    for number in range(6):
        buy(ada, f"r{number}", "9.00", days_ago=number)
    earn(ada, 7, wallet=stars)
    client = client_of(ada)
    client.get(HOME)
    with django_assert_max_num_queries(12):
        client.get(HOME)


def hello(request):
    return [
        Tile("portal/parts/program_link.html", {"name": request.member.name}, urgency=90),
        Tile("portal/parts/brandmark.html"),
    ]


def play(request):
    return [NavEntry("play", "Play", "/play/", "play", 50)] if request.member.name == "Ada" else []


def test_apps_add_tiles_and_entries_by_name(as_ada, ada, monkeypatch):
    from config import wiring
    from loyalty.lib import portal

    monkeypatch.setattr(wiring, "PORTAL_TILES", ["tests.portal.test_home.hello"])
    monkeypatch.setattr(wiring, "PORTAL_NAV", [*wiring.PORTAL_NAV, "tests.portal.test_home.play"])
    portal._wired.cache_clear()
    page = as_ada.get(HOME)
    assert [tile.urgency for tile in page.context["tiles"]] == [90, 50]
    labels = [each for each in ("Home", "Earn", "Play", "Me") if f"</svg>{each}</a>" in page.content.decode()]
    assert labels == ["Home", "Earn", "Play", "Me"]
    portal._wired.cache_clear()
