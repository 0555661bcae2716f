"""Two things measured in turns, so that whatever else the machine does meets both alike."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

FEWEST = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """`ratio` is the median of `ratios`, product to floor, one per round; the other two are medians by themselves."""

    product: float
    floor: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.ratios)


def compare(product: Callable[[], float], floor: Callable[[], float], *, rounds: int = FEWEST) -> Compared:
    """Measure both `rounds` times, in turns, changing who begins. One unmeasured turn first warms caches up."""
    product()
    floor()
    products, floors = [], []
    for number in range(max(rounds, FEWEST)):
        if number % 2:
            products.append(product())
            floors.append(floor())
        else:
            floors.append(floor())
            products.append(product())
    ratios = tuple(one / other for one, other in zip(products, floors, strict=True))
    return Compared(median(products), median(floors), ratios)
