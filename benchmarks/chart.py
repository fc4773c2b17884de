"""The chart: how long a run takes, the fork among its peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from benchmarks.figures import Spread, show, show_seconds
from benchmarks.scenarios import BOOT, FLOOR, FORK, HAMILTON, SERVICE

FORK_COLOUR = "#0072b2"
PEER_COLOUR = "#a3a9b0"
FLOOR_COLOUR = "#d9dce0"
TEXT, FAINT = "#1f2328", "#59636e"

WIDTH = 930
LEFT, RIGHT = 286, 220
BAR, STEP = 22, 34
TOP, HEAD, GAP = 66, 34, 18


@dataclass(frozen=True)
class Bar:
    """One line of the chart."""

    label: str
    name: str
    colour: str = PEER_COLOUR


PANELS = {
    3: [
        Bar("functions called directly", FLOOR.format(3), FLOOR_COLOUR),
        Bar("Hamilton", HAMILTON.format(3)),
        Bar("this fork", FORK.format(3), FORK_COLOUR),
        Bar("kedro-boot", BOOT.format(3)),
        Bar("KedroServiceSession", SERVICE.format(3, 10)),
        Bar("KedroServiceSession, 1000 entries", SERVICE.format(3, 1000)),
    ],
    50: [
        Bar("functions called directly", FLOOR.format(50), FLOOR_COLOUR),
        Bar("Hamilton", HAMILTON.format(50)),
        Bar("this fork", FORK.format(50), FORK_COLOUR),
        Bar("kedro-boot", BOOT.format(50)),
        Bar("KedroServiceSession", SERVICE.format(50, 10)),
    ],
}


class Scale:
    """Places seconds, each power of ten as far from the next."""

    def __init__(self, seconds: list[float]) -> None:
        # A bar for the shortest time has to be there to be seen.
        self.low = floor(log10(min(seconds)) - 0.1)
        self.high = ceil(log10(max(seconds)))

    def place(self, seconds: float) -> float:
        """The distance from the left edge."""
        share = (log10(seconds) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def powers(self) -> list[float]:
        """The seconds to draw a line at."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def draw(seconds: Mapping[str, Spread]) -> str:
    """Draw all panels, below each other, on one scale."""
    bars = [bar for panel in PANELS.values() for bar in panel]
    scale = Scale([seconds[bar.name].median for bar in bars])
    parts: list[str] = []
    top = TOP
    for nodes, panel in PANELS.items():
        parts += draw_panel(nodes, panel, seconds, scale, top)
        top += HEAD + STEP * len(panel) + GAP
    parts += draw_axis(scale, top)
    return _document(parts, height=top + 34)


def draw_panel(
    nodes: int,
    panel: list[Bar],
    seconds: Mapping[str, Spread],
    scale: Scale,
    top: int,
) -> list[str]:
    """A heading, and the bars from the fastest to the slowest."""
    first = top + HEAD
    parts = [_text(20, top + 20, f"{nodes} nodes", weight="600", size=15)]
    bottom = first + STEP * len(panel) - (STEP - BAR)
    parts += [_line(scale.place(power), first - 6, bottom) for power in scale.powers()]
    own = seconds[FORK.format(nodes)].median
    ordered = sorted(panel, key=lambda bar: seconds[bar.name].median)
    for number, bar in enumerate(ordered):
        y = first + STEP * number
        found = seconds[bar.name].median
        parts += draw_bar(bar, found, found / own, scale, y)
    return parts


def draw_bar(bar: Bar, seconds: float, ratio: float, scale: Scale, y: int) -> list[str]:
    """A name, a bar and its figures."""
    end = scale.place(seconds)
    own = bar.colour == FORK_COLOUR
    weight = "600" if own else "400"
    # Against the floor the number would be of no use to anybody.
    compared = bar.colour == PEER_COLOUR
    times = f", {show(ratio, 2)} times the fork's" if compared else ""
    middle = y + BAR / 2 + 5
    return [
        _text(LEFT - 12, middle, bar.label, anchor="end", weight=weight),
        f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" rx="2" '
        f'fill="{bar.colour}"/>',
        _text(end + 8, middle, f"{show_seconds(seconds)}{times}", weight=weight),
    ]


def draw_axis(scale: Scale, y: int) -> list[str]:
    """The times that the lines stand for."""
    return [
        _text(scale.place(power), y, show_seconds(power), anchor="middle", size=12)
        for power in scale.powers()
    ]


def _document(parts: list[str], height: int) -> str:
    title = "Time of one warm run"
    below = "Each grid line stands for ten times the time of the one before it."
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{title}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, '
        'sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(20, 30, f"{title}: shorter is better", weight="600", size=18),
        _text(20, 52, below, size=12, colour=FAINT),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "400",
    size: int = 14,
    colour: str = TEXT,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
    )


def _line(x: float, top: float, bottom: float) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" '
        'stroke="#e4e7ea" stroke-width="1"/>'
    )
