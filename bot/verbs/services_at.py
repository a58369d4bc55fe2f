"""Services at: which services live in a repository that the code host names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.ports import Agreed
from bot.rules.policy import Service

Named = Callable[[str], str | None]
"""How the code host itself calls a repository of the catalogue: `owner/name`; None if it isn't there."""


@dataclass(frozen=True, slots=True)
class ServicesAt:
    """Finds them: several services may share a repository, and the code host knows no upper and lower case in it."""

    agreed: Agreed
    named: Named

    def __call__(self, repository: str) -> tuple[Service, ...]:
        """Those whose code is there, in the catalogue's order."""
        return tuple(each for each in self.agreed().services.values() if self._is_at(each, repository))

    def _is_at(self, service: Service, repository: str) -> bool:
        there = self.named(service.repository) if service.repository else None
        return there is not None and there.lower() == repository.lower()
