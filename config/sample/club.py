"""Aurora's club: a ladder, campaigns, limits, and everything that members may do beside buying."""

from datetime import timedelta
from typing import Any

from loyalty.lib import clock
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.models.referrals import ReferralPolicy
from loyalty.programs.models.reviews import ReviewPolicy
from loyalty.programs.models.sharing import ShareItem
from loyalty.programs.models.surveys import Survey, SurveyQuestion
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.services.campaigns import save_campaign, save_cap
from loyalty.programs.services.checkins import save_place
from loyalty.programs.services.ladders import save_ladder
from loyalty.programs.services.referrals import save_policy
from loyalty.programs.services.reviews import save_review_policy
from loyalty.programs.services.sharing import publish_share_item, save_share_item
from loyalty.programs.services.surveys import publish_survey, save_survey

ACTOR = "sample"


def open_club(program: Program) -> None:
    """Everything that the club's members know from their first day on."""
    _ladder(program)
    _limits(program)
    _invite(program)


def open_season(program: Program) -> None:
    """What is on these weeks: campaigns beside one another, a survey, something to share."""
    _campaigns(program)
    _ask(program)
    _share(program)


def _ladder(program: Program) -> None:
    wallet = program.wallets.get(code="points")
    wallet.is_qualifying = True
    wallet.save()
    ladder = save_ladder(
        TierSet(
            program=program, code="club", name="Aurora Club", measure="points", wallet=wallet, window="rolling",
            window_months=12, grace_count=1, grace_unit="months", grace_to_month_end=True, warn_days=[30, 7],
        ),
        actor=ACTOR,
    )  # fmt: skip
    rungs: list[dict[str, Any]] = [
        {"code": "member", "name": "Member", "threshold": 0, "color": "#8a6a5b"},
        {"code": "silver", "name": "Silver", "threshold": 300, "color": "#7c8794", "multiplier": "1.1",
         "discount_percent": 6, "perks": "A free refill of filter coffee"},
        {"code": "gold", "name": "Gold", "threshold": 900, "color": "#b98a1f", "multiplier": "1.25",
         "discount_percent": 9, "expiry_extra_months": 6, "early_access_hours": 48,
         "perks": "A free refill of filter coffee\nTastings of new roasts, with a guest"},
    ]  # fmt: skip
    for rung in rungs:
        Tier.objects.create(tier_set=ladder, **rung)


def _limits(program: Program) -> None:
    wallet = program.wallets.get(code="points")
    save_cap(Cap(program=program, wallet=wallet, period="day", measure="points", limit=500), actor=ACTOR)
    save_cap(Cap(program=program, activity_type="review", period="week", measure="times", limit=3), actor=ACTOR)


def _invite(program: Program) -> None:
    wallet = program.wallets.get(code="points")
    TransferPolicy.objects.create(wallet=wallet, step=10, minimum=10, per_day=200, per_year=2_000)
    HouseholdPolicy.objects.create(program=program, wallet=wallet, percent=50, most_members=5)
    save_policy(ReferralPolicy(program=program, minimum_purchase=10), actor=ACTOR)
    save_review_policy(ReviewPolicy(program=program), actor=ACTOR)
    for name, trigger, points in (
        ("A friend of yours joined", "referral", 100), ("Welcome, friend", "referred", 50),
        ("Thank you for stopping by", "visit", 2), ("Thank you for your answers", "survey", 30),
        ("Thank you for sharing", "share", 10), ("Watched to the end", "video", 5),
    ):  # fmt: skip
        EarningRule.objects.create(
            program=program, wallet=wallet, name=name, trigger=trigger, effect="fixed", points=points
        )
    save_place(Place(program=program, code="oslo-1", name="Oslo 1"), actor=ACTOR)
    video = ActivityKind.objects.create(
        program=program, code="video", name="Watch how we roast", url="https://aurora.example/roastery",
        description="Four minutes from our roastery.", pays="value", pays_for="video",
    )  # fmt: skip
    KindAttribute.objects.create(kind=video, name="video", is_required=True)


def _campaigns(program: Program) -> None:
    wallet = program.wallets.get(code="points")
    now = clock.start_of_day(clock.business_day(clock.now(), program.time_zone), program.time_zone)
    bakery = Campaign(
        program=program, code="warm-buns", name="Warm buns", description="Everything from the oven counts twice.",
        starts_at=now - timedelta(days=9), ends_at=now + timedelta(days=12),
    )  # fmt: skip
    thanks = Campaign(
        program=program, code="gold-evening", name="Gold evening", description="Three times the beans, for Gold.",
        starts_at=now + timedelta(days=6), ends_at=now + timedelta(days=7),
    )  # fmt: skip
    for campaign in (bakery, thanks):
        save_campaign(campaign, actor=ACTOR)
    AudienceCondition.objects.create(campaign=thanks, subject="tier", operator="in", value="gold")
    twice = EarningRule.objects.create(
        program=program, wallet=wallet, campaign=bakery, name="Warm buns: double", effect="multiplier", factor=2
    )
    RuleCondition.objects.create(rule=twice, subject="category", operator="equals", value="bakery")
    EarningRule.objects.create(
        program=program, wallet=wallet, campaign=thanks, name="Gold evening: triple", effect="multiplier", factor=3
    )
    save_cap(
        Cap(program=program, campaign=bakery, scope="program", period="ever", measure="points", limit=5_000),
        actor=ACTOR,
    )


def _ask(program: Program) -> None:
    survey = save_survey(
        Survey(program=program, code="winter-menu", title="Our winter menu", intro="Four questions, one minute."),
        actor=ACTOR,
    )
    questions: list[dict[str, Any]] = [
        {"kind": "one", "text": "When do you come most?", "choices": "Before work\nAt noon\nAfter work\nAt weekends"},
        {"kind": "many", "text": "What would you order?", "choices": "Spiced latte\nHot chocolate\nSaffron bun"},
        {"kind": "rating", "text": "How do you like our shops?"},
        {"kind": "long", "text": "What do you miss?", "is_required": False},
    ]
    for position, question in enumerate(questions):
        SurveyQuestion.objects.create(survey=survey, position=position, **question)
    publish_survey(survey, actor=ACTOR)


def _share(program: Program) -> None:
    item = ShareItem(
        program=program, code="roastery", title="A morning at our roastery", url="https://aurora.example/roastery",
        text="This is where my coffee comes from.", period="month",
    )  # fmt: skip
    publish_share_item(save_share_item(item, actor=ACTOR), actor=ACTOR)
