"""What a line is read against: the catalogue's names, and the typist's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rules.people import Person, RoleName
from bot.rules.policy import Catalogue, ChangeTypeName, EnvironmentName, ServiceName


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a parser may know. `zone` is the typist's; an unknown one is read as UTC."""

    services: Mapping[ServiceName, tuple[EnvironmentName, ...]]
    now: datetime
    zone: str = "UTC"
    roles: tuple[RoleName, ...] = ()
    change_types: tuple[ChangeTypeName, ...] = ()

    def service(self, word: str) -> ServiceName | None:
        """The service of that name, whatever its capitals."""
        return next((each for each in self.services if each.lower() == word.lower()), None)

    def environment(self, word: str, service: ServiceName | None = None) -> EnvironmentName | None:
        """The environment of that name; of that service, if one is named."""
        return next((each for each in self.environments(service) if each.lower() == word.lower()), None)

    def change_type(self, word: str) -> ChangeTypeName | None:
        """The change type of that name, whatever its capitals."""
        return next((each for each in self.change_types if each.lower() == word.lower()), None)

    def environments(self, service: ServiceName | None = None) -> tuple[EnvironmentName, ...]:
        """All environments, each once; or that service's."""
        if service is not None:
            return self.services.get(service, ())
        return tuple(dict.fromkeys(each for names in self.services.values() for each in names))

    def role(self, word: str) -> RoleName | None:
        """The role of that name, whatever its capitals."""
        return next((each for each in self.roles if each.lower() == word.lower()), None)

    @property
    def tz(self) -> ZoneInfo:
        """The typist's time zone."""
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")


def known(catalogue: Catalogue, typist: Person, now: datetime) -> Known:
    """What a line of this person is read against now."""
    services = {name: tuple(each.name for each in service.environments) for name, service in catalogue.services.items()}
    return Known(services, now, typist.tz, tuple(catalogue.roles), tuple(catalogue.change_types))
