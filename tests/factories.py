"""One plain row of every model, for tests that need rows and no story; points come through `tests.world.earn`.

People of a story come from `tests.world`, through the services.
"""

from decimal import Decimal

import factory
from django.contrib.auth.models import Group

from loyalty.insights import models as insights
from loyalty.lib import clock
from loyalty.members import models as members
from loyalty.members import rules
from loyalty.messaging import models as messaging
from loyalty.outbox import models as outbox
from loyalty.programs.models.activity import Activity, ActivityLine, ExpiryWarning, PurchaseImport
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet


class Row(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True


class UserFactory(Row):
    class Meta:
        model = members.User

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name = factory.Faker("name")


class ProgramFactory(Row):
    class Meta:
        model = Program

    code = factory.Sequence(lambda number: f"program-{number}")
    name = factory.Sequence(lambda number: f"Program {number}")
    currency = "EUR"
    time_zone = "Europe/Oslo"
    languages = ["en"]


class WalletFactory(Row):
    class Meta:
        model = Wallet

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"points-{number}")
    name = "Points"


class EarningRuleFactory(Row):
    class Meta:
        model = EarningRule

    program = factory.SubFactory(ProgramFactory)
    wallet = factory.SubFactory(WalletFactory, program=factory.SelfAttribute("..program"))
    name = "Purchases"


class RuleConditionFactory(Row):
    class Meta:
        model = RuleCondition

    rule = factory.SubFactory(EarningRuleFactory)
    subject = "channel"
    value = "shop"


class MemberFactory(Row):
    class Meta:
        model = members.Member

    program = factory.SubFactory(ProgramFactory)
    number = factory.LazyFunction(rules.new_number)
    referral_code = factory.LazyFunction(rules.new_referral_code)
    external_id = factory.Sequence(lambda number: f"customer-{number}")
    email = factory.Sequence(lambda number: f"member{number}@example.org")
    name = factory.Faker("name")


class CardFactory(Row):
    class Meta:
        model = members.Card

    member = factory.SubFactory(MemberFactory)
    program = factory.SelfAttribute("member.program")
    code = factory.SelfAttribute("member.number")


class ConsentTextFactory(Row):
    class Meta:
        model = members.ConsentText

    program = factory.SubFactory(ProgramFactory)
    purpose = factory.Sequence(lambda number: f"purpose-{number}")
    text = "I agree."


class ConsentFactory(Row):
    class Meta:
        model = members.Consent

    member = factory.SubFactory(MemberFactory)
    text = factory.SubFactory(ConsentTextFactory, program=factory.SelfAttribute("..member.program"))
    purpose = factory.SelfAttribute("text.purpose")
    is_granted = True


class StaffAccessFactory(Row):
    class Meta:
        model = members.StaffAccess

    user = factory.SubFactory(UserFactory, is_staff=True)
    program = factory.SubFactory(ProgramFactory)
    role = factory.LazyFunction(lambda: Group.objects.get(name=rules.ROLE_NAMES[rules.VIEWER]))


class ApiKeyFactory(Row):
    """A key whose secret nobody knows; `issue_api_key` makes one that opens something."""

    class Meta:
        model = members.ApiKey

    program = factory.SubFactory(ProgramFactory)
    name = "Till"
    prefix = factory.LazyFunction(lambda: rules.new_secret()[0])
    digest = factory.LazyFunction(lambda: rules.digest_of(rules.new_secret()[1]))
    scopes = factory.LazyFunction(lambda: [rules.ALL_SCOPES])


class IdempotencyRecordFactory(Row):
    class Meta:
        model = members.IdempotencyRecord

    api_key = factory.SubFactory(ApiKeyFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    digest = "0" * 64
    status = 201
    content_type = "application/json"
    body = b"{}"


class ActivityFactory(Row):
    class Meta:
        model = Activity

    program = factory.SelfAttribute("member.program")
    member = factory.SubFactory(MemberFactory)
    kind = "purchase"
    type = "purchase"
    source = "till"
    external_id = factory.Sequence(lambda number: f"receipt-{number}")
    digest = "0" * 64
    event_at = factory.LazyFunction(clock.now)
    currency = "EUR"
    total = Decimal("10.00")
    actor = "test"


class ActivityLineFactory(Row):
    class Meta:
        model = ActivityLine

    activity = factory.SubFactory(ActivityFactory)
    position = factory.Sequence(lambda number: number)
    amount = Decimal("10.00")


class ExpiryWarningFactory(Row):
    class Meta:
        model = ExpiryWarning

    member = factory.SubFactory(MemberFactory)
    wallet = factory.SubFactory(WalletFactory, program=factory.SelfAttribute("..member.program"))
    expires_at = factory.LazyFunction(clock.now)
    days = 30
    points = 10


class PurchaseImportFactory(Row):
    class Meta:
        model = PurchaseImport

    program = factory.SubFactory(ProgramFactory)
    file = "imports/purchases.csv"


class InboxEntryFactory(Row):
    class Meta:
        model = messaging.InboxEntry

    member = factory.SubFactory(MemberFactory)
    kind = "points_expiring"
    key = factory.Sequence(lambda number: f"entry-{number}")
    subject = "120 points expire on 31 December 2026"
    body = "They can be used until then."


class DeliveryFactory(Row):
    class Meta:
        model = messaging.Delivery

    member = factory.SubFactory(MemberFactory)
    channel = "email"
    kind = "points_expiring"
    key = factory.Sequence(lambda number: f"delivery-{number}")
    recipient = factory.SelfAttribute("member.email")
    subject = "120 points expire on 31 December 2026"
    state = "sent"


class MessageFactory(Row):
    class Meta:
        model = outbox.Message

    event = "loyalty.members.events.MemberUpdated"
    payload = factory.LazyFunction(lambda: {"program_id": 1, "member_id": 1, "changed": ["name"]})
    subscriber = "loyalty.messaging.subscribers.warn_of_expiry"
    next_at = factory.LazyFunction(clock.now)
    created_at = factory.LazyFunction(clock.now)


class SegmentFactory(Row):
    class Meta:
        model = members.Segment

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"list-{number}")
    name = "Founders"


class SegmentMemberFactory(Row):
    class Meta:
        model = members.SegmentMember

    segment = factory.SubFactory(SegmentFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..segment.program"))
    actor = "test"


class PointsDayFactory(Row):
    class Meta:
        model = insights.PointsDay

    wallet = factory.SubFactory(WalletFactory)
    day = factory.LazyFunction(lambda: clock.now().date())
    bucket = 0
    kind = "award"
    contra = "issued"
    points = 10
    postings = 1


class WatermarkFactory(Row):
    class Meta:
        model = insights.Watermark


class ProgramSnapshotFactory(Row):
    class Meta:
        model = insights.ProgramSnapshot

    program = factory.SubFactory(ProgramFactory)
    members = 0
    upto_id = 0
    counted_at = factory.LazyFunction(clock.now)


class ExpiryOutlookFactory(Row):
    class Meta:
        model = insights.ExpiryOutlook

    wallet = factory.SubFactory(WalletFactory)
    within_30 = within_60 = within_90 = 10
    debt = 0
    counted_at = factory.LazyFunction(clock.now)
