"""Who may open and do what: role × page. A page that is not in the table fails the build."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch

from loyalty.lib.admin.screens import OperatorScreen, ProgramScreen
from tests.admin.pages import page_of
from tests.admin.stock import add_one_of_each, model

ROLES = ("viewer", "support", "campaign_manager", "finance", "program_admin")
EVERYONE = set(ROLES)
CARE = {"support", "program_admin"}
POINTS = {"support", "finance", "program_admin"}
RULES = {"campaign_manager", "program_admin"}
MONEY = {"finance", "program_admin"}
ADMIN = {"program_admin"}

# page → who may open it; {} stands for the thing of that kind in the person's own program
LISTS = {
    "member_changelist": EVERYONE,
    "wallet_changelist": EVERYONE,
    "earningrule_changelist": EVERYONE,
    "tierset_changelist": EVERYONE,
    "campaign_changelist": EVERYONE,
    "campaign_calendar": EVERYONE,
    "campaign_add": RULES,
    "cap_changelist": EVERYONE,
    "cap_add": RULES,
    "velocityrule_changelist": EVERYONE,
    "velocityrule_add": RULES,
    "reviewcase_changelist": EVERYONE,
    "reviewcase_cashiers": EVERYONE,
    "reviewcase_add": set(),
    "reviewcase_release": set(),  # of which cases? test_watching.py says
    "reviewcase_refuse": set(),
    "segment_changelist": EVERYONE,
    "segment_add": RULES,
    "activitykind_changelist": EVERYONE,
    "place_changelist": EVERYONE,
    "referral_changelist": EVERYONE,
    "referralpolicy_changelist": EVERYONE,
    "referral_add": set(),
    "referralpolicy_add": set(),  # there is one already
    "reviewpolicy_changelist": EVERYONE,
    "reviewpolicy_add": set(),  # there is one already
    "review_changelist": EVERYONE,
    "review_add": set(),
    "shareitem_changelist": EVERYONE,
    "shareitem_add": RULES,
    "survey_changelist": EVERYONE,
    "survey_add": RULES,
    "consenttext_changelist": EVERYONE,
    "activity_changelist": EVERYONE,
    "posting_changelist": EVERYONE,
    "account_changelist": EVERYONE,
    "lot_changelist": EVERYONE,
    "purchaseimport_changelist": EVERYONE,
    "delivery_changelist": EVERYONE,
    "program_changelist": EVERYONE,
    "staffaccess_changelist": ADMIN,
    "apikey_changelist": ADMIN,
    "user_changelist": set(),
    "message_changelist": set(),
    "index": EVERYONE,
    "program_terms": EVERYONE,
    "earningrule_try": EVERYONE,
    "reinstatementpolicy_changelist": EVERYONE,
    "reinstatementpolicy_add": ADMIN,
    "reinstatement_changelist": EVERYONE,
    "reinstatement_add": set(),
    "extension_changelist": EVERYONE,
    "extension_add": ADMIN,
    "conversionrate_changelist": EVERYONE,
    "conversionrate_add": ADMIN,
    "conversion_changelist": EVERYONE,
    "conversion_add": set(),
    "householdpolicy_changelist": EVERYONE,
    "householdpolicy_add": set(),
    "household_changelist": EVERYONE,
    "household_add": set(),
    "backtest_changelist": EVERYONE,
    "backtest_add": RULES,
    "programversion_changelist": EVERYONE,
    "programversion_draft": EVERYONE,
    "programversion_publish": ADMIN,
    "programversion_discard": ADMIN,
    "programversion_manner": ADMIN,
    "programversion_start": ADMIN,
    "programversion_add": set(),
    "transferpolicy_changelist": EVERYONE,
    "transferpolicy_add": ADMIN,
    "transfer_changelist": EVERYONE,
    "transfer_add": set(),
    "member_add": CARE,
    "wallet_add": ADMIN,
    "earningrule_add": RULES,
    "tierset_add": RULES,
    "activitykind_add": RULES,
    "place_add": RULES,
    "consenttext_add": ADMIN,
    "purchaseimport_add": MONEY,
    "staffaccess_add": ADMIN,
    "apikey_add": ADMIN,
    "program_add": set(),
    "posting_add": set(),
    "activity_add": set(),
    "delivery_add": set(),
}
THINGS = {
    "member_change": EVERYONE,
    "member_edit": CARE,
    "member_adjust": POINTS,
    "member_tier": CARE,
    "member_timeline": EVERYONE,
    "member_statement": MONEY,
    "member_history": EVERYONE,
    "reinstatementpolicy_change": EVERYONE,
    "reinstatementpolicy_history": EVERYONE,
    "reinstatement_change": EVERYONE,
    "reinstatement_pay": CARE,
    "reinstatement_cancel": CARE,
    "member_expired": CARE,
    "extension_change": EVERYONE,
    "extension_history": EVERYONE,
    "extension_reach": ADMIN,
    "conversionrate_change": EVERYONE,
    "conversionrate_history": EVERYONE,
    "conversion_change": EVERYONE,
    "householdpolicy_change": EVERYONE,
    "householdpolicy_history": EVERYONE,
    "household_change": EVERYONE,
    "household_dissolve": CARE,
    "transferpolicy_change": EVERYONE,
    "transferpolicy_history": EVERYONE,
    "transfer_change": EVERYONE,
    "transfer_stop": CARE,
    "backtest_change": EVERYONE,
    "backtest_progress": EVERYONE,
    "backtest_history": EVERYONE,
    "programversion_change": EVERYONE,
    "programversion_back": ADMIN,
    "programversion_history": EVERYONE,
    "wallet_change": EVERYONE,
    "wallet_archive": ADMIN,
    "wallet_history": EVERYONE,
    "earningrule_change": EVERYONE,
    "tierset_change": EVERYONE,
    "tierset_history": EVERYONE,
    "tierset_archive": RULES,
    "campaign_change": EVERYONE,
    "campaign_history": EVERYONE,
    "campaign_archive": RULES,
    "cap_change": EVERYONE,
    "cap_history": EVERYONE,
    "velocityrule_change": EVERYONE,
    "velocityrule_history": EVERYONE,
    "reviewcase_change": EVERYONE,
    "segment_change": EVERYONE,
    "segment_history": EVERYONE,
    "segment_put_on": RULES,
    "segment_take_off": RULES,
    "activitykind_change": EVERYONE,
    "place_change": EVERYONE,
    "referral_change": EVERYONE,
    "referralpolicy_change": EVERYONE,
    "referralpolicy_history": EVERYONE,
    "reviewpolicy_change": EVERYONE,
    "reviewpolicy_history": EVERYONE,
    "review_change": EVERYONE,
    "review_approve": CARE,
    "review_refuse": CARE,
    "shareitem_change": EVERYONE,
    "shareitem_history": EVERYONE,
    "shareitem_archive": RULES,
    "shareitem_publish": RULES,
    "survey_change": EVERYONE,
    "survey_history": EVERYONE,
    "survey_preview": EVERYONE,
    "survey_summary": EVERYONE,
    "survey_publish": RULES,
    "survey_duplicate": RULES,
    "survey_archive": RULES,
    "survey_answers-csv": RULES,
    "survey_answers-xlsx": RULES,
    "place_show": CARE | RULES,
    "place_archive": RULES,
    "place_history": EVERYONE,
    "activitykind_archive": RULES,
    "activitykind_history": EVERYONE,
    "earningrule_archive": RULES,
    "earningrule_duplicate": RULES,
    "activity_change": EVERYONE,
    "activity_return": POINTS,
    "purchaseimport_change": EVERYONE,
    "purchaseimport_progress": EVERYONE,
    "purchaseimport_apply": MONEY,
    "apikey_change": ADMIN,
    "apikey_revoke": ADMIN,
    "staffaccess_change": ADMIN,
    "staffaccess_withdraw": ADMIN,
    "delivery_change": EVERYONE,
    "posting_change": EVERYONE,
}


def thing(name: str, program):
    """One row of that kind in `program`."""
    kind = name.partition("_")[0]
    screen = next(s for m, s in admin.site._registry.items() if m._meta.model_name == kind)
    scope = screen.scope or "pk"
    return model(kind)._default_manager.filter(**{scope: program.pk}).latest("pk")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_pages_by_role(role, staff, world):
    add_one_of_each(world.aurora, 1)
    browser = staff(role)
    asked = {name: page_of(name) for name in LISTS}
    asked |= {name: page_of(name, thing(name, world.aurora).pk) for name in THINGS}
    allowed = {name for name, roles in (LISTS | THINGS).items() if role in roles}
    opened = {name for name, url in asked.items() if browser.get(url).status_code == 200}
    assert opened == allowed


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_what_may_not_be_opened_may_not_be_posted(role, staff, world):
    add_one_of_each(world.aurora, 1)
    browser = staff(role)
    for name, roles in THINGS.items():
        if role not in roles:
            answer = browser.post(page_of(name, thing(name, world.aurora).pk), {"_save": "1"})
            assert answer.status_code == 403, (role, name)


@pytest.mark.django_db
def test_a_viewer_saves_nothing(staff, world):
    add_one_of_each(world.aurora, 1)
    browser = staff("viewer")
    for kind in ("wallet", "earningrule", "consenttext", "program"):
        row = thing(f"{kind}_change", world.aurora)
        assert browser.post(page_of(f"{kind}_change", row.pk), {"name": "Mine"}).status_code == 403, kind


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in(client, world):
    answer = client.get(page_of("index"))
    assert answer.status_code == 302
    assert client.get(answer.url).url.startswith("/accounts/login/")


@pytest.mark.django_db
def test_a_member_is_no_staff(client, world):
    client.force_login(world.ada.user, backend="loyalty.members.middleware.StaffAccessBackend")
    answer = client.get(page_of("index"), follow=True)
    assert answer.status_code == 403


@pytest.mark.django_db
def test_staff_without_a_program_are_told_so(client, world):
    world.pia.is_staff = True
    world.pia.save()
    client.force_login(world.pia, backend="loyalty.members.middleware.StaffAccessBackend")
    answer = client.get(page_of("index"))
    assert "nobody has given you a program" in answer.content.decode()
    assert client.get(page_of("member_changelist")).status_code == 403


def test_every_screen_is_in_the_table():
    named = {name.partition("_")[0] for name in LISTS}
    screens = {m._meta.model_name: s for m, s in admin.site._registry.items() if m._meta.app_label == "loyalty"}
    assert set(screens) - named == set()
    assert [n for n, s in screens.items() if not isinstance(s, ProgramScreen | OperatorScreen)] == []


def test_every_page_of_its_own_is_in_the_table():
    """Small pages are where consequences are: none without a row of its own."""
    known = set(LISTS) | set(THINGS) | INSIDE
    own = set()
    for kind, screen in admin.site._registry.items():
        if kind._meta.app_label == "loyalty":
            parts = [*screen.list_pages, *screen.detail_pages, *screen.actions_detail]
            own |= {f"{kind._meta.model_name}_{part}" for part in parts}
    assert own - known == set()


# Parts of pages, asked for by the pages themselves; `test_programs_apart.py` asks for them from outside.
INSIDE = {
    "member_movement",
    "conversionrate_preview",
    "reinstatementpolicy_preview",
    "wallet_preview",
    "earningrule_try-draft",
    "earningrule_sentence",
    "tierset_preview",
    "program_brand",
    "program_open",
    "message_try_this_again",
}


def test_names_of_the_table_exist():
    for name in LISTS:
        page_of(name)
    for name in THINGS:
        try:
            page_of(name, 1)
        except NoReverseMatch:
            pytest.fail(name)
