"""Charts: the shape of a data_visualization block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.blocks.grammar import Report, Rule, array, by_type, number, record, string

_LABEL = string(most=20)
_MOST_SERIES = 6  # one official text says 6, others 12: what holds under both
_POINT = record({"label": _LABEL, "value": number()})
_SERIES = record({"name": _LABEL, "data": array(_POINT, least=1, most=20)})
_AXES = record(
    {"categories": array(_LABEL, least=1, most=20)}, {"x_label": string(most=50), "y_label": string(most=50)}
)


def _labels_fit(value: Any, pointer: str, report: Report) -> None:
    categories, series = value["axis_config"]["categories"], value["series"]
    names = [each["name"] for each in series]
    if len(set(names)) < len(names):
        report.add(f"{pointer}/series", "names of series must be unique")
    for position, each in enumerate(series):
        labels = [point["label"] for point in each["data"]]
        if labels != categories:
            report.add(f"{pointer}/series/{position}/data", "labels must match the categories of the axis, in order")


_XY = record({"series": array(_SERIES, least=1, most=_MOST_SERIES), "axis_config": _AXES}, also=_labels_fit)
_SEGMENT = record({"label": _LABEL, "value": number(above=0)})
_PIE = record({"segments": array(_SEGMENT, least=1, most=_MOST_SERIES)})

DATA_VISUALIZATION: tuple[Mapping[str, Rule]] = (
    {"title": string(most=50), "chart": by_type({"bar": _XY, "line": _XY, "area": _XY, "pie": _PIE})},
)
