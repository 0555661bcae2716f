"""Colours of a program's pages, by arithmetic alone: whatever colours a brand chooses, its words stay readable.

Contrast is WCAG 2.2's ratio of relative luminances (1 to 21); 4.5 is level AA for text, 3 for shapes.
"""

from collections.abc import Iterator
from colorsys import hls_to_rgb, rgb_to_hls
from datetime import date

from loyalty.lib.colours import SHAPE, TEXT, WHITE, channels, contrast, ink_on, luminance

# The surfaces of tokens.css that brand colours stand on: cards and page, by day and by night
LIGHT_SURFACE, LIGHT_PAGE = "#ffffff", "#f8f6f2"
DARK_SURFACE, DARK_PAGE = "#24211e", "#171513"


def mix(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `other` in `colour`."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def shade(colour: str, share: float, turn: float = 0.0) -> str:
    """`colour` made lighter (share up to 1) or darker (down to -1), its hue turned by a share of the circle."""
    hue, light, saturation = rgb_to_hls(*(channel / 255 for channel in channels(colour)))
    light += (1 - light) * share if share > 0 else light * share
    return "#" + "".join(f"{round(value * 255):02x}" for value in hls_to_rgb((hue + turn) % 1, light, saturation))


def _steps(colour: str, sign: int) -> Iterator[str]:
    return (shade(colour, sign * step / 40) for step in range(41))


def readable(colour: str, *surfaces: str, least: float = TEXT) -> str:
    """`colour`, made darker or lighter only as far as it needs to stand out from every surface."""
    sign = -1 if luminance(surfaces[0]) > 0.18 else 1
    return next(step for step in _steps(colour, sign) if all(contrast(step, each) >= least for each in surfaces))


def card_end(brand: str, ink: str) -> str:
    """Where the card's gradient ends: the brand colour in shade (in light under dark ink), still good to read on."""
    sign = -1 if ink == WHITE else 1
    return next(step for step in _steps(shade(brand, sign * 0.42, 0.03), sign) if contrast(step, ink) >= TEXT)


def palette(brand: str, accent: str) -> dict[str, tuple[str, str]]:
    """Custom properties of a program: name → (by day, by night)."""
    night = readable(brand, DARK_SURFACE, DARK_PAGE, least=SHAPE)
    tint = mix(LIGHT_SURFACE, brand, 0.09), mix(DARK_SURFACE, night, 0.2)
    ink = ink_on(brand)
    return {
        "--brand": (brand, night),
        "--brand-ink": (ink, ink_on(night)),
        "--brand-tint": tint,
        "--brand-text": (
            readable(brand, LIGHT_PAGE, LIGHT_SURFACE, tint[0]),
            readable(brand, DARK_SURFACE, DARK_PAGE, tint[1]),
        ),
        "--accent": (readable(accent, LIGHT_PAGE, least=SHAPE), readable(accent, DARK_SURFACE, least=SHAPE)),
        "--card-start": (brand, brand),
        "--card-end": (card_end(brand, ink),) * 2,
        "--card-ink": (ink, ink),
    }


def stylesheet(code: str, brand: str, accent: str) -> str:
    """The palette as a stylesheet of its own, since pages carry no inline style; it holds inside `.brand-<code>`."""
    lines = (f"  {name}: light-dark({day}, {night});" for name, (day, night) in palette(brand, accent).items())
    return "\n".join([f".brand-{code} {{", *lines, "}", ""])


def first_day(period: str, today: date) -> date | None:
    """Where a period of the statement begins, counted back from `today`; None for any time."""
    month = date(today.year, today.month, 1)
    quarter = date(today.year - (today.month < 3), (today.month - 3) % 12 + 1, 1)
    return {"month": month, "quarter": quarter, "year": date(today.year, 1, 1)}.get(period)
