"""A file of purchases: uploaded, checked in the background, applied on a second decision."""

from io import BytesIO

import pytest

from loyalty.programs.admin import imports as screen
from loyalty.programs.models.activity import PurchaseImport
from loyalty.programs.services.uploads import work_on_uploads
from tests.admin.pages import page_of
from tests.admin.stock import model

pytestmark = pytest.mark.django_db
HEADER = "external_id,member,occurred_on,quantity,amount\n"
GOOD = HEADER + "r-1,ada,2026-03-01,1,10.00\nr-2,new,2026-03-02,1,20.50\n"
BAD = HEADER + "r-1,ada,2026-13-01,1,10.00\nr-2,new,2026-03-02,1,ten\n"


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def send(browser, text: str, name: str = "march.csv"):
    file = BytesIO(text.encode())
    file.name = name
    return browser.post(page_of("purchaseimport_add"), {"file": file})


def test_checked_then_applied(staff, world):
    browser = staff("finance")
    url = send(browser, GOOD).url
    upload = PurchaseImport.objects.get()
    assert (upload.state, upload.uploaded_by, upload.program) == ("waiting", browser.user, world.aurora)
    assert work_on_uploads() == 1
    page = browser.get(url).content.decode()
    assert "What this file would do" in page
    assert not model("Activity").objects.exists()
    apply = page_of("purchaseimport_apply", upload.pk)
    assert "2 purchases are recorded" in browser.get(apply).content.decode()
    browser.post(apply, {"yes": "1"})
    assert work_on_uploads() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.report["points_awarded"], upload.done_rows) == ("applied", 30, 2)
    assert "What was imported" in browser.get(url).content.decode()
    assert model("Posting").objects.first().actor == f"staff:{browser.user.pk}"


def test_mistakes_are_named_by_line_and_column(staff, world):
    browser = staff("finance")
    url = send(browser, BAD).url
    work_on_uploads()
    page = browser.get(url).content.decode()
    for words in ("cannot be imported", "occurred_on", "2026-13-01", "amount", "ten"):
        assert words in page, words
    upload = PurchaseImport.objects.get()
    assert upload.state == "refused"
    browser.post(page_of("purchaseimport_apply", upload.pk), {"yes": "1"})
    assert work_on_uploads() == 0
    assert not model("Activity").objects.exists()


def test_the_same_file_again_brings_nothing(staff, world):
    browser = staff("finance")
    for _time in range(2):
        send(browser, GOOD)
        work_on_uploads()
        browser.post(page_of("purchaseimport_apply", PurchaseImport.objects.latest("pk").pk), {"yes": "1"})
        work_on_uploads()
    assert model("Activity").objects.count() == 2
    again = PurchaseImport.objects.latest("pk")
    assert (again.report["imported"], again.report["skipped"]) == (0, 2)


def test_applying_waits_for_the_check(staff, world):
    browser = staff("finance")
    send(browser, GOOD)
    upload = PurchaseImport.objects.get()
    answer = browser.post(page_of("purchaseimport_apply", upload.pk), {"yes": "1"}, follow=True)
    assert "not ready for that step" in answer.content.decode()
    upload.refresh_from_db()
    assert upload.state == "waiting"


def test_a_file_whose_worker_died_is_taken_up_again(staff, world):
    send(staff("finance"), GOOD)
    PurchaseImport.objects.update(state="checking")
    assert work_on_uploads() == 1
    assert PurchaseImport.objects.get().state == "checked"


def test_without_a_worker_the_page_says_so(staff, world, monkeypatch):
    monkeypatch.setattr(screen.current_app.control, "ping", lambda **_how: [])
    browser = staff("finance")
    url = send(browser, GOOD).url
    assert "No worker is running" in browser.get(url).content.decode()
    upload = PurchaseImport.objects.get()
    part = browser.get(page_of("purchaseimport_progress", upload.pk)).content.decode()
    assert 'hx-trigger="every 1500ms"' in part
    work_on_uploads()
    assert "hx-trigger" not in browser.get(page_of("purchaseimport_progress", upload.pk)).content.decode()


def test_a_broken_queue_stops_nobody(staff, world, monkeypatch):
    def refuse(*_args, **_how):
        raise ConnectionError("no broker")

    monkeypatch.setattr(screen.current_app, "send_task", refuse)
    monkeypatch.setattr(screen.current_app.control, "ping", refuse)
    browser = staff("finance")
    answer = send(browser, GOOD)
    assert browser.get(answer.url).status_code == 200


@pytest.mark.parametrize(("text", "name"), [("", "empty.csv"), (GOOD, "march.exe")])
def test_files_that_are_none_are_refused(staff, world, text, name):
    answer = send(staff("finance"), text, name)
    assert answer.status_code == 422
    assert not PurchaseImport.objects.exists()


@pytest.mark.parametrize("text", ["\x00\x01\x02", "a,b\n1,2\n", HEADER, '"' * 1000])
def test_nonsense_is_refused_with_a_reason(staff, world, text):
    browser = staff("finance")
    url = send(browser, text).url
    work_on_uploads()
    upload = PurchaseImport.objects.get()
    assert upload.state in ("refused", "checked", "failed")
    assert upload.report.get("imported", 0) == 0
    assert browser.get(url).status_code == 200


def test_a_closed_program_takes_none(staff, world):
    world.aurora.is_active = False
    world.aurora.save()
    browser = staff("finance")
    url = send(browser, GOOD).url
    work_on_uploads()
    assert "closed" in browser.get(url).content.decode()
