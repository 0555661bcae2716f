"""The draft as a page: what it would change, who may publish it, and the way back."""

import pytest
from django.urls import reverse

from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.services.versions import change_publishing


def page(part, *args):
    return reverse(f"admin:loyalty_programversion_{part}", args=args)


@pytest.fixture
def drafted(world):
    program = change_publishing(world.aurora, "draft", actor="staff:1")
    program.rules.update(points=3)
    return program


def test_the_draft_is_read_published_and_taken_back(staff, drafted):
    browser = staff("program_admin")
    told = browser.get(page("draft")).content.decode()
    assert "Members earn 1 point per 1\xa0€” becomes “Members earn 3 points per 1\xa0€" in told

    answer = browser.post(page("publish"), {"note": "Triple"}, follow=True)
    assert "Version 2 is in force" in answer.content.decode()
    first, second = ProgramVersion.objects.order_by("number")
    assert (second.note, second.published_by) == ("Triple", f"staff:{browser.user.pk}")

    assert "Put it in force again" in browser.get(page("change", first.pk)).content.decode()
    assert "Version 3 is in force" in browser.post(page("back", first.pk), follow=True).content.decode()
    assert drafted.rules.get().points == 1


def test_a_draft_is_thrown_away_after_a_question(staff, drafted):
    browser = staff("program_admin")
    assert "Throw the draft away?" in browser.get(page("discard")).content.decode()
    browser.post(page("discard"))

    assert drafted.rules.get().points == 1


@pytest.mark.parametrize("role", ["viewer", "support", "campaign_manager", "finance"])
def test_only_a_program_admin_publishes(staff, drafted, role):
    browser = staff(role)
    assert "Publish the draft" not in browser.get(page("draft")).content.decode()
    for part in ("publish", "discard", "manner", "start"):
        assert browser.post(page(part), {}).status_code == 403
    assert browser.post(page("back", drafted.published_id)).status_code == 403

    assert Program.objects.get(pk=drafted.pk).published.number == 1


def test_the_manner_of_publishing_is_chosen(staff, world):
    browser = staff("program_admin")
    browser.post(page("manner"), {"publishing": "four_eyes"})

    assert Program.objects.get(pk=world.aurora.pk).publishing == "four_eyes"
    assert "nothing changes for members" in browser.get(reverse("admin:loyalty_wallet_changelist")).content.decode()


def test_configuration_pages_tell_of_the_draft(staff, drafted):
    told = staff("viewer").get(reverse("admin:loyalty_earningrule_changelist")).content.decode()

    assert "There is a draft that is not published" in told


def test_a_program_starts_from_a_blueprint(staff, world):
    browser = staff("program_admin")
    assert "Café stars" in browser.get(page("start")).content.decode()
    browser.post(page("start"), {"blueprint": "cafe-stars"})

    assert [wallet.code for wallet in world.aurora.wallets.filter(is_archived=False)] == ["stars"]
