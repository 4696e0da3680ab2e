"""Small pictures as numbers: where each bar of a chart stands. The templates draw them as SVG."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

# The units of the SVG; the style sheet stretches it to its place.
WIDTH, HEIGHT = 720, 160


@dataclass(frozen=True)
class Bar:
    """One date: where its bar stands, and what it says."""

    date: datetime.date
    value: int
    x: float
    y: float
    width: float
    height: float
    is_over: bool  # beyond what it may be today


@dataclass(frozen=True)
class Chart:
    """Bars from the first date to the last. `line` is where that lies which a date may be, or None."""

    bars: list[Bar]
    line: float | None
    top: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def dearest(self) -> Bar | None:
        """The highest bar, if anything was spent."""
        highest = max(self.bars, key=lambda bar: bar.value, default=None)
        return highest if highest and highest.value else None


def days(values: Sequence[tuple[datetime.date, int]], *, most: int) -> Chart:
    """A bar for each date, and a line at what a date may be where that is not far above the highest bar."""
    highest = max((value for _, value in values), default=0)
    has_line = 0 < most <= 4 * highest
    top = max(highest, most if has_line else 0, 1)
    step = WIDTH / max(len(values), 1)
    gap = min(6.0, step / 4)
    bars = []
    for place, (date, value) in enumerate(values):
        height = max(HEIGHT * value / top, 1.5) if value else 0.0
        x, width = place * step + gap / 2, step - gap
        bars.append(Bar(date, value, x, HEIGHT - height, width, height, is_over=bool(most) and value > most))
    return Chart(bars, HEIGHT - HEIGHT * most / top if has_line else None, top)
