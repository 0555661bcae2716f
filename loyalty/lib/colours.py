"""Colours by arithmetic alone, so that words stay readable on whatever colour a brand chooses.

Contrast is WCAG 2.2's ratio of relative luminances (1 to 21); 4.5 is level AA for text, 3 for shapes.
"""

TEXT, SHAPE = 4.5, 3.0
WHITE, INK, BLACK = "#ffffff", "#1c1917", "#000000"


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white), of WCAG 2.2."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(fill: str) -> str:
    """The colour of words on `fill`: white where it reads, else warm ink, else black (one of them always does)."""
    return next(ink for ink in (WHITE, INK, BLACK) if contrast(ink, fill) >= TEXT)
