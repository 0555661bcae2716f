"""What belongs to the installation: the outbox’s red list, the schedules, the users."""

import pytest
from django.apps import apps
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from config import admin as screens
from loyalty.lib import clock
from tests.admin.pages import page_of
from tests.admin.stock import model

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(world):
    now = clock.now()
    return model("Message").objects.create(
        event="a.b.Happened", payload={}, subscriber="c.d", state="failed", attempts=9, next_at=now, created_at=now
    )


def test_the_red_list_comes_first(boss, message):
    done = model("Message").objects.create(
        event="a.b.Fine", payload={}, subscriber="c.d", state="done", next_at=clock.now(), created_at=clock.now()
    )
    page = boss.get(page_of("message_changelist")).content.decode()
    assert "Happened" in page
    assert "Fine" not in page
    assert "Fine" in boss.get(page_of("message_changelist", state="all")).content.decode()
    assert boss.get(page_of("message_change", done.pk)).status_code == 200


def test_one_is_tried_again(boss, message):
    url = page_of("message_try_this_again", message.pk)
    assert "once more" in boss.get(url).content.decode()
    boss.post(url, {"yes": "1"})
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)
    answer = boss.post(url, {"yes": "1"}, follow=True)
    assert answer.status_code == 200


def test_many_are_tried_again(boss, message):
    boss.post(page_of("message_changelist"), {"action": "try_again", "_selected_action": [message.pk]})
    message.refresh_from_db()
    assert message.state == "waiting"


def test_staff_of_a_program_see_none_of_it(staff, world, message):
    browser = staff("program_admin")
    assert browser.get(page_of("message_try_this_again", message.pk)).status_code == 403
    assert browser.get(reverse("admin:django_celery_beat_periodictask_changelist")).status_code == 403
    page = browser.get(page_of("index")).content.decode()
    assert "This installation" not in page


@pytest.fixture
def job(db):
    every_night, _made = CrontabSchedule.objects.get_or_create(minute="15", hour="2")
    return PeriodicTask.objects.create(name="Test job", task="a.b", crontab=every_night, description="Does it.")


def job_page(part: str, job) -> str:
    return reverse(f"admin:django_celery_beat_periodictask_{part}", args=[job.pk])


def test_a_job_says_when_it_runs_and_is_switched_off(boss, world, job):
    page = boss.get(reverse("admin:django_celery_beat_periodictask_changelist")).content.decode()
    assert "Test job" in page
    assert "02:15" in page
    filled = {"description": "Does it.", "crontab": job.crontab_id, "interval": "", "_save": "1"}
    assert boss.post(job_page("change", job), filled).status_code == 302
    job.refresh_from_db()
    assert not job.enabled


def test_a_job_needs_one_schedule(boss, world, job):
    answer = boss.post(job_page("change", job), {"description": "", "crontab": "", "interval": "", "_save": "1"})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors


def test_a_job_is_run_now(boss, world, job, monkeypatch):
    sent = []
    monkeypatch.setattr(screens.app, "send_task", sent.append)
    assert "once more" in boss.get(job_page("run_now", job)).content.decode()
    boss.post(job_page("run_now", job), {"yes": "1"})
    assert sent == ["a.b"]


def test_users_are_found_by_address(boss, world):
    found = boss.get(page_of("user_changelist"), {"q": "ADA@"}).context["cl"].result_list
    assert [user.email for user in found] == ["ada@example.org"]


def test_an_operator_may_not_change_an_address(boss, world):
    user = world.ada.user
    filled = {"email": "x@example.org", "name": "Ada", "language": "en", "is_active": "on", "_save": "1"}
    boss.post(page_of("user_change", user.pk), filled)
    user.refresh_from_db()
    assert user.email == "ada@example.org"


def test_every_model_with_a_life_of_its_own_has_a_screen():
    from django.contrib import admin

    parts = {"Card", "Consent", "RuleCondition", "ActivityLine", "LotUse", "Hold", "Redating", "IdempotencyRecord"}
    parts |= {"ExpiryWarning", "InboxEntry", "PointsDay", "Watermark", "ProgramSnapshot", "ExpiryOutlook"}
    parts |= {"Tier", "TierStanding", "TierChange", "LadderReview", "AudienceCondition", "CapUse", "SegmentMember"}
    parts |= {
        "Return",
        "KindAttribute",
        "HouseholdMember",
        "HouseholdMove",
        "ReinstatedLot",
        "ExtensionCondition",
        "ExtensionRun",
        "TierWarning",
    }
    parts |= {"SurveyQuestion", "SurveyAnswer", "SurveyReply", "Share", "ShareVisit", "Flag", "HeldAward"}
    ours = {m.__name__ for m in apps.get_app_config("loyalty").get_models() if not m.__name__.startswith("Historical")}
    assert ours - parts - {m.__name__ for m in admin.site._registry} == set()
