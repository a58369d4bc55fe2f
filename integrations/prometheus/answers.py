"""What Prometheus answers, read strictly: one number, or why it is none, in sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.ports import MetricsError

_LONGEST = 300
"""So much of somebody else's words is told."""
_MOST_WARNINGS = 5

_ERRORS = {
    "bad_data": "Prometheus does not understand the query: {why}",
    "execution": "Prometheus could not work the query out: {why}",
    "timeout": "Prometheus took too long over the query: {why}",
    "canceled": "Prometheus gave the query up: {why}",
    "unavailable": "Prometheus can't answer just now: {why}",
}
NO_DATA = "There is no data for this query."


def data_of(body: bytes, status: int, place: str) -> tuple[Any, tuple[str, ...]]:
    """The data and the warnings of an answer."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("status") not in {"success", "error"}:
        raise MetricsError(f"{place} answered with status {status}, and not as Prometheus does.")
    if document["status"] == "error":
        why = _words(document.get("error")) or f"status {status}"
        kind = document.get("errorType")
        template = _ERRORS.get(kind if isinstance(kind, str) else "", "Prometheus refuses the query: {why}")
        raise MetricsError(_sentence(template.format(why=why)))
    warnings = document.get("warnings")
    told = [_words(each) for each in warnings[:_MOST_WARNINGS]] if isinstance(warnings, list) else []
    return document.get("data"), tuple(_sentence(f"Prometheus warns: {each}") for each in told if each)


def one_value(data: Any) -> tuple[datetime, float]:
    """The one number that a query gives now."""
    kind, result = _result(data)
    if kind == "scalar":
        return _pair(result)
    if kind != "vector" or not isinstance(result, list):
        raise MetricsError(_no_number(kind))
    return _pair(_only(result).get("value"))


def one_series(data: Any) -> tuple[tuple[datetime, float], ...]:
    """The numbers that a query gave over a time; none if there were none."""
    kind, result = _result(data)
    if kind != "matrix" or not isinstance(result, list):
        raise MetricsError(_no_number(kind))
    if not result:
        return ()
    values = _only(result).get("values")
    if not isinstance(values, list):
        raise MetricsError(_no_number(kind))
    return tuple(_pair(each) for each in values)


def _result(data: Any) -> tuple[str, Any]:
    if not isinstance(data, dict):
        raise MetricsError(_no_number("nothing"))
    return str(data.get("resultType")), data.get("result")


def _only(result: list[Any]) -> Mapping[str, Any]:
    """The one series that there is."""
    if not result:
        raise MetricsError(NO_DATA, empty=True)
    if len(result) > 1:
        raise MetricsError(
            f"The query gives {len(result)} series; it must give one number. Wrap it in sum(…) or max(…)."
        )
    if not isinstance(result[0], dict) or ("histogram" in result[0] or "histograms" in result[0]):
        raise MetricsError(_no_number("histogram"))
    return result[0]


def _no_number(kind: str) -> str:
    return f"The query gives no number, but: {_words(kind)}. Let it give one, as sum(rate(…[5m])) does."


def _pair(given: Any) -> tuple[datetime, float]:
    """A moment and a value as Prometheus writes them: `[1435781451.781, "1"]`, with NaN and infinity as words."""
    try:
        if isinstance(given, list):
            at, value = given
            return datetime.fromtimestamp(float(at), UTC), float(value)
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    raise MetricsError("Prometheus gives a value that can't be read as a number.")


def _words(told: Any) -> str:
    """Somebody else's words, on one line, cut where they get long."""
    text = " ".join(str(told).split()) if isinstance(told, str) else ""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."
