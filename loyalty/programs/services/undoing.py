"""Activities that came to nothing: everything that they earned is taken, what was spent on them comes back.

Their members are locked before they are, as everywhere; then counters of caps, households, and accounts in the order
of their ids. Every step is harmless twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NothingToReverse
from loyalty.ledger.queries.credits import not_undone
from loyalty.ledger.queries.statement import debits_from
from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.households import HouseholdMember
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services.shares import pot_of
from loyalty.programs.services.uses import give_back_rests


@dataclass(frozen=True, slots=True)
class Claim:
    """A posting that is undone with its activity; `wallet_code` is that of an award, empty for points spent on it."""

    activity: Activity
    account_id: int
    posting_key: str
    wallet_code: str
    key: str


def locked_activities(activity_ids: Iterable[int]) -> list[Activity]:
    """With their members, who are locked first: one decision at a time, and whoever comes second sees the first."""
    activity_ids = list(activity_ids)
    members = Member.objects.filter(activities__in=activity_ids).order_by("number").values_list("pk", flat=True)
    list(Member.objects.filter(pk__in=set(members)).order_by("number").select_for_update(no_key=True).only("pk"))
    found = Activity.objects.filter(pk__in=activity_ids).select_related("member").order_by("pk")
    return list(found.select_for_update(no_key=True, of=("self",)))


def mark_cancelled(activities: Iterable[Activity], at: datetime) -> None:
    """From `at` on these count for nothing; those that had come to nothing before stay so since then."""
    gone = [each for each in activities if each.cancelled_at is None]
    for each in gone:
        each.cancelled_at = at
    Activity.objects.filter(pk__in=[each.pk for each in gone]).update(cancelled_at=at)


def undo(
    activities: Sequence[Activity], *, debt_policy: str, at: datetime, actor: str, reason: str
) -> Mapping[int, int]:
    """By activity id, how many points this took, now or before; what is gone already is up to the debt policy.

    The activities are `locked_activities` of one program, in the caller's transaction, who follows tiers.
    """
    claims = _claims(activities)
    left = not_undone([(claim.account_id, claim.posting_key) for claim in claims])
    whole = [claim for claim in claims if (claim.account_id, claim.posting_key) in left]
    give_back_rests([(each, {claim.wallet_code for claim in whole if claim.activity is each}) for each in activities])
    if debt_policy != "only_pending":
        _take_from_households(whole, actor)
    taken = dict.fromkeys((each.pk for each in activities), 0)
    for claim in sorted(claims, key=lambda each: (each.account_id, bool(each.wallet_code))):
        points = _reverse(claim, debt_policy, at, actor, reason)
        taken[claim.activity.pk] -= points if claim.wallet_code else 0
    mark_cancelled(activities, at)
    return taken


def claims_of(activity: Activity, wallets: Mapping[str, int]) -> list[Claim]:
    """What the activity earned; `wallets` are ids by code."""
    subject = activity.member.subject
    return [
        Claim(
            activity,
            ledger.open_account(wallet_id=wallets[row["wallet"]], subject=subject),
            f"{activity.key}:{row['wallet']}",
            row["wallet"],
            f"cancel:{activity.key}:{row['wallet']}",
        )
        for row in activity.awards
    ]


def wallets_of(program_id: int) -> dict[str, int]:
    """The program's wallets: ids by code."""
    return dict(Wallet.objects.filter(program_id=program_id).values_list("code", "pk"))


def _claims(activities: Sequence[Activity]) -> list[Claim]:
    found: list[Claim] = []
    wallets = wallets_of(activities[0].program_id) if activities else {}
    for activity in activities:
        found += claims_of(activity, wallets)
        found += [
            Claim(activity, entry.account_id, entry.key, "", f"cancel:{activity.key}:spent:{entry.id}")
            for entry in debits_from(activity.member.subject, activity.key)
        ]
    return found


def _take_from_households(claims: Sequence[Claim], actor: str) -> None:
    """What went on into a household comes back from there, so that it can be taken."""
    members = {claim.activity.member_id: claim.activity.member for claim in claims if claim.wallet_code}
    rows = HouseholdMember.objects.filter(member__in=members, left_at=None).order_by("household_id", "member_id")
    pots = [pot for pk in rows.values_list("member_id", flat=True) if (pot := pot_of(members[pk]))]
    everything = {claim.account_id for claim in claims} | {account for pot in pots for account in pot.accounts}
    for pot in pots:
        pot.settle(everything)
    for pot in pots:
        for claim in claims:
            if claim.wallet_code and claim.account_id == pot.account_id:
                pot.give_back(claim.posting_key, keeps=0, step=0, actor=actor)


def _reverse(claim: Claim, debt_policy: str, at: datetime, actor: str, reason: str) -> int:
    """The signed points that moved; none where nothing was left."""
    try:
        return ledger.reverse(
            claim.account_id, posting_key=claim.posting_key, key=claim.key, at=at, actor=actor, reason=reason,
            debt_policy=debt_policy, source=claim.activity.key,
        ).points  # fmt: skip
    except NothingToReverse:
        return 0
