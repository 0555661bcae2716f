"""The way in: one sign-in for everyone, a second factor for staff."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from tests.admin.pages import page_of

pytestmark = pytest.mark.django_db


def test_the_back_office_sends_to_the_one_sign_in(client, world):
    answer = client.get(reverse("admin:login"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_staff_without_a_second_factor_are_led_to_set_it_up(settings, staff, world):
    settings.STAFF_MFA_REQUIRED = True
    browser = staff("program_admin")
    for url in (page_of("index"), page_of("member_change", world.ada.pk), page_of("member_export", "csv")):
        answer = browser.get(url, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/"), url
    assert any("2fa" in url for url, _status in answer.redirect_chain)


def test_with_a_second_factor_the_door_opens(settings, staff, world):
    settings.STAFF_MFA_REQUIRED = True
    browser = staff("program_admin")
    Authenticator.objects.create(user=browser.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert browser.get(page_of("index")).status_code == 200


def test_passwords_are_changed_where_everyone_changes_them(staff, world):
    browser = staff("viewer")
    assert browser.get(reverse("admin:password_change")).url == reverse("account_change_password")


def test_the_app_page_is_today(staff, world):
    assert staff("viewer").get(reverse("admin:app_list", args=["loyalty"])).url == page_of("index")


def test_forms_are_protected_against_other_sites(world):
    from loyalty.members.models import User
    from tests.world import PASSWORD

    browser = Client(enforce_csrf_checks=True)
    boss = User.objects.create_superuser("boss@example.org", PASSWORD)
    browser.force_login(boss, backend="loyalty.members.middleware.StaffAccessBackend")
    assert browser.post(page_of("member_adjust", world.ada.pk), {"points": "5"}).status_code == 403


def test_switching_leads_back_to_our_own_pages_only(boss, world):
    url = reverse("admin:open_program", args=[world.fjord.pk])
    assert boss.get(url, {"next": "https://evil.example/"}).url == page_of("index")
    assert boss.get(url, {"next": page_of("member_changelist")}).url == page_of("member_changelist")
    assert boss.get(page_of("index")).context["program"] == world.fjord


@pytest.mark.parametrize(("is_staff", "target"), [(True, "/admin/"), (False, "/")])
def test_after_sign_in_staff_go_to_work_and_others_to_their_program(client, world, is_staff, target):
    from tests.world import PASSWORD, new_user

    nell = new_user("nell@example.org")
    type(nell).objects.filter(pk=nell.pk).update(is_staff=is_staff)
    answer = client.post(reverse("account_login"), {"login": "nell@example.org", "password": PASSWORD})
    assert answer.url == target
