"""Sharing: each thing pays once per member and period, for the sharing itself or for the first visit of another."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.members.errors import MemberNotActive
from loyalty.members.services.members import update_member
from loyalty.programs.errors.sharing import SharingClosed, UnknownShare
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.sharing import Share, ShareItem, ShareVisit
from loyalty.programs.queries.sharing import item_by_code
from loyalty.programs.rules.sharing import networks_for, period_of, visitor_of
from loyalty.programs.services.sharing import archive_share_item, count_visit, link_for, tell_shared
from tests.factories_of_activities import ShareItemFactory
from tests.till import active, rule

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 16, 12, tzinfo=ZoneInfo("Europe/Oslo"))  # a Monday


@pytest.fixture
def item(world):
    rule(world.aurora, "For sharing", trigger="share", effect="fixed", points=10)
    return ShareItemFactory(program=world.aurora, code="roast", pays_on="visit", period="week")


def link(item, member, at=NOON, origin="own") -> Share:
    return link_for(item, member, origin=origin, at=at)


def visit(share, visitor="other", user_id=None, at=NOON) -> bool:
    return count_visit(share, visitor=visitor, user_id=user_id, at=at)


def test_the_first_visit_of_another_pays_once(world, item):
    share = link(item, world.ada)
    assert [visit(share), visit(share), visit(share, "third")] == [True, False, True]
    share.refresh_from_db()
    assert (share.visits, active(world.ada)) == (2, 10)
    activity = Activity.objects.get(type="share")
    assert (activity.external_id, activity.attributes) == (
        f"share:{item.pk}:{world.ada.number}:2026-W47",
        {"item": "roast"},
    )
    assert share.activity == activity


def test_ones_own_visits_do_not_count(world, item):
    share = link(item, world.ada)
    assert [visit(share, "own"), visit(share, "phone", world.ada.user_id)] == [False, False]
    assert (ShareVisit.objects.count(), active(world.ada)) == (0, 0)
    assert visit(share, "phone", world.ben.user_id)
    link(item, world.ada, origin="laptop")
    assert not visit(share, "laptop")


def test_saying_so_pays_once_where_the_sharing_itself_earns(world, item):
    item.pays_on = "share"
    item.save()
    share = link(item, world.ada)
    for _again in range(2):
        tell_shared(share, actor="m", at=NOON)
    assert visit(share)
    assert active(world.ada) == 10
    assert Share.objects.get().shared_at == NOON


def test_saying_so_pays_nothing_where_visits_earn(world, item):
    tell_shared(link(item, world.ada), actor="m", at=NOON)
    assert active(world.ada) == 0


def test_a_new_period_is_a_new_link(world, item):
    first, second = link(item, world.ada), link(item, world.ada, NOON + timedelta(days=7))
    assert link(item, world.ada, NOON + timedelta(days=6)).token == first.token != second.token
    for share in (first, second, second):
        visit(share, at=NOON + timedelta(days=7))
    assert active(world.ada) == 20


def test_every_member_and_thing_on_its_own(world, item):
    other = ShareItemFactory(program=world.aurora)
    for share in (link(item, world.ada), link(other, world.ada), link(item, world.ben)):
        visit(share)
    assert (active(world.ada), active(world.ben)) == (20, 10)


def test_within_its_time_alone(world, item):
    item.starts_at, item.ends_at = NOON, NOON + timedelta(hours=2)
    item.save()
    for closed in (NOON - timedelta(seconds=1), NOON + timedelta(hours=2)):
        with pytest.raises(SharingClosed):
            link(item, world.ada, closed)
    share = link(item, world.ada)
    assert not visit(share, at=NOON + timedelta(hours=2))
    with pytest.raises(SharingClosed):
        tell_shared(share, actor="m", at=NOON + timedelta(hours=2))
    archive_share_item(item, actor="s")
    assert not visit(share)
    assert active(world.ada) == 0


def test_whoever_is_blocked_earns_nothing_and_visitors_go_on(world, item):
    share = link(item, world.ada)
    update_member(world.ada, actor="t", status="blocked")
    assert visit(share)
    item.pays_on = "share"
    item.save()
    with pytest.raises(MemberNotActive):
        tell_shared(share, actor="m", at=NOON)
    assert (Share.objects.get().shared_at, Share.objects.get().activity) == (None, None)
    assert active(world.ada) == 0


@pytest.mark.parametrize(
    ("period", "name"), [("ever", "ever"), ("month", "2027-01"), ("week", "2026-W53"), ("day", "2027-01-01")]
)
def test_periods(period, name):
    assert period_of(period, date(2027, 1, 1)) == name


def test_visitors_are_told_apart_and_lead_back_to_nobody():
    told = visitor_of("secret", "10.0.0.1", "Firefox")
    assert told == visitor_of("secret", "10.0.0.1", "Firefox")
    assert len({told, visitor_of("other", "10.0.0.1", "Firefox"), visitor_of("secret", "10.0.0.1", "Safari")}) == 3
    assert "10.0.0.1" not in told


def test_networks_get_words_and_link_whole():
    found = dict(networks_for("https://a.example/s/x?b=1&c", "Roast & co", "Plums? Yes & no"))
    assert found["WhatsApp"] == ("https://wa.me/?text=Plums%3F+Yes+%26+no+https%3A%2F%2Fa.example%2Fs%2Fx%3Fb%3D1%26c")
    assert found["E-mail"].startswith("mailto:?subject=Roast%20%26%20co&body=Plums%3F%20Yes%20%26%20no%20https")
    assert all(address.split(":")[0] in ("https", "mailto", "sms") for address in found.values())


def test_a_draft_is_not_shared_and_its_links_count_nothing(world, item):
    share = link_for(item, world.ada, origin="own")
    ShareItem.objects.update(is_published=False)
    draft = ShareItem.objects.get()
    with pytest.raises(SharingClosed):
        link_for(draft, world.ben, origin="other")
    assert count_visit(share, visitor="somebody", user_id=None) is False
    with pytest.raises(UnknownShare):
        item_by_code(world.aurora, item.code)
