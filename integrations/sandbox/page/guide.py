"""Guide: the path that a newcomer is offered, step by step, and how far it has been walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from .faces import Face, base_of, channels_of, face_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from integrations.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try: what it is about, who does it, what to type, and where (a channel's name, or `home`)."""

    text: str
    person: str
    say: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as the panel shows it."""

    text: str
    say: str
    who: Face
    href: str
    done: bool
    current: bool


class Guide:
    """All steps. A step counts as done once somebody went on from it to a later one."""

    def __init__(self, steps: Iterable[Step | Sequence[str]]) -> None:
        self.steps = [step if isinstance(step, Step) else Step(*step) for step in steps]
        self._current = 0
        self._visited: set[int] = set()

    def visit(self, number: str) -> None:
        """Somebody chose this step (counted from one); anything else changes nothing."""
        if number.isascii() and number.isdigit() and 1 <= int(number) <= len(self.steps):
            self._visited.add(self._current)
            self._current = int(number)

    def finished(self) -> int:
        """How many steps are done."""
        return len({step for step in self._visited if step} - {self._current})

    def shown(self, workspace: Workspace) -> list[ShownStep]:
        """The panel's lines, each leading to the right person at the right place with the words ready."""
        return [
            ShownStep(
                step.text,
                step.say,
                face_of(workspace.person(step.person), workspace),
                self._href(workspace, step, number),
                number in self._visited and number != self._current,
                number == self._current,
            )
            for number, step in enumerate(self.steps, start=1)
        ]

    def _href(self, workspace: Workspace, step: Step, number: int) -> str:
        person = workspace.person(step.person)
        first = next(channels_of(workspace, person), None)
        place = step.place or (first.name if first else "home")
        path = place if place in ("home", "messages") else f"c/{place.removeprefix('#')}"
        query = {"step": number} | ({"say": step.say} if step.say else {})
        return f"{base_of(person)}/{quote(path)}?{urlencode(query)}"
