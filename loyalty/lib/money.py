"""Money is a Decimal with a currency; it is rounded once, to the currency's cents, half up."""

from decimal import ROUND_HALF_UP, Decimal

# ISO 4217: currencies without two decimals
EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3,
    "OMR": 3, "TND": 3,
}  # fmt: skip
LARGEST = Decimal("999999999999.9999")


def exponent_of(currency: str) -> int:
    """How many decimals the currency has."""
    return EXPONENTS.get(currency, 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole cents of `currency`, halves up."""
    return amount.quantize(Decimal(1).scaleb(-exponent_of(currency)), ROUND_HALF_UP)
