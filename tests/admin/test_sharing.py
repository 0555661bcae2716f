"""Things to share as campaign managers keep them."""

import pytest

from loyalty.programs.models.sharing import ShareItem
from loyalty.programs.queries.sharing import items_of
from tests.admin.pages import page_of
from tests.factories_of_activities import ShareFactory, ShareItemFactory
from tests.till import rule

pytestmark = pytest.mark.django_db
FACTS = {
    "title": "Our new roast", "code": "roast", "text": "", "url": "https://shop.example.org/", "pays_on": "visit",
    "period": "week",
}  # fmt: skip


def test_kept_with_who_did_it(staff, world):
    assert staff("campaign_manager").post(page_of("shareitem_add"), FACTS).status_code == 302
    item = ShareItem.objects.get()
    assert (item.program, item.history.get().history_change_reason[:6]) == (world.aurora, "staff:")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/", "/roast", ""])
def test_it_leads_to_the_web(staff, world, url):
    assert staff("campaign_manager").post(page_of("shareitem_add"), FACTS | {"url": url}).status_code == 200
    assert ShareItem.objects.count() == 0


def test_the_list_says_what_came_of_it(staff, world):
    item = ShareItemFactory(program=world.aurora)
    ShareFactory(item=item, visits=3)
    ShareFactory(item=item, visits=4)
    row = staff("viewer").get(page_of("shareitem_changelist")).context["cl"].result_list[0]
    assert (row.count_links, row.sum_visits, row.count_paid) == (2, 7, 0)


def test_archiving_is_asked_first(staff, world):
    item = ShareItemFactory(program=world.aurora)
    browser = staff("campaign_manager")
    assert "count no more" in browser.get(page_of("shareitem_archive", item.pk)).content.decode()
    browser.post(page_of("shareitem_archive", item.pk))
    item.refresh_from_db()
    assert item.is_archived


def test_it_is_a_draft_until_it_is_published(staff, world):
    rule(world.aurora, "For shares", trigger="share", effect="fixed", points=10)
    browser = staff("campaign_manager")
    browser.post(page_of("shareitem_add"), FACTS)
    item = ShareItem.objects.get()
    assert (item.is_published, items_of(world.aurora)) == (False, [])
    assert "draft" in browser.get(page_of("shareitem_changelist")).content.decode()
    asked = browser.get(page_of("shareitem_publish", item.pk)).content.decode()
    for words in ("2 members can share it.", "once a week.", "You earn 10 points"):
        assert words in asked
    for _twice in range(2):
        browser.post(page_of("shareitem_publish", item.pk))
    assert items_of(world.aurora) == [item]
    assert ShareItem.objects.get().history.count() == 2
    address = page_of("shareitem_publish", item.pk)
    assert address not in browser.get(page_of("shareitem_change", item.pk)).content.decode()


def test_without_a_rule_it_says_that_it_pays_nothing(staff, world):
    item = ShareItemFactory(program=world.aurora, is_published=False)
    asked = staff("campaign_manager").get(page_of("shareitem_publish", item.pk)).content.decode()
    assert "No earning rule pays for “share” so far" in asked
