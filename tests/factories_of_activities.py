"""Plain rows of what members can do beyond buying; see `tests.factories`."""

import factory

from loyalty.lib import clock
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.models.reviews import Review, ReviewPolicy
from tests.factories import MemberFactory, ProgramFactory, Row


class ActivityKindFactory(Row):
    class Meta:
        model = ActivityKind

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"repair-{number}")
    name = "Repair a garment"


class KindAttributeFactory(Row):
    class Meta:
        model = KindAttribute

    kind = factory.SubFactory(ActivityKindFactory)
    name = factory.Sequence(lambda number: f"garment{number}")


class PlaceFactory(Row):
    class Meta:
        model = Place

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"oslo-{number}")
    name = "Oslo 1"


class ReferralPolicyFactory(Row):
    class Meta:
        model = ReferralPolicy

    program = factory.SubFactory(ProgramFactory)


class ReferralFactory(Row):
    class Meta:
        model = Referral

    program = factory.SubFactory(ProgramFactory)
    referrer = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..program"))
    friend = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..program"))
    joined_at = factory.LazyFunction(clock.now)


class ReviewPolicyFactory(Row):
    class Meta:
        model = ReviewPolicy

    program = factory.SubFactory(ProgramFactory)


class ReviewFactory(Row):
    class Meta:
        model = Review

    program = factory.SubFactory(ProgramFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..program"))
    sku = factory.Sequence(lambda number: f"mug-{number}")
    item = "Blue mug"
    stars = 4
    text = "Holds a lot of coffee, and keeps it warm."
