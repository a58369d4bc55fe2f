"""What must fit together about watches: there is something to look at, somewhere to read it, and time to tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.catalogue import words
from bot.catalogue.finding import EACH, Finding, find, mapping
from bot.catalogue.reading import Path
from bot.rules.terms import span
from bot.rules.watch import HEALTH, MOST_LOOKS, Watch


def misfits(data: Any) -> Iterator[Finding]:
    """Everything that doesn't fit together."""
    readable = "metrics" in mapping(data)
    for path, watch in find(data, "services", EACH, "environments", EACH, "watch"):
        if isinstance(watch, dict):
            yield from _something_to_see(watch, path, readable=readable)
            yield from _time_to_see_it(watch, path)
            for name, metric in mapping(watch.get("metrics")).items():
                yield from _compared(mapping(metric), (*path, "metrics", name))


def _something_to_see(watch: dict[str, Any], path: Path, *, readable: bool) -> Iterator[Finding]:
    metrics = mapping(watch.get("metrics"))
    if not metrics and watch.get("health") is None:
        yield path, "There is nothing to look at; name a “health” address, or “metrics”."
    if metrics and not readable:
        yield (*path, "metrics"), "Nothing says where metrics are read; add “metrics: {url: https://…}” to the file."
    if HEALTH in metrics:
        yield (*path, "metrics", HEALTH), f"“{HEALTH}” is what the health address is called; choose another name."


def _time_to_see_it(watch: dict[str, Any], path: Path) -> Iterator[Finding]:
    lasts, every = _length(watch.get("lasts")), _length(watch.get("every", Watch(timedelta(0)).every))
    if not lasts or not every:
        return
    if every > lasts:
        yield (
            (*path, "lasts"),
            f"It is over before the second look, which comes after {span(every)}; let it last longer.",
        )
        return
    looks = Watch(lasts, every).looks
    if looks > MOST_LOOKS:
        yield (*path, "lasts"), _TOO_MANY.format(looks=looks, most=MOST_LOOKS)
    for at, thing in ((("health",), watch.get("health")), *_metrics(watch)):
        lasting = mapping(thing).get("lasting", 2) if thing is not None else 1
        if isinstance(lasting, int) and lasting > looks:
            place = (*path, *at, "lasting") if "lasting" in mapping(thing) else (*path, *at)
            yield place, f"It must be bad in {lasting} looks to count, and there are only {looks}; it could never fail."


_TOO_MANY = "There would be {looks} looks; {most} are the most. Look less often (“every”), or for a shorter time."


def _metrics(watch: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, metric in mapping(watch.get("metrics")).items():
        yield ("metrics", name), metric


def _compared(metric: dict[str, Any], path: Path) -> Iterator[Finding]:
    limited = metric.get("above") is not None or metric.get("below") is not None
    if "against" in metric and limited and metric.get("z_score") is None:
        yield (*path, "against"), "It has a limit and no “z_score”, so nothing is compared with the hours before."


def _length(given: Any) -> timedelta | None:
    """A duration that is one; what is wrong with others is said elsewhere."""
    try:
        return words.duration(given)
    except ValueError:
        return None
