"""A program as one document: plain values by code and name, never by number, so that it can be kept and compared.

Each noun says which of its settings stand in the document. A noun more is an entry here, its model's one in
`queries.documents`; a setting more is its name here. What is left out on purpose stands in `LEFT_OUT`.
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
            "code name unit_one unit_many is_spendable is_qualifying point_value by_hand_limit position expiry "
            "expiry_months expiry_rounding expiry_dates expiry_min_months sliding_activities activation "
            "activation_count activation_dates cancel_after_days balance_cap".split()
        ),
    ),
    Noun(
        "tier_sets",
        tuple(
            "code name measure wallet activity_types window window_months downgrade one_step_down grace_count "
            "grace_unit grace_to_month_end position".split()
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
)
BY_NAME: Mapping[str, Noun] = MappingProxyType({noun.name: noun for noun in NOUNS})
# What is no configuration, or takes effect whenever it is changed: identity, pictures, doors, the manner of publishing.
LEFT_OUT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        SETTINGS: frozenset("id code is_active logo created_at publishing published config_version".split()),
        "": frozenset("id program is_archived".split()),
        "tiers": frozenset({"tier_set"}),
        "audience": frozenset({"campaign", "position"}),
        "conditions": frozenset({"rule", "position"}),
    }
)


def digest_of(document: Document) -> str:
    """The same for documents that say the same."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def keys_of(noun: Noun, entries: Sequence[Entry]) -> list[str]:
    """A name for each entry, by which others refer to it; the second of the same name is “name (2)”."""
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
