"""What members bought and did, and why it earned what it earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from loyalty.lib.errors import Malformed
from loyalty.members.models import Member
from loyalty.programs.errors.activities import UnknownActivity
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.models.velocity import ReviewCase
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.editors import names_of
from loyalty.programs.queries.in_force import as_published, wallets_by_id
from loyalty.programs.rules.days import local_day
from loyalty.programs.rules.explanation import Step, steps_from_json
from loyalty.programs.rules.wording.activities import activity_name
from loyalty.programs.rules.wording.amounts import Units, day_of, money_of
from loyalty.programs.rules.wording.steps import why


@dataclass(frozen=True, slots=True)
class Told:
    """One rule's part in what an activity earned, in the language in force; `wallet` is the wallet's code."""

    rule: str
    wallet: str
    matched: bool
    points: int
    why: str
    is_shadow: bool


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One activity as the member's page shows it: what it was, what it earned (by wallet), and each rule's part."""

    activity: Activity
    at: datetime
    total: Decimal
    awards: tuple[tuple[Wallet, int, str], ...]
    steps: tuple[Told, ...]


def activity_of(program: Program, *, source: str, external_id: str, kind: str = "purchase") -> Activity:
    """The purchase or activity with this identity, with its member. Raises UnknownActivity."""
    found = Activity.objects.of(program).filter(kind=kind, source=source, external_id=external_id)
    activity = found.select_related("member").first()
    if activity is None:
        raise UnknownActivity
    return activity


def activities_by_key(program_id: int, keys: Iterable[str]) -> dict[str, Activity]:
    """The activities that the ledger's sources (kind:source:id) name, in one statement; others are left out."""
    wanted = {tuple(parts) for key in keys if len(parts := key.split(":", 2)) == 3}
    if not wanted:
        return {}
    named = Q()
    for kind, source in {(kind, source) for kind, source, _external_id in wanted}:
        ids = [external_id for each, other, external_id in wanted if (each, other) == (kind, source)]
        named |= Q(kind=kind, source=source, external_id__in=ids)
    return {activity.key: activity for activity in Activity.objects.filter(named, program_id=program_id)}


def member_activity(member: Member, activity_id: int) -> Activity:
    """One of this member's purchases and activities. Raises UnknownActivity, also for someone else's."""
    found = Activity.objects.filter(member=member, pk=activity_id).select_related("program").first()
    if found is None:
        raise UnknownActivity
    return found


def unrewarded_of(member: Member, *, cursor: str | None = None, limit: int = 25) -> tuple[list[Activity], str | None]:
    """What a member did that earned nothing, newest first, and the cursor of the rest. Raises Malformed."""
    found = Activity.objects.filter(member=member, awards=[])
    if cursor is not None:
        if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
            raise Malformed(_("This is not a cursor of this list."), field="cursor")
        found = found.filter(pk__lt=int(cursor))
    rows = list(found.order_by("-pk")[: limit + 1])
    return rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else None


def has_bought(member: Member) -> bool:
    """Whether the member bought before and kept some of it."""
    whole = Return.objects.filter(purchase=OuterRef("pk"), is_last=True)
    return Activity.objects.purchases().filter(~Exists(whole), member=member, cancelled_at=None).exists()


def title_of(activity: Activity) -> str:
    """What the member did, as the statement calls it."""
    if activity.kind != Activity.Kind.PURCHASE:
        return capfirst(activity_name(activity.type))
    words = {"store": activity.store, "total": money_of(Decimal(activity.total), activity.currency)}
    if activity.store:
        return _("Purchase of %(total)s at %(store)s") % words
    return _("Purchase of %(total)s") % words


def why_of(activity: Activity, *, voice: str = "member") -> list[Told]:
    """The explanation of an activity as stored, rule by rule; `voice` is member, or staff (shadow rules too)."""
    wallets = wallets_by_id(activity.program_id)
    steps = steps_from_json(activity.explanation)
    lines = told(steps, wallets, as_published(activity.program), voice=voice)
    if any(step.code == "under-review" for step in steps):
        lines += outcomes_of(activity, wallets[int(steps[0].wallet)].code, voice)
    return lines


def outcomes_of(activity: Activity, wallet: str, voice: str) -> list[Told]:
    """What the staff decided about a purchase that was noticed; who and why is for the staff alone."""
    cases = list(
        ReviewCase.objects.filter(flags__activity=activity)
        .order_by("decided_at", "pk")
        .select_related("rule", "program")
    )
    decided = [case for case in cases if case.state != ReviewCase.State.OPEN]
    if voice == "staff":
        names = names_of(case.decided_by for case in decided)
        return [Told(case.rule.name, wallet, True, 0, _decision(case, names), False) for case in decided]
    words = ""
    if any(case.state == ReviewCase.State.REFUSED for case in decided):
        words = _("We could not confirm these points. Please ask us about it")
    elif decided and len(decided) == len(cases):
        words = _("All is well with these points")
    return [Told(_("Checked"), wallet, True, 0, words, False)] if words else []


def _decision(case: ReviewCase, names: dict[str, str]) -> str:
    words = {"who": names.get(case.decided_by, case.decided_by), "reason": case.reason}
    words["day"] = day_of(local_day(case.decided_at or case.opened_at, case.program.time_zone))
    if case.state == ReviewCase.State.RELEASED:
        return _("Released on %(day)s by %(who)s: %(reason)s") % words
    return _("Refused on %(day)s by %(who)s: %(reason)s") % words


def told(steps: Sequence[Step], wallets: dict[int, Wallet], program: Program, *, voice: str = "member") -> list[Told]:
    """Steps in the words of the language in force. Members are not told of rules on trial."""
    return [
        Told(
            rule=_name_of(step, voice),
            wallet=wallets[int(step.wallet)].code,
            matched=step.matched,
            points=step.points,
            why=why(step, units_of(wallets[int(step.wallet)]), program.currency, voice, zone=program.time_zone),
            is_shadow=step.is_shadow,
        )
        for step in steps
        if voice == "staff" or not step.is_shadow
    ]


def _name_of(step: Step, voice: str) -> str:
    """What a step is headed by; caps without a name and full wallets have none of their own."""
    if voice != "staff" and step.code == "under-review":
        return _("Being checked")
    if step.code == "balance-full":
        return _("Full wallet")
    if step.code == "already-earned":
        return step.rule_name or _("Once only")
    return step.rule_name or _("Limit")


def units_of(wallet: Wallet) -> Units:
    """One unit, many and few, as sentences take them."""
    return Units(wallet.unit_one, wallet.unit_many, wallet.unit_few)


def timeline_of(member: Member, *, limit: int = 50, before: datetime | None = None) -> list[TimelineRow]:
    """What a member did, newest first, for the staff: three statements however many rows."""
    program, wallets = as_published(member.program), wallets_by_id(member.program_id)
    codes = {wallet.code: wallet for wallet in wallets.values()}
    found = Activity.objects.filter(member=member).prefetch_related("lines")
    if before:
        found = found.filter(event_at__lt=before)
    return [
        TimelineRow(
            activity=activity,
            at=activity.event_at,
            total=activity.total,
            awards=tuple((codes[each["wallet"]], each["points"], each["state"]) for each in activity.awards),
            steps=tuple(told(steps_from_json(activity.explanation), wallets, program, voice="staff")),
        )
        for activity in found.order_by("-event_at", "-pk")[:limit]
    ]


def data_of(member: Member) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of what a member bought and did, as plain values: for the download of one's own data."""
    found = Activity.objects.filter(member=member).prefetch_related("lines").order_by("event_at", "pk")
    return {"activities": [_data_of(activity) for activity in found]}


def _data_of(activity: Activity) -> dict[str, Any]:
    return {
        "type": activity.type,
        "source": activity.source,
        "id": activity.external_id,
        "at": activity.event_at.isoformat(),
        "recorded_at": activity.created_at.isoformat(),
        "currency": activity.currency,
        "total": _plain(activity.total),
        "channel": activity.channel,
        "store": activity.store,
        "attributes": activity.attributes,
        "payments": activity.payments,
        "points": activity.awards,
        "lines": [
            {
                "sku": line.sku,
                "category": line.category,
                "quantity": _plain(line.quantity),
                "amount": _plain(line.amount),
            }
            for line in activity.lines.all()
        ],
    }


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
