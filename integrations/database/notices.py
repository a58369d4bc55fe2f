"""Notices as JSON and back into the very same dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from bot.notices import Notice
from integrations.database.storable import all_storable

_ADAPTERS: dict[str, TypeAdapter[Notice]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Notice)}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A notice that this program doesn't know, or not in this form: it is kept and reported, never lost."""

    kind: str
    body: Any
    problem: str


def written(notice: Notice) -> tuple[str, Any]:
    """Its kind and its body, for JSON."""
    kind = type(notice).__name__
    return kind, all_storable(_ADAPTERS[kind].dump_python(notice, mode="json"))


def read(kind: str, body: Any) -> Notice | Unreadable:
    """The notice that was written."""
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        return Unreadable(kind, body, f"Notices of the kind {kind} are unknown to this version.")
    try:
        return adapter.validate_python(body)
    except (ValidationError, ValueError) as error:
        return Unreadable(kind, body, f"This {kind} can't be read: {error}")
