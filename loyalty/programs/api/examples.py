"""What the API's document shows: one purchase, one review, and what is answered to them."""

from typing import Any

PURCHASE = {
    "source": "till-7",
    "receipt": "2026-000123",
    "member": "345678901237",
    "at": "2026-11-20T14:30:00+01:00",
    "currency": "EUR",
    "channel": "store",
    "lines": [{"sku": "beans-250", "category": "coffee", "quantity": 2, "amount": "19.90"}],
    "payments": [{"method": "card", "amount": "19.90"}],
    "attributes": {"card": "tok_8f2c91", "cashier": "C-17"},
}
REVIEW = {"source": "shop", "id": "review-88", "type": "review", "member": "345678901237", "at": "2026-11-20T14:30:00Z"}
END = "2027-11-30T23:00:00+00:00"


def _award(points: int) -> dict[str, Any]:
    return {"wallet": "points", "points": points, "state": "active", "activates_at": None, "expires_at": END}


def _balance(active: int) -> dict[str, Any]:
    return {
        "wallet": "points", "active": active, "pending": 0, "held": 0, "debt": 0, "earned_total": active,
        "expiring": [{"points": active, "at": END}],
    }  # fmt: skip


def _moved(before: str, after: str) -> dict[str, Any]:
    names = {"from_name": before.title(), "to_name": after.title()}
    return {"ladder": "status", "from": before, "to": after, **names}


BALANCES = {"balances": [_balance(69)]}
TIERS = {
    "discount_percent": "6.00",
    "tiers": [
        {
            "ladder": "status", "tier": "silver", "name": "Silver", "discount_percent": "6.00", "multiplier": "1.25",
            "early_access_hours": 24, "perks": ["Free delivery"], "measure": "points", "counted": "680.00",
            "next": {"tier": "gold", "name": "Gold", "missing": "320.00", "by": "2026-12-31T23:00:00Z"},
            "keeps_until": "2027-12-31T23:00:00Z", "to_keep": "0.00", "keep_by": None,
        }
    ],
}  # fmt: skip
RECORDED_PURCHASE = {
    "purchase": "till-7:2026-000123",
    "awards": [_award(69)],
    "balances": [_balance(69)],
    "explanation": [
        {
            "rule": "Every euro counts", "wallet": "points", "matched": True, "points": 19,
            "why": "1 point per 1.00 € on 19.90 €: 19 points",
        },
        {
            "rule": "Welcome: 50 on your first purchase", "wallet": "points", "matched": True, "points": 50,
            "why": "A bonus of 50 points",
        },
    ],
    "tier_changes": [_moved("basic", "silver")],
    "replayed": False,
}  # fmt: skip
RECORDED_REVIEW = {
    "activity": "shop:review-88",
    "awards": [_award(20)],
    "balances": [_balance(89)],
    "explanation": [
        {
            "rule": "Thank you for your review", "wallet": "points", "matched": True, "points": 20,
            "why": "A bonus of 20 points",
        },
    ],
    "tier_changes": [],
    "replayed": False,
}  # fmt: skip
RECORDED_BATCH = {
    "results": [{"status": 201, "purchase": "till-7:2026-000123", "awards": [_award(69)], "replayed": False}]
}
STATEMENT = {
    "results": [
        {
            "id": 691, "at": "2026-11-20T13:30:02+00:00", "event_at": "2026-11-20T13:30:00+00:00", "kind": "award",
            "wallet": "points", "state": "active", "points": 69, "balance_after": 69,
            "source": "purchase:till-7:2026-000123", "title": "Purchase of 19.90 €",
            "why": "Every euro counts: 1 point per 1.00 € on 19.90 €: 19 points",
        },
    ],
    "next": None,
}  # fmt: skip
SETTLED_PURCHASE = {"purchase": "till-7:2026-000123", "points": 69, "replayed": False}
SETTLED_REVIEW = {"activity": "shop:review-88", "points": 20, "replayed": False}
RETURN = {"return": "R-17", "lines": [{"line": 1, "quantity": 1}]}
_RETURNED = {
    "return": "R-17",
    "purchase": "till-7:2026-000123",
    "at": "2026-11-24T09:00:00+00:00",
    "lines": [{"line": 1, "quantity": "1", "amount": "9.95"}],
    "amount": "9.95",
    "currency": "EUR",
    "is_last": False,
    "clawbacks": [{"wallet": "points", "points": 34, "waived": 0}],
    "given_back": [],
}
RECORDED_RETURN = _RETURNED | {
    "balances": [_balance(35)],
    "tier_changes": [_moved("silver", "basic")],
    "replayed": False,
}
RETURNS = {"results": [_RETURNED], "next": None}
