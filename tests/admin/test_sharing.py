"""Things to share as campaign managers keep them."""

import pytest

from loyalty.programs.models.sharing import ShareItem
from tests.admin.pages import page_of
from tests.factories_of_activities import ShareFactory, ShareItemFactory

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
