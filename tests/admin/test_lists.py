"""Every registered screen: its list opens, and costs the same with one row and with three."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.stock import add_one_of_each


def address(model, part: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{part}", args=args)


def screens():
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def queries_of(browser, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(url).status_code == 200, url
    return len(captured)


@pytest.mark.django_db
def test_lists_cost_the_same_with_three_rows_as_with_one(boss, world):
    add_one_of_each(world.aurora, 1)
    urls = {model._meta.label: address(model, "changelist") for model in screens()}
    for url in urls.values():
        boss.get(url)  # what is read once per process
    before = {label: queries_of(boss, url) for label, url in urls.items()}
    add_one_of_each(world.aurora, 2)
    add_one_of_each(world.aurora, 3)
    assert {label: queries_of(boss, url) for label, url in urls.items()} == before


@pytest.mark.django_db
def test_lists_are_cheap(boss, world):
    add_one_of_each(world.aurora, 1)
    costs = {model._meta.label: queries_of(boss, address(model, "changelist")) for model in screens()}
    assert {label: cost for label, cost in costs.items() if cost > 14} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["channel=%00", "status__exact=%00", "id__exact=x"])
def test_a_filter_that_makes_no_sense_leads_back_to_the_list(boss, world, asked):
    wrong = []
    for model in screens():
        lists = [address(model, "changelist")]
        if hasattr(admin.site._registry[model], "export_view"):
            lists += [address(model, "export", "csv"), address(model, "export", "xlsx")]
        wrong += [url for url in lists if boss.get(f"{url}?{asked}").status_code not in (200, 302)]
    assert wrong == []


@pytest.mark.django_db
def test_every_row_has_a_page(boss, world):
    add_one_of_each(world.aurora, 1)
    for model in screens():
        screen = admin.site._registry[model]
        for row in screen.get_queryset(_request(boss))[:2]:
            answer = boss.get(address(model, "change", row.pk))
            assert answer.status_code == 200, model._meta.label
            assert boss.get(address(model, "history", row.pk)).status_code == 200, model._meta.label


@pytest.mark.django_db
def test_every_form_for_a_new_one_opens(boss, world):
    for model in screens():
        screen = admin.site._registry[model]
        expected = 200 if screen.has_add_permission(_request(boss)) else 403
        assert boss.get(address(model, "add")).status_code == expected, model._meta.label


def _request(browser):
    answer = browser.get(reverse("admin:index"))
    return answer.wsgi_request
