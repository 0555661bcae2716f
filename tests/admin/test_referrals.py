"""Invitations in the back office: the policy once, the list with reasons."""

import pytest

from loyalty.programs.models.referrals import ReferralPolicy
from tests.admin.pages import page_of
from tests.factories_of_activities import ReferralFactory, ReferralPolicyFactory

pytestmark = pytest.mark.django_db
GOOD = {"is_active": "on", "minimum_purchase": "25", "attribution_days": "30", "return_days": "14"}


def test_there_is_one_policy_and_it_is_signed(staff, world):
    browser = staff("campaign_manager")
    assert browser.post(page_of("referralpolicy_add"), GOOD).status_code == 302
    policy = ReferralPolicy.objects.get()
    assert (policy.program, policy.history.get().history_change_reason[:6]) == (world.aurora, "staff:")
    assert browser.get(page_of("referralpolicy_add")).status_code == 403


@pytest.mark.parametrize("wrong", [{"minimum_purchase": "-1"}, {"attribution_days": "0"}, {"return_days": "400"}])
def test_nonsense_is_refused(staff, world, wrong):
    assert staff("campaign_manager").post(page_of("referralpolicy_add"), GOOD | wrong).status_code == 200
    assert not ReferralPolicy.objects.exists()


def test_the_list_says_why(staff, world):
    ReferralFactory(program=world.aurora, referrer=world.ada, friend=world.ben, state="refused", reason="same_email")
    ReferralFactory(program=world.fjord, state="refused", reason="same_phone")
    page = staff("viewer").get(page_of("referral_changelist")).content.decode()
    assert "both addresses lead to one mailbox" in page
    assert page.count("both have the same phone number") == page.count("one of the two is no longer")  # the filter


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_no_more_for_more_rows(staff, world, rows, django_assert_max_num_queries):
    ReferralPolicyFactory(program=world.aurora)
    for _number in range(rows):
        ReferralFactory(program=world.aurora)
    browser = staff("viewer")
    with django_assert_max_num_queries(14):
        browser.get(page_of("referral_changelist"))
