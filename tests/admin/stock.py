"""Rows behind every staff screen: one call adds one of each to a program, through the services where there are any."""

from datetime import timedelta
from decimal import Decimal

from django.apps import apps

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.services.keys import issue_api_key
from loyalty.members.services.staff import grant_access
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from tests.factories import (
    ConsentTextFactory,
    EarningRuleFactory,
    MemberFactory,
    PurchaseImportFactory,
    RuleConditionFactory,
    SegmentFactory,
    UserFactory,
    WalletFactory,
)
from tests.factories_of_activities import (
    KindAttributeFactory,
    PlaceFactory,
    ReferralFactory,
    ReferralPolicyFactory,
    ReviewFactory,
    ReviewPolicyFactory,
    ShareItemFactory,
    SurveyReplyFactory,
)
from tests.factories_of_programs import (
    BacktestFactory,
    CampaignFactory,
    CapFactory,
    ConversionFactory,
    ConversionRateFactory,
    ExtensionConditionFactory,
    FlagFactory,
    HouseholdFactory,
    HouseholdMemberFactory,
    ProgramVersionFactory,
    ReinstatementFactory,
    ReinstatementPolicyFactory,
    ReviewCaseFactory,
    TierFactory,
    TransferFactory,
    TransferPolicyFactory,
    VelocityRuleFactory,
)


def model(name: str):
    return apps.get_model("loyalty", name)


def add_one_of_each(program, number: int):
    """A member with a purchase and an open lot; a rule, a wallet, texts, keys, a colleague, an import, letters."""
    member = MemberFactory(program=program, name=f"Person {number}")
    bought = PurchaseFacts(
        source="till",
        receipt=f"{program.code}-{number}",
        member=member,
        at=clock.now(),
        currency=program.currency,
        lines=(Line(amount=Decimal(40 + number), sku="A"),),
    )
    record_purchase(program, bought, actor="test")
    wallet = program.wallets.get(code="points")
    account = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
    ends = clock.now() + timedelta(days=20)
    ledger.award(account, points=10, key=f"soon:{number}", at=clock.now(), expires_at=ends, actor="test")
    rule = EarningRuleFactory(program=program, wallet=wallet, name=f"Rule {number}")
    RuleConditionFactory(rule=rule)
    WalletFactory(program=program)
    ConsentTextFactory(program=program)
    KindAttributeFactory(kind__program=program)
    TierFactory(tier_set__program=program)
    CapFactory(program=program, campaign=CampaignFactory(program=program))
    SegmentFactory(program=program)
    PlaceFactory(program=program)
    ReferralFactory(program=program, referrer=member)
    case = ReviewCaseFactory(rule=VelocityRuleFactory(program=program), member=member)
    FlagFactory(case=case, activity=member.activities.latest("pk"), cashier=f"C{number}")
    if not hasattr(program, "referral_policy"):
        ReferralPolicyFactory(program=program)
        ReviewPolicyFactory(program=program)
    ReviewFactory(program=program, member=member)
    ShareItemFactory(program=program)
    SurveyReplyFactory(answer__survey__program=program, answer__member=member)
    issue_api_key(program, name=f"Till {number}", scopes=["all"], actor="test")
    colleague = UserFactory(is_staff=True)
    grant_access(colleague, program, "viewer", actor="test")
    PurchaseImportFactory(program=program, uploaded_by=colleague)
    BacktestFactory(program=program)
    ProgramVersionFactory(program=program, number=1000 * number)  # purchases make versions of their own
    TransferPolicyFactory(wallet=WalletFactory(program=program))
    TransferFactory(wallet=wallet, giver=member)
    ConversionFactory(rate=ConversionRateFactory(from_wallet=wallet), member=member)
    ExtensionConditionFactory(extension__wallet=wallet)
    ReinstatementPolicyFactory(wallet=WalletFactory(program=program))
    ReinstatementFactory(wallet=wallet, member=member)
    HouseholdPolicy.objects.get_or_create(program=program, defaults={"wallet": wallet})
    HouseholdMemberFactory(household=HouseholdFactory(wallet=wallet), member=member, role="owner")
    _letters(member, number)
    return member


def _letters(member, number: int) -> None:
    model("Delivery").objects.create(
        member=member, channel="email", kind="points_expiring", key=f"k{number}", subject="Soon", state="sent"
    )
    now = clock.now()
    model("Message").objects.create(
        event="a.b.C", payload={}, subscriber="a.b.c", state="failed", next_at=now, created_at=now
    )
