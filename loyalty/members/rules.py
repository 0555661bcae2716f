"""Numbers, codes, scopes and roles: what can be said about members and staff without looking anything up."""

import hashlib
import secrets
from collections.abc import Collection, Iterable
from typing import Any, Protocol

import segno
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from loyalty.lib.text import is_legible
from loyalty.members.errors import BadMemberData, UnknownScope

ILLEGIBLE = _("This contains characters that cannot be seen. Please type it instead of pasting it.")
NUMBER_LENGTH = 12
# No vowels, so that no code spells a word; no 0 and 1, which look like letters.
CODE_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH = 8

ALL_SCOPES = "all"
SCOPES: dict[str, str | Promise] = {
    "members:read": _("Look members up, with their balances and statements"),
    "members:write": _("Enrol members and change their data"),
    "purchases:write": _("Record purchases"),
    "activities:write": _("Record other activities"),
    "transfers:write": _("Send and convert members’ points"),
}
KEY_PREFIX = "lrl"

VIEWER, SUPPORT, CAMPAIGNS, FINANCE, ADMIN = "viewer", "support", "campaign_manager", "finance", "program_admin"
# Role → the name of its Group, in English; pages translate it.
ROLE_NAMES: dict[str, str] = {
    VIEWER: gettext_noop("Viewer"),
    SUPPORT: gettext_noop("Support"),
    CAMPAIGNS: gettext_noop("Campaign manager"),
    FINANCE: gettext_noop("Finance"),
    ADMIN: gettext_noop("Program admin"),
}


def _may(verbs: str, *models: str) -> frozenset[str]:
    return frozenset(f"loyalty.{verb}_{model}" for verb in verbs.split() for model in models)


_SEEN_BY_ALL = (
    "program wallet earningrule rulecondition activity activityline purchaseimport member card consent consenttext "
    "inboxentry delivery expirywarning account posting lot lotuse hold transferpolicy transfer "
    "extension extensioncondition conversionrate conversion reinstatementpolicy reinstatement "
    "household householdpolicy segment segmentmember tierset tier tierstanding tierchange "
    "campaign audiencecondition cap capuse programversion backtest "
    "activitykind kindattribute place referral referralpolicy reviewpolicy review velocityrule reviewcase "
    "survey surveyquestion surveyanswer surveyreply shareitem share sharevisit"
).split()
_VIEW = _may("view", *_SEEN_BY_ALL)
_CARE = (
    _may("add change", "member", "card")
    | _may("change", "tierstanding", "review", "reviewcase")
    | {"loyalty.adjust_points", "loyalty.change_transfer", "loyalty.change_household", "loyalty.show_place"}
    | _may("change", "reinstatement")
)
_MANY_POINTS = frozenset({"loyalty.adjust_points", "loyalty.adjust_points_beyond_limit"})
_RULES = (
    _may("add change", "earningrule", "campaign", "segment", "tierset", "velocityrule")
    | _may("add", "backtest")
    | _may("add change", "activitykind", "place", "referralpolicy", "reviewpolicy", "survey", "shareitem")
    | _may("add change delete", "tier", "rulecondition", "audiencecondition", "cap", "segmentmember")
    | _may("add change delete", "kindattribute", "surveyquestion")
    | {"loyalty.show_place", "loyalty.export_survey_answers"}
)
_IMPORTS = _may("add change", "purchaseimport")
_EXPORTS = frozenset({"loyalty.export_members"})
_SETTINGS = (
    _may("change", "program")
    | _may("add change", "transferpolicy", "householdpolicy", "conversionrate", "reinstatementpolicy", "extension")
    | _may("add change delete", "extensioncondition")
    | _may("add", "programversion")
    | _may("add change", "transferpolicy")
    | _may("add change", "wallet", "consenttext")
    | _may("view add change", "apikey")
    | _may("view add change delete", "staffaccess")
)

# Role → Django permissions, in the programs of that role only. Only a superuser opens programs and sees the outbox.
ROLES: dict[str, frozenset[str]] = {
    VIEWER: _VIEW,
    SUPPORT: _VIEW | _CARE,
    CAMPAIGNS: _VIEW | _RULES,
    FINANCE: _VIEW | _IMPORTS | _EXPORTS | _MANY_POINTS,
    ADMIN: _VIEW | _CARE | _RULES | _IMPORTS | _EXPORTS | _SETTINGS | _MANY_POINTS,
}


class AnyProgram(Protocol):
    """What this floor asks of a program, which lives one floor up."""

    pk: int
    languages: list[str]
    is_active: bool


def check_digit(digits: str) -> str:
    """The Luhn digit (ISO/IEC 7812-1) that completes `digits`: catches any wrong digit and most swapped neighbours."""
    doubled = [int(digit) * (2 - position % 2) for position, digit in enumerate(reversed(digits))]
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def new_number() -> str:
    """A random member number: 12 digits, no leading zero, the last one a check digit. Uniqueness is the database's."""
    payload = str(10 ** (NUMBER_LENGTH - 2) + secrets.randbelow(9 * 10 ** (NUMBER_LENGTH - 2)))
    return payload + check_digit(payload)


def is_number(text: str) -> bool:
    """Whether `text` can be a member number at all: tells a typing error before anything is looked up."""
    is_digits = text.isascii() and text.isdigit() and len(text) == NUMBER_LENGTH
    return is_digits and check_digit(text[:-1]) == text[-1]


def new_referral_code() -> str:
    """A random code that a member can read out to a friend."""
    number, letters = secrets.randbelow(len(CODE_ALPHABET) ** CODE_LENGTH), []
    for _each in range(CODE_LENGTH):
        number, letter = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[letter])
    return "".join(letters)


def normal_code(text: str) -> str:
    """A number or code as someone typed it, without the spaces and dashes that people put in."""
    return "".join(text.split()).replace("-", "").upper()


def is_storable(value: Any) -> bool:
    """Whether the database takes every text in `value`: no zero character, no half of a surrogate pair."""
    match value:
        case str():
            return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
        case dict():
            return all(is_storable(each) for item in value.items() for each in item)
        case list():
            return all(is_storable(each) for each in value)
    return True


def ensure_storable(name: str, value: Any) -> None:
    """Raises BadMemberData for what the database would not take in the field `name`, or nobody can read."""
    if not is_storable(value):
        raise BadMemberData(gettext("This contains a character that cannot be stored."), field=name)
    if isinstance(value, str) and not is_legible(value):
        raise BadMemberData(ILLEGIBLE, field=name)
    if name == "attributes" and not isinstance(value, dict):
        raise BadMemberData(gettext("Attributes are names with values."), field=name)


def card_svg(code: str, *, title: str = "") -> str:
    """The card's QR code as an inline SVG without sizes or styles of its own; the page's CSS makes it large."""
    qr = segno.make_qr(code, error="m")
    return qr.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, title=title)


def nearest_language(wanted: str, offered: Iterable[str]) -> str:
    """The offered language that is meant by `wanted` (`nb-NO`, `no`, `EN_us` …); empty when there is none."""
    offered = list(offered)
    tag = wanted.strip().replace("_", "-").lower()
    base = tag.partition("-")[0]
    same = {"no": "nb", "nn": "nb"}.get(base, base)
    return next((each for wish in (tag, base, same) for each in offered if each.lower() == wish), "")


def new_secret() -> tuple[str, str]:
    """The prefix by which a new API key is found, and its whole secret with 160 random bits."""
    prefix = f"{KEY_PREFIX}_{secrets.token_hex(5)}"
    return prefix, f"{prefix}_{secrets.token_hex(20)}"


def prefix_of(secret: str) -> str:
    """The part of an API key that may be shown and looked up; empty when it does not look like one of ours."""
    start, _line, rest = secret.partition("_")
    prefix, _line, random = rest.partition("_")
    return f"{start}_{prefix}" if start == KEY_PREFIX and random else ""


def digest_of(secret: str) -> str:
    """What is kept of an API key. A plain hash is enough: nobody guesses 160 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ensure_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes in order, each once. Raises UnknownScope, which names those that there are."""
    wanted = sorted(set(scopes))
    known = (ALL_SCOPES, *SCOPES)
    wrong = [scope for scope in wanted if scope not in known]
    if wrong or not wanted:
        words = {"wrong": ", ".join(wrong) or "–", "known": ", ".join(known)}
        raise UnknownScope(gettext("Unknown scope: %(wrong)s. Choose from: %(known)s.") % words, field="scopes")
    return wanted


def allows(granted: Collection[str], scope: str) -> bool:
    """Whether a key with the scopes `granted` may do `scope`. `all` includes scopes that come later."""
    return ALL_SCOPES in granted or scope in granted
