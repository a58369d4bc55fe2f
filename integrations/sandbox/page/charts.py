"""Charts: the `data_visualization` block as geometry. The template draws it as inline SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 28
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """One value: where it is drawn, and the words that say it."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    words: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line over all categories; `area` closes it down to the base line."""

    line: str
    area: str
    colour: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One segment of a pie."""

    path: str
    colour: int
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at an axis."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the template needs, and the figures in words for those who can't see it."""

    kind: str
    legend: tuple[tuple[int, str], ...]
    words: str
    x_label: str = ""
    y_label: str = ""
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    bars: tuple[Mark, ...] = ()
    dots: tuple[Mark, ...] = ()
    curves: tuple[Curve, ...] = ()
    slices: tuple[Slice, ...] = ()


def chart(block: dict[str, Any]) -> Chart:
    """The block's chart: a pie, or bars, lines or areas over named categories."""
    drawn = block.get("chart") or {}
    return _pie(drawn) if drawn.get("type") == "pie" else _axes(drawn)


def number(value: float) -> str:
    """A figure as people write it: 1,250 and 0.5, without a needless .0."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _pie(drawn: dict[str, Any]) -> Chart:
    segments = [
        (str(each.get("label", "")), max(float(each.get("value") or 0), 0.0)) for each in drawn.get("segments", [])
    ]
    total = sum(value for _, value in segments) or 1.0
    slices, legend = [], []
    turn = 0.0
    for index, (label, value) in enumerate(segments):
        share = value / total
        words = f"{label}: {number(value)} ({share:.0%})"
        # A full circle has no arc from a point to itself: stop a hair before it.
        slices.append(Slice(_wedge(turn, min(share, 0.99999)), index % COLOURS, words))
        legend.append((index % COLOURS, words))
        turn += share
    return Chart("pie", tuple(legend), "; ".join(words for _, words in legend), slices=tuple(slices))


def _wedge(start: float, share: float, radius: float = 90.0) -> str:
    begin, end = (math.tau * part - math.pi / 2 for part in (start, start + share))
    x1, y1, x2, y2 = (radius * f(angle) for angle in (begin, end) for f in (math.cos, math.sin))
    return f"M0 0L{x1:.2f} {y1:.2f}A{radius} {radius} 0 {int(share > 0.5)} 1 {x2:.2f} {y2:.2f}Z"


def _axes(drawn: dict[str, Any]) -> Chart:
    config = drawn.get("axis_config") or {}
    series = drawn.get("series", [])
    categories = [str(name) for name in config.get("categories", [])]
    values = [
        {str(point.get("label")): float(point.get("value") or 0) for point in one.get("data", [])} for one in series
    ]
    names = [str(one.get("name", "")) for one in series]
    ticks = _scale([value for one in values for value in one.values()])
    low, high = ticks[0], ticks[-1]
    step = (WIDTH - LEFT - RIGHT) / max(len(categories), 1)

    def x(index: float) -> float:
        return LEFT + step * index

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    bars: list[Mark] = []
    dots: list[Mark] = []
    curves: list[Curve] = []
    thick = min(step * 0.68 / max(len(series), 1), 44.0)
    for place, (name, one) in enumerate(zip(names, values, strict=True)):
        colour = place % COLOURS
        points = [(index, label, one[label]) for index, label in enumerate(categories) if label in one]
        for index, label, value in points:
            words = f"{name}, {label}: {number(value)}" if len(series) > 1 else f"{label}: {number(value)}"
            if drawn.get("type") == "bar":
                left = x(index + 0.5) + thick * (place - len(series) / 2)
                bars.append(Mark(left, min(y(value), y(0)), thick - 2, abs(y(value) - y(0)), colour, words))
            else:
                dots.append(Mark(x(index + 0.5), y(value), 0, 0, colour, words))
        if drawn.get("type") != "bar" and points:
            line = "L".join(f"{x(index + 0.5):.1f} {y(value):.1f}" for index, _, value in points)
            first, last = points[0][0], points[-1][0]
            close = f"L{x(last + 0.5):.1f} {y(low):.1f}L{x(first + 0.5):.1f} {y(low):.1f}Z"
            curves.append(Curve(f"M{line}", f"M{line}{close}" if drawn.get("type") == "area" else "", colour))
    # Labels that would run into each other are thinned out; every figure is still in the words.
    every = max(1, math.ceil(max((len(name) for name in categories), default=1) * 6.5 / step))
    return Chart(
        str(drawn.get("type", "bar")),
        tuple((place % COLOURS, name) for place, name in enumerate(names)) if len(names) > 1 else (),
        "; ".join(mark.words for mark in bars or dots),
        x_label=str(config.get("x_label") or ""),
        y_label=str(config.get("y_label") or ""),
        x_ticks=tuple(Tick(x(i + 0.5), name) for i, name in enumerate(categories) if i % every == 0),
        y_ticks=tuple(Tick(y(value), number(value)) for value in ticks),
        bars=tuple(bars),
        dots=tuple(dots),
        curves=tuple(curves),
    )


def _scale(values: list[float]) -> list[float]:
    """Four or five round steps that hold every value, zero among them."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        high = low + 1.0
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * count for count in range(first, last + 1)]
