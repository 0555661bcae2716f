"""What Aurora's members did these days beside buying, so that every page has something to show."""

from datetime import timedelta
from decimal import Decimal

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.program import Program
from loyalty.programs.models.surveys import Survey
from loyalty.programs.queries.reviews import bought_by
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts, ReturnFacts
from loyalty.programs.services.households import contribute, found_household, join_household
from loyalty.programs.services.moving import send_points
from loyalty.programs.services.returns import record_return
from loyalty.programs.services.reviews import approve_review, write_review
from loyalty.programs.services.surveys import answer_survey

ACTOR = "sample"
OPINIONS = (
    (5, "The beans came two days after they were roasted. My kitchen smells like a holiday."),
    (4, "Lovely and strong. A little too dark for my mornings."),
    (5, "I bought it for my sister and went back for one of my own."),
    (2, "Mine had a crack. The shop took it back at once, with a smile."),
)
MENUS = (("At noon", 5), ("Before work", 4), ("At weekends", 5), ("Before work", 3), ("After work", 4))


def live_together(program: Program) -> None:
    """Reviews, answers, a household, points sent to a friend, goods brought back."""
    people = list(program.members.select_related("program").order_by("pk")[:12])
    ada, ben, *others = people
    _write_reviews(others)
    _answer(program, others)
    home = found_household(ada, name="Lund and friends", actor=ACTOR)
    join_household(others[0], code=home.code, actor=ACTOR)
    _buy(ada, "today-1", "beans-1000", "whole beans", "34.00", minutes=95)
    contribute(ada.pk)
    wallet = program.wallets.get(code="points")
    send_points(ada, ben, wallet, points=20, id="sample-1", source="portal", note="For your first week", actor=ACTOR)
    _buy(others[1], "today-2", "mug", "home", "18.00", minutes=80)
    record_return(program, "till", "today-2", ReturnFacts(id="back-1", reason="A crack"), actor=ACTOR)


def _write_reviews(members: list[Member]) -> None:
    """Two are approved, the others wait."""
    for number, ((stars, text), member) in enumerate(zip(OPINIONS, members, strict=False)):
        subject = next(iter(bought_by(member)))
        review = write_review(member, subject.sku, stars=stars, text=text, actor=ACTOR)
        if number < 2:
            approve_review(review, seen=review.version, actor=ACTOR)


def _answer(program: Program, members: list[Member]) -> None:
    survey = Survey.objects.get(program=program, code="winter-menu")
    when, what, stars, _missed = survey.questions.order_by("position")
    for (hour, rating), member in zip(MENUS, members, strict=False):
        replies = {when.pk: [hour], what.pk: ["Spiced latte", "Saffron bun"][: rating % 2 + 1], stars.pk: [str(rating)]}
        answer_survey(survey, member, replies, key=f"sample-{member.pk}", actor=ACTOR)


def _buy(member: Member, receipt: str, sku: str, category: str, amount: str, *, minutes: int) -> None:
    line = Line(amount=Decimal(amount), quantity=Decimal(1), sku=sku, category=category)
    facts = PurchaseFacts(
        source="till", receipt=receipt, member=member, at=clock.now() - timedelta(minutes=minutes),
        currency=member.program.currency, channel="till", store="Oslo 1", lines=(line,),
    )  # fmt: skip
    record_purchase(member.program, facts, actor=ACTOR)
