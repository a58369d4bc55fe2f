"""What targets say of their work: their steps, and the newest word that they sent by themselves, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.rules.deployment import Heard, Phase, Step, StepState
from integrations.database.storable import storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def written_steps(steps: Sequence[Step]) -> list[list[str | None]] | None:
    """Each step by its name, how far it is, and where it can be watched; None for none."""
    return [[storable(each.name), each.state, each.link and storable(each.link)] for each in steps] or None


def read_steps(kept: Sequence[Sequence[Any]] | None) -> tuple[Step, ...]:
    """The same again."""
    return tuple(Step(name, StepState(state), link) for name, state, link in kept or ())


def written_heard(heard: Heard | None) -> dict[str, Any] | None:
    """By the names of its parts; those that say nothing are left out."""
    if heard is None:
        return None
    parts: dict[str, Any] = {
        "phase": heard.phase.value,
        "at": heard.at.isoformat(),
        "words": storable(heard.words),
        "link": heard.link and storable(heard.link),
        "commit": heard.commit,
        "ref": heard.ref and storable(heard.ref),
        "steps": written_steps(heard.steps),
    }
    return {name: value for name, value in parts.items() if value}


def read_heard(kept: Mapping[str, Any] | None) -> Heard | None:
    """The same again."""
    if kept is None:
        return None
    return Heard(
        phase=Phase(kept["phase"]),
        at=datetime.fromisoformat(kept["at"]),
        words=kept.get("words", ""),
        link=kept.get("link"),
        commit=kept.get("commit"),
        ref=kept.get("ref"),
        steps=read_steps(kept.get("steps")),
    )
