"""Plain rows of what members can do beyond buying; see `tests.factories`."""

import factory

from loyalty.lib import clock
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.models.reviews import Review, ReviewPolicy
from loyalty.programs.models.sharing import Share, ShareItem, ShareVisit
from loyalty.programs.models.surveys import Survey, SurveyAnswer, SurveyQuestion, SurveyReply
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


class SurveyFactory(Row):
    class Meta:
        model = Survey

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"autumn-{number}")
    title = "What do you drink?"
    is_published = True


class SurveyQuestionFactory(Row):
    class Meta:
        model = SurveyQuestion

    survey = factory.SubFactory(SurveyFactory)
    text = "Coffee or tea?"
    choices = "Coffee\nTea"


class SurveyAnswerFactory(Row):
    class Meta:
        model = SurveyAnswer

    survey = factory.SubFactory(SurveyFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..survey.program"))
    key = "k"
    answered_at = factory.LazyFunction(clock.now)


class SurveyReplyFactory(Row):
    class Meta:
        model = SurveyReply

    answer = factory.SubFactory(SurveyAnswerFactory)
    question = factory.SubFactory(SurveyQuestionFactory, survey=factory.SelfAttribute("..answer.survey"))
    value = "Tea"


class ShareItemFactory(Row):
    class Meta:
        model = ShareItem

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"roast-{number}")
    title = "Our new roast"
    text = "Tastes of plums."
    url = "https://shop.example.org/roast"
    is_published = True


class ShareFactory(Row):
    class Meta:
        model = Share

    item = factory.SubFactory(ShareItemFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..item.program"))
    period = "ever"
    token = factory.Sequence(lambda number: f"token-{number}")


class ShareVisitFactory(Row):
    class Meta:
        model = ShareVisit

    share = factory.SubFactory(ShareFactory)
    visitor = factory.Sequence(lambda number: f"visitor-{number}")
