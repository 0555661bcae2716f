"""Plain rows of what members can do beyond buying; see `tests.factories`."""

import factory

from loyalty.lib import clock
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.models.reviews import Review
from loyalty.programs.models.shares import Share, ShareItem
from loyalty.programs.models.surveys import Answer, Question, Survey, SurveyResponse
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


class ReviewFactory(Row):
    class Meta:
        model = Review

    member = factory.SubFactory(MemberFactory)
    program = factory.SelfAttribute("member.program")
    product = factory.Sequence(lambda number: f"Coffee {number}")
    stars = 4
    text = "Round and mild."


class ShareItemFactory(Row):
    class Meta:
        model = ShareItem

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"item-{number}")
    title = "The new roast"
    url = "https://example.org/roast"


class ShareFactory(Row):
    class Meta:
        model = Share

    item = factory.SubFactory(ShareItemFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..item.program"))
    token = factory.Sequence(lambda number: f"token-{number}")
    made_on = factory.LazyFunction(lambda: clock.now().date())


class SurveyFactory(Row):
    class Meta:
        model = Survey

    program = factory.SubFactory(ProgramFactory)
    code = factory.Sequence(lambda number: f"survey-{number}")
    title = "How was it?"


class QuestionFactory(Row):
    class Meta:
        model = Question

    survey = factory.SubFactory(SurveyFactory)
    text = "How do you like us?"


class SurveyResponseFactory(Row):
    class Meta:
        model = SurveyResponse

    survey = factory.SubFactory(SurveyFactory)
    member = factory.SubFactory(MemberFactory, program=factory.SelfAttribute("..survey.program"))


class AnswerFactory(Row):
    class Meta:
        model = Answer

    response = factory.SubFactory(SurveyResponseFactory)
    question = factory.SubFactory(QuestionFactory, survey=factory.SelfAttribute("..response.survey"))
    value = "Well"
