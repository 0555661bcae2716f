"""Program, consent texts, keys, staff: what a program admin sets up."""

import pytest
from django.contrib import admin
from django.urls import reverse

from loyalty.members.models import ApiKey, ConsentText, StaffAccess, User
from loyalty.members.queries import api_key_for
from loyalty.programs.models.program import Program
from tests.admin.pages import page_of
from tests.admin.stock import add_one_of_each

pytestmark = pytest.mark.django_db


def settings_of(program, **more):
    plain = {"name": program.name, "brand_color": "#7a1f3d", "accent_color": "#c98a1b", "time_zone": "Europe/Oslo"}
    plain |= {"currency": "EUR", "languages": ["en", "nb"], "debt_policy": "unlimited", "warn_days": "30, 7"}
    return (
        plain | {"terms_url": "", "terms_text": "Be nice.", "sender_email": "", "is_active": "on", "_save": "1"} | more
    )


def test_a_program_is_set_up_and_its_history_is_told(staff, world):
    browser = staff("program_admin")
    assert browser.get(page_of("program_open")).url == page_of("program_change", world.aurora.pk)
    answer = browser.post(page_of("program_change", world.aurora.pk), settings_of(world.aurora))
    assert answer.status_code == 302
    world.aurora.refresh_from_db()
    assert (world.aurora.warn_days, world.aurora.languages) == ([30, 7], ["en", "nb"])
    page = browser.get(page_of("program_history", world.aurora.pk)).content.decode()
    for words in ("#1f4d3a", "#7a1f3d", "Be nice.", "program_admin"):
        assert words in page, words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("brand_color", "red"),
        ("currency", "euro"),
        ("warn_days", "30, x"),
        ("warn_days", "0"),
        ("languages", ["xx"]),
        ("name", ""),
        ("terms_url", "javascript:alert(1)"),
    ],
)
def test_settings_that_make_no_sense_are_refused(staff, world, field, value):
    answer = staff("program_admin").post(
        page_of("program_change", world.aurora.pk), settings_of(world.aurora) | {field: value}
    )
    assert field in answer.context["adminform"].form.errors


def test_the_currency_stays_once_there_are_purchases(staff, world):
    add_one_of_each(world.aurora, 1)
    staff("program_admin").post(page_of("program_change", world.aurora.pk), settings_of(world.aurora, currency="NOK"))
    world.aurora.refresh_from_db()
    assert world.aurora.currency == "EUR"


@pytest.mark.parametrize(
    ("colour", "words"), [("#1f4d3a", "read well on white"), ("#ffe680", "hard to read"), ("x", "")]
)
def test_colours_are_judged_before_they_are_saved(staff, world, colour, words):
    answer = staff("viewer").post(page_of("program_brand"), {"brand_color": colour, "accent_color": "#c98a1b"})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_terms_follow_from_the_rules(staff, world):
    page = staff("viewer").get(page_of("program_terms")).content.decode()
    assert "You earn 1 point per" in page


def test_whoever_runs_the_installation_opens_programs(boss, world):
    filled = {"name": "Nova", "code": "nova", "currency": "EUR", "time_zone": "Europe/Oslo", "expires_months": "12"}
    assert boss.post(page_of("program_add"), filled | {"points_per": "1"}).status_code == 302
    nova = Program.objects.get(code="nova")
    assert (nova.wallets.count(), nova.rules.count()) == (1, 1)
    assert "Get Nova going" in boss.get(page_of("index")).content.decode()
    assert boss.post(page_of("program_add"), filled).status_code == 422
    assert boss.post(page_of("program_add"), filled | {"code": "admin"}).status_code == 422


def test_other_words_make_a_new_version(staff, world):
    browser = staff("program_admin")
    old = ConsentText.objects.get(program=world.aurora, purpose="marketing")
    browser.post(page_of("consenttext_change", old.pk), {"text": "Send me letters.", "is_required": "", "_save": "1"})
    old.refresh_from_db()
    new = ConsentText.objects.get(program=world.aurora, purpose="marketing", is_current=True)
    assert (old.text, old.is_current, new.version, new.text) == ("Send me offers.", False, 2, "Send me letters.")
    assert browser.post(page_of("consenttext_change", old.pk), {"text": "Back"}).status_code == 403


def test_a_new_purpose(staff, world):
    filled = {"purpose": "profiling", "text": "Look at what I buy.", "is_required": ""}
    assert staff("program_admin").post(page_of("consenttext_add"), filled).status_code == 302
    assert ConsentText.objects.filter(program=world.aurora, purpose="profiling").exists()


def test_a_key_is_shown_once_and_revoked(staff, world):
    browser = staff("program_admin")
    answer = browser.post(page_of("apikey_add"), {"name": "Till", "scopes": ["purchases:write"]})
    secret = answer.context["issued"].secret
    assert secret in answer.content.decode()
    key = ApiKey.objects.get()
    assert api_key_for(secret).pk == key.pk
    assert secret not in browser.get(page_of("apikey_change", key.pk)).content.decode()
    assert "opens" not in browser.get(page_of("apikey_revoke", key.pk)).content.decode()
    browser.post(page_of("apikey_revoke", key.pk), {"yes": "1"})
    assert api_key_for(secret) is None


@pytest.mark.parametrize("filled", [{"name": "", "scopes": ["all"]}, {"name": "Till"}, {"name": "T", "scopes": ["x"]}])
def test_a_key_needs_a_name_and_a_purpose(staff, world, filled):
    assert staff("program_admin").post(page_of("apikey_add"), filled).status_code == 422
    assert not ApiKey.objects.exists()


def test_someone_new_may_work_here(staff, world):
    browser = staff("program_admin")
    answer = browser.post(page_of("staffaccess_add"), {"email": "New@Example.org", "role": "support"})
    assert answer.status_code == 302
    access = StaffAccess.objects.get(user__email="new@example.org")
    assert (access.program, access.user.is_staff, access.user.is_superuser) == (world.aurora, True, False)
    browser.post(page_of("staffaccess_change", access.pk), {"role": "viewer"})
    access.refresh_from_db()
    assert access.role.name == "Viewer"
    browser.post(page_of("staffaccess_withdraw", access.pk), {"yes": "1"})
    assert not StaffAccess.objects.filter(pk=access.pk).exists()


@pytest.mark.parametrize("role", ["boss", "", "superuser"])
def test_there_are_five_roles(staff, world, role):
    answer = staff("program_admin").post(page_of("staffaccess_add"), {"email": "n@example.org", "role": role})
    assert answer.status_code == 422
    assert not User.objects.filter(email="n@example.org").exists()


def test_someone_known_keeps_the_sign_in(staff, world):
    staff("program_admin").post(page_of("staffaccess_add"), {"email": "ADA@example.org", "role": "viewer"})
    assert StaffAccess.objects.get(user=world.ada.user).program == world.aurora


def test_no_field_of_a_form_goes_unshown(boss, world):
    """Every field that a screen lists is one that it has."""
    for kind, screen in admin.site._registry.items():
        for fieldset in screen.get_fieldsets(boss.get(reverse("admin:index")).wsgi_request):
            assert fieldset[1]["fields"], kind
