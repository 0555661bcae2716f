"""Plain rows of what a program may have beyond wallets and rules; see `tests.factories`."""

from datetime import timedelta

import factory

from loyalty.lib import clock
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.models.extensions import Extension, ExtensionCondition, ExtensionRun
from loyalty.programs.models.households import Household, HouseholdMember, HouseholdMove, HouseholdPolicy
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatedLot, Reinstatement, ReinstatementPolicy
from loyalty.programs.models.returns import Return
from loyalty.programs.models.tiers import LadderReview, Tier, TierChange, TierSet, TierStanding, TierWarning
from loyalty.programs.models.velocity import Flag, HeldAward, ReviewCase, VelocityRule
from loyalty.programs.models.versions import ProgramVersion
from tests.factories import ActivityFactory, MemberFactory, ProgramFactory, Row, WalletFactory


class ProgramVersionFactory(Row):
    class Meta:
        model = ProgramVersion

    program = factory.SubFactory(ProgramFactory)
    number = factory.Sequence(lambda number: number + 1)
    digest = "0" * 64
    document = factory.LazyFunction(dict)


class BacktestFactory(Row):
    class Meta:
        model = Backtest

    program = factory.SubFactory(ProgramFactory)
    title = "Draft"
    document = factory.LazyFunction(dict)


class TierSetFactory(Row):
    class Meta:
        model = TierSet

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"ladder-{number}")
    name = "Status"
    measure = "spend"


class TierFactory(Row):
    class Meta:
        model = Tier

    tier_set = factory.SubFactory(TierSetFactory)
    code = factory.Sequence(lambda number: f"tier-{number}")
    name = factory.Sequence(lambda number: f"Tier {number}")
    threshold = factory.Sequence(lambda number: number * 100)


class TierStandingFactory(Row):
    class Meta:
        model = TierStanding

    member = factory.SubFactory(MemberFactory)
    tier_set = factory.SubFactory(TierSetFactory, program=factory.SelfAttribute("..member.program"))
    tier = factory.SubFactory(TierFactory, tier_set=factory.SelfAttribute("..tier_set"))


class TierChangeFactory(Row):
    class Meta:
        model = TierChange

    member = factory.SubFactory(MemberFactory)
    tier_set = factory.SubFactory(TierSetFactory, program=factory.SelfAttribute("..member.program"))
    after = factory.SubFactory(TierFactory, tier_set=factory.SelfAttribute("..tier_set"))
    why = "reached"
    actor = "test"
    at = factory.LazyFunction(clock.now)


class TierWarningFactory(Row):
    class Meta:
        model = TierWarning

    member = factory.SubFactory(MemberFactory)
    tier = factory.SubFactory(TierFactory, tier_set__program=factory.SelfAttribute("...member.program"))
    ends_at = factory.LazyFunction(clock.now)
    days = 30


class LadderReviewFactory(Row):
    class Meta:
        model = LadderReview

    tier_set = factory.SubFactory(TierSetFactory)
    digest = "0" * 64


class CampaignFactory(Row):
    class Meta:
        model = Campaign

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"campaign-{number}")
    name = "Summer"
    starts_at = factory.LazyFunction(clock.now)
    ends_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=30))


class AudienceConditionFactory(Row):
    class Meta:
        model = AudienceCondition

    campaign = factory.SubFactory(CampaignFactory)
    subject = "channel"
    value = "shop"


class CapFactory(Row):
    class Meta:
        model = Cap

    program = factory.SubFactory(ProgramFactory)
    limit = 500


class CapUseFactory(Row):
    class Meta:
        model = CapUse

    cap = factory.SubFactory(CapFactory)
    scope = factory.Sequence(str)
    period_start = factory.LazyFunction(clock.now)


class ReturnFactory(Row):
    class Meta:
        model = Return

    purchase = factory.SubFactory(ActivityFactory)
    program = factory.SelfAttribute("purchase.program")
    external_id = factory.Sequence(lambda number: f"return-{number}")
    digest = "0" * 64
    event_at = factory.LazyFunction(clock.now)
    actor = "test"


class TransferPolicyFactory(Row):
    class Meta:
        model = TransferPolicy

    wallet = factory.SubFactory(WalletFactory)


class TransferFactory(Row):
    class Meta:
        model = Transfer

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    giver = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..wallet.program"))
    receiver = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..wallet.program"))
    source = "portal"
    external_id = factory.Sequence(lambda number: f"transfer-{number}")
    addressed = factory.SelfAttribute("receiver.number")
    points = 10
    made_on = factory.LazyFunction(lambda: clock.now().date())
    actor = "test"


class ConversionRateFactory(Row):
    class Meta:
        model = ConversionRate

    from_wallet = factory.SubFactory(WalletFactory)
    to_wallet = factory.SubFactory(WalletFactory, program=factory.SelfAttribute("..from_wallet.program"))
    program = factory.SelfAttribute("from_wallet.program")
    give = 100
    get = 1


class ConversionFactory(Row):
    class Meta:
        model = Conversion

    rate = factory.SubFactory(ConversionRateFactory)
    program = factory.SelfAttribute("rate.program")
    from_wallet = factory.SelfAttribute("rate.from_wallet")
    to_wallet = factory.SelfAttribute("rate.to_wallet")
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..rate.program"))
    source = "portal"
    external_id = factory.Sequence(lambda number: f"conversion-{number}")
    given = 100
    received = 1
    made_on = factory.LazyFunction(lambda: clock.now().date())
    actor = "test"


class ExtensionFactory(Row):
    class Meta:
        model = Extension

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    name = factory.Sequence(lambda number: f"Longer {number}")
    months = 3


class ExtensionConditionFactory(Row):
    class Meta:
        model = ExtensionCondition

    extension = factory.SubFactory(ExtensionFactory)
    subject = "tier"
    value = "gold"


class ExtensionRunFactory(Row):
    class Meta:
        model = ExtensionRun

    extension = factory.SubFactory(ExtensionFactory)
    actor = "test"


class ReinstatementPolicyFactory(Row):
    class Meta:
        model = ReinstatementPolicy

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")


class ReinstatementFactory(Row):
    class Meta:
        model = Reinstatement

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..wallet.program"))
    source = "portal"
    external_id = factory.Sequence(lambda number: f"reinstatement-{number}")
    expired_at = factory.LazyFunction(clock.now)
    pay_by = factory.LazyFunction(clock.now)
    points = 10
    amount = 5
    currency = "EUR"
    state = "open"
    actor = "test"


class ReinstatedLotFactory(Row):
    class Meta:
        model = ReinstatedLot

    reinstatement = factory.SubFactory(ReinstatementFactory)
    lot_id = factory.Sequence(lambda number: 10**9 + number)
    points = 10


class HouseholdPolicyFactory(Row):
    class Meta:
        model = HouseholdPolicy

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")


class HouseholdFactory(Row):
    class Meta:
        model = Household

    wallet = factory.SubFactory(WalletFactory)
    program = factory.SelfAttribute("wallet.program")
    name = "Larsen"
    code = factory.Sequence(lambda number: f"CODE{number}")


class HouseholdMemberFactory(Row):
    class Meta:
        model = HouseholdMember

    household = factory.SubFactory(HouseholdFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..household.program"))


class HouseholdMoveFactory(Row):
    class Meta:
        model = HouseholdMove

    household = factory.SubFactory(HouseholdFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..household.program"))
    points = 10
    key = factory.Sequence(lambda number: f"move-{number}")
    actor = "test"
    at = factory.LazyFunction(clock.now)


class VelocityRuleFactory(Row):
    class Meta:
        model = VelocityRule

    program = factory.SubFactory(ProgramFactory)
    name = factory.Sequence(lambda number: f"Watch {number}")


class ReviewCaseFactory(Row):
    class Meta:
        model = ReviewCase

    rule = factory.SubFactory(VelocityRuleFactory)
    program = factory.SelfAttribute("rule.program")
    place = factory.Sequence(lambda number: f"purchases:{number}")
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..rule.program"))
    facts = factory.LazyFunction(lambda: {"pattern": "purchases", "most": 5, "minutes": 60, "count": 6})
    highest = 6


class FlagFactory(Row):
    class Meta:
        model = Flag

    case = factory.SubFactory(ReviewCaseFactory)
    member = factory.SelfAttribute("case.member")
    activity = factory.SubFactory(ActivityFactory, member=factory.SelfAttribute("..member"))
    count = 6


class HeldAwardFactory(Row):
    class Meta:
        model = HeldAward

    activity = factory.SubFactory(ActivityFactory)
