"""Reviews: the policy, what a member can write about, their own, and what waits for the staff."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity, ActivityLine
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.models.reviews import Review, ReviewPolicy
from loyalty.programs.queries.in_force import only_in_force

RECENT = 200  # purchases of a member that are looked through
NAMES = ("name", "title")  # attributes of a line that say what the item is called


@dataclass(frozen=True, slots=True)
class Subject:
    """What a review can be about: an item by its SKU, or the shop (without one). `item` is what members call it."""

    sku: str
    item: str


def policy_of(program: Program) -> ReviewPolicy | None:
    """The policy, if members may write reviews now."""
    return only_in_force(program.pk, "reviews") if program.is_active else None


def subjects_of(member: Member, policy: ReviewPolicy) -> list[Subject]:
    """What the member can write about for the first time: the shop, then what they bought, newest first."""
    written = set(Review.objects.filter(member=member).values_list("sku", flat=True))
    shop = [Subject("", "")] if policy.about_shop else []
    bought = bought_by(member) if policy.about_items else []
    return [each for each in (*shop, *bought) if each.sku not in written]


def subject_of(member: Member, policy: ReviewPolicy, sku: str) -> Subject | None:
    """The subject with this SKU, whether it was written about or not; None when it is none of the member's."""
    if not sku:
        return Subject("", "") if policy.about_shop else None
    return next((each for each in bought_by(member) if each.sku == sku), None) if policy.about_items else None


def bought_by(member: Member) -> list[Subject]:
    """The items of the member's recent purchases, each once, without those that came back whole or came to nothing."""
    whole = Return.objects.filter(purchase=OuterRef("pk"), is_last=True)
    kept = Activity.objects.purchases().filter(~Exists(whole), member=member, cancelled_at=None)
    recent = kept.order_by("-event_at")[:RECENT]
    lines = ActivityLine.objects.filter(activity__in=recent.values("pk"), kind="item").exclude(sku="")
    found: dict[str, Subject] = {}
    for sku, attributes in lines.order_by("-activity_id", "position").values_list("sku", "attributes"):
        found.setdefault(sku, Subject(sku, _called(sku, attributes)))
    return list(found.values())


def _called(sku: str, attributes: dict[str, object]) -> str:
    names = (attributes.get(name) for name in NAMES)
    return next((name for name in names if isinstance(name, str) and name), sku)[:120]


def reviews_of(member: Member) -> list[Review]:
    """The member's own reviews with what they earned, newest first."""
    return list(Review.objects.filter(member=member).select_related("activity").order_by("-written_at", "-pk"))


def review_about(member: Member, sku: str) -> Review | None:
    """What the member wrote about it."""
    return Review.objects.filter(member=member, sku=sku).first()


def may_write_anew(review: Review) -> bool:
    """Until staff have decided; after a refusal where they allow it."""
    return review.state == Review.State.WAITING or (review.state == Review.State.REFUSED and not review.is_final)


def waiting_count(program: Program) -> int:
    """How many reviews wait for the staff's look."""
    return Review.objects.filter(program=program, state=Review.State.WAITING).count()


def next_waiting(program: Program) -> Review | None:
    """Whichever has waited longest."""
    return Review.objects.filter(program=program, state=Review.State.WAITING).order_by("written_at", "pk").first()


def data_of(member: Member) -> list[dict[str, object]]:
    """What is kept of the member's reviews, as plain values."""
    names = ("sku", "item", "stars", "text", "state", "reason", "written_at", "decided_at")
    return list(Review.objects.filter(member=member).order_by("pk").values(*names, points=F("activity__awards")))
