"""Payloads of GitHub's webhooks, as its community has collected them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def example(name: str, **instead: Any) -> dict[str, Any]:
    """That payload; `workflow_run__conclusion="failure"` puts another value there, and `...` leaves the member out."""
    payload: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    for path, value in instead.items():
        *parents, last = path.split("__")
        at = payload
        for each in parents:
            at = at[each]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return payload
