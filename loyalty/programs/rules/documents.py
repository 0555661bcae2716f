"""A program as one document: plain values by code and name, never by number, so that it can be kept and compared.

Each noun says which of its settings stand in the document; what is left out on purpose stands in `LEFT_OUT`. A setting
more is its name here. A noun more, such as a policy that staff set for a program or a wallet, is

1. an entry in `NOUNS` here: `off` says which field takes a row out of use (a policy that is switched off is as good as
   none), `scope` leads from a row to its program, `is_single` means that a program has one at most;
2. its model in `MODELS` of `queries.documents`, with `HistoricalRecords`;
3. a trigger on its table that runs `programs_touch_config` (see `migrations/programs/policies_touch.sql`);
4. reading it by `in_force_of` of `queries.in_force`, never from the table, wherever it decides something for members:
   where changes are published apart, the table holds the draft;
5. `WithDraftBanner` on its screen, and its place in the table of `tests/admin/test_draft_everywhere.py`.

Export, import, drafts, differences in words, four eyes and going back follow from that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

type Entry = dict[str, Any]
type Document = dict[str, Any]
FORMAT = 1
SETTINGS = "program"


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of thing in the document: `key` names one of them, `refers` are settings that name another thing.

    Without a `key` the things have no identity of their own: they are a list, replaced as a whole.
    """

    name: str
    fields: tuple[str, ...]
    key: str = "code"
    refers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: tuple["Noun", ...] = ()
    rises_by: str = ""  # the number by which they stand in order; else as they were written
    parent: str = ""  # of a part: its field for what it is a part of
    scope: str = "program"  # the way from a row to its program
    off: tuple[str, bool] = ("is_archived", True)  # the field and its value by which a row is out of use
    is_single: bool = False  # a program has one at most; written without a list

    @property
    def used(self) -> dict[str, bool]:
        """How rows in use are found."""
        name, value = self.off
        return {name: not value}


PROGRAM = Noun(
    SETTINGS,
    tuple(
        "name brand_color accent_color time_zone currency languages terms_url terms_text debt_policy warn_days "
        "sender_email".split()
    ),
)
_CONDITION = ("subject", "name", "operator", "value")
# In this order they are made: nothing refers to what comes later.
NOUNS: tuple[Noun, ...] = (
    Noun(
        "wallets",
        tuple(
            "code name unit_one unit_many unit_few is_spendable is_qualifying point_value by_hand_limit position "
            "expiry expiry_months expiry_rounding expiry_dates expiry_min_months sliding_activities activation "
            "activation_count activation_dates cancel_after_days balance_cap".split()
        ),
    ),
    Noun(
        "tier_sets",
        tuple(
            "code name measure wallet activity_types window window_months downgrade one_step_down grace_count "
            "grace_unit grace_to_month_end warn_days position".split()
        ),
        refers={"wallet": "wallets"},
        parts=(
            Noun(
                "tiers",
                tuple(
                    "code name threshold color multiplier discount_percent expiry_extra_months early_access_hours "
                    "perks".split()
                ),
                rises_by="threshold",
                parent="tier_set",
            ),
        ),
    ),
    Noun(
        "campaigns",
        tuple("code name description starts_at ends_at is_active".split()),
        parts=(Noun("audience", _CONDITION, key="", parent="campaign"),),
    ),
    Noun(
        "rules",
        tuple(
            "name wallet campaign trigger effect points per_amount whole_steps factor basis with_tax with_shipping "
            "with_discounted rounding is_stackable priority starts_at ends_at is_active is_shadow".split()
        ),
        key="name",
        refers={"wallet": "wallets", "campaign": "campaigns"},
        parts=(Noun("conditions", _CONDITION, key="", parent="rule"),),
    ),
    Noun(
        "caps",
        tuple("name rule campaign activity_type wallet scope period minutes measure limit mode is_active".split()),
        key="name",
        refers={"rule": "rules", "campaign": "campaigns", "wallet": "wallets"},
    ),
    Noun(
        "activity_types",
        tuple("code name description url is_shown is_strict pays pays_for leap_day".split()),
        parts=(Noun("attributes", ("name", "form", "choices", "is_required"), key="", parent="kind"),),
    ),
    Noun("places", tuple("code name kind starts_at ends_at".split())),
    Noun(
        "invitations",
        tuple("minimum_purchase attribution_days return_days".split()),
        key="",
        off=("is_active", False),
        is_single=True,
    ),
    Noun(
        "reviews",
        tuple("about_items about_shop shortest longest".split()),
        key="",
        off=("is_active", False),
        is_single=True,
    ),
    Noun(
        "households",
        tuple("wallet percent most_members leaving".split()),
        key="wallet",
        refers={"wallet": "wallets"},
        off=("is_on", False),
        is_single=True,
    ),
    Noun(
        "transfers",
        tuple(
            "wallet step minimum per_day per_year fee_points fee_percent tiers cooling_hours asks_receiver "
            "answer_days".split()
        ),
        key="wallet",
        refers={"wallet": "wallets"},
        scope="wallet__program",
        off=("is_on", False),
    ),
    Noun(
        "conversions",
        tuple("code from_wallet to_wallet give get minimum per_day fee_points fee_percent keeps_expiry tiers".split()),
        refers={"from_wallet": "wallets", "to_wallet": "wallets"},
        off=("is_on", False),
    ),
    Noun(
        "extensions",
        ("name", "wallet", "months", "until"),
        key="name",
        refers={"wallet": "wallets"},
        parts=(Noun("extension_audience", _CONDITION, key="", parent="extension"),),
        off=("is_on", False),
    ),
    Noun(
        "reinstatement",
        tuple(
            "wallet by_members window_days lasts_days price fee_points fee_percent fee_money value_percent comes_back "
            "pay_days".split()
        ),
        key="wallet",
        refers={"wallet": "wallets"},
        off=("is_on", False),
    ),
    Noun("velocity_rules", tuple("name pattern most minutes is_active".split()), key="name"),
)
BY_NAME: Mapping[str, Noun] = MappingProxyType({noun.name: noun for noun in NOUNS})
# What is no configuration, or takes effect whenever it is changed: identity, pictures, doors, the manner of publishing.
LEFT_OUT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        SETTINGS: frozenset(
            "id code is_active logo created_at publishing manner_asked manner_asked_by published config_version".split()
        ),
        "": frozenset("id program is_archived".split()),
        "tiers": frozenset({"tier_set"}),
        "audience": frozenset({"campaign", "position"}),
        "conditions": frozenset({"rule", "position"}),
        "attributes": frozenset({"kind", "position"}),
        "places": frozenset({"secret"}),
        "invitations": frozenset({"is_active"}),
        "reviews": frozenset({"is_active"}),
        "households": frozenset({"is_on"}),
        "transfers": frozenset({"is_on"}),
        "conversions": frozenset({"is_on"}),
        "reinstatement": frozenset({"is_on"}),
        "extensions": frozenset({"is_on"}),
        "extension_audience": frozenset({"extension", "position"}),
    }
)


def digest_of(document: Document) -> str:
    """The same for documents that say the same."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def keys_of(noun: Noun, entries: Sequence[Entry]) -> list[str]:
    """A name for each entry, by which others refer to it; the second of the same name is “name (2)”."""
    if noun.is_single:
        return [noun.name for _entry in entries]
    keys: list[str] = []
    for entry in entries:
        name = str(entry.get(noun.key) or "") or _told_by(entry)
        key, number = name, 1
        while key in keys:
            number += 1
            key = f"{name} ({number})"
        keys.append(key)
    return keys


def _told_by(entry: Entry) -> str:
    """A cap without a name is told by what it limits."""
    target = entry.get("rule") or entry.get("campaign") or entry.get("activity_type") or SETTINGS
    return " ".join(str(part) for part in (target, entry.get("scope"), entry.get("period"), entry.get("measure")))
