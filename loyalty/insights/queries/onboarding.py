from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.members.models import ApiKey, ConsentText, Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.earning import EarningRule
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet

SET_UP = _("Set up")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a new program needs. `address` is the name of a staff page, `query` what its form begins with."""

    code: str
    title: str | Promise
    why: str | Promise
    address: str
    permission: str
    is_done: bool = False
    query: str = ""
    verb: str | Promise = SET_UP


SUGGESTED: dict[str, dict[str, Any]] = {
    "wallet": {
        "name": _("Points"),
        "code": "points",
        "unit_one": _("point"),
        "unit_many": _("points"),
        "point_value": "0.01",
        "expiry": "rolling",
        "expiry_months": 12,
        "expiry_rounding": "month",
    },
    "rule": {"name": _("Purchases"), "trigger": "purchase", "effect": "rate", "points": 1, "per_amount": 1},
    "consent": {
        "purpose": "marketing",
        "text": _("You may send me news and offers of this program by e-mail. I can withdraw this at any time."),
    },
}

STEPS = [
    Step(
        "brand",
        _("Put your brand on it"),
        _("Logo and colours carry every page that members see."),
        "loyalty_program_open",
        "change_program",
    ),
    Step(
        "wallet",
        _("Make a wallet for your points"),
        _("Suggested: points worth 0.01 each that expire twelve months after earning, at the end of the month."),
        "loyalty_wallet_add",
        "add_wallet",
    ),
    Step(
        "rule",
        _("Say what earns points"),
        _("Suggested: one point for every 1.00 spent. Try a basket on it before you save."),
        "loyalty_earningrule_add",
        "add_earningrule",
    ),
    Step(
        "terms",
        _("Add your terms"),
        _("Laurel writes out how points are earned and expire; the legal part is yours."),
        "loyalty_program_open",
        "change_program",
    ),
    Step(
        "consent",
        _("Ask for consent to marketing"),
        _("Suggested: one sentence for e-mail. Each purpose is asked apart, and kept with the wording."),
        "loyalty_consenttext_add",
        "add_consenttext",
    ),
    Step(
        "key",
        _("Connect a till or your shop"),
        _("An API key lets it record purchases and show members their balance."),
        "loyalty_apikey_add",
        "add_apikey",
        verb=_("Make a key"),
    ),
    Step(
        "member",
        _("Enrol the first member"),
        _("Yourself, for example: you see what members see."),
        "loyalty_member_add",
        "add_member",
        verb=_("Enrol"),
    ),
    Step(
        "purchase",
        _("Record the first purchase"),
        _("From a till, or import the history of your shop: the file is checked before anything is written."),
        "loyalty_purchaseimport_add",
        "add_purchaseimport",
        verb=_("Import"),
    ),
]


def steps_of(program: Program) -> list[Step]:
    """What a new program needs, in a sensible order, with what is done already. One statement."""
    done = _done(program)
    return [
        Step(
            step.code, step.title, step.why, step.address, step.permission,
            is_done=done[step.code], query=urlencode(SUGGESTED.get(step.code, {})), verb=step.verb,
        )
        for step in STEPS
    ]  # fmt: skip


def _done(program: Program) -> dict[str, bool]:
    mine = {"program_id": OuterRef("pk")}
    found = (
        Program.objects.filter(pk=program.pk)
        .annotate(
            has_wallet=Exists(Wallet.objects.filter(**mine, is_archived=False)),
            has_rule=Exists(EarningRule.objects.filter(**mine, is_archived=False, is_active=True)),
            has_consent=Exists(ConsentText.objects.filter(**mine)),
            has_key=Exists(ApiKey.objects.filter(**mine)),
            has_member=Exists(Member.objects.filter(**mine)),
            has_purchase=Exists(Activity.objects.filter(**mine)),
        )
        .get()
    )
    done = {code: getattr(found, f"has_{code}") for code in ("wallet", "rule", "consent", "key", "member", "purchase")}
    return done | {"brand": _is_branded(found), "terms": bool(found.terms_url or found.terms_text)}


def _is_branded(program: Program) -> bool:
    untouched = Program()
    colours = ("brand_color", "accent_color")
    return bool(program.logo) or any(getattr(program, name) != getattr(untouched, name) for name in colours)
