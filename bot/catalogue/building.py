"""From a file that is right to the agreement that the rules know, with everything that was left out filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.catalogue.file import CatalogueFile, ChangeTypeEntry, EnvironmentEntry, ServiceEntry
from bot.catalogue.references import item_key, order_of
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import (
    ApprovalRule,
    Catalogue,
    ChangeType,
    ChangeTypeName,
    ChannelId,
    DeployerChoice,
    DigestSchedule,
    Environment,
    EnvironmentName,
    FreezeMeaning,
    FreezeNotices,
    ItemRule,
    Right,
    Role,
    Service,
    ServiceName,
    Verification,
)

ABBREVIATION = 2
"""So short a name is one."""

LOCAL = ("./", "../", "/", "~")
"""How a path on this machine begins; anything else is a name at a code host."""


def build(file: CatalogueFile, *, base: Path, fingerprint: str) -> Catalogue:
    """The agreement. `base` is the folder that relative paths start from."""
    services = {ServiceName(name): _service(name, entry, file, base) for name, entry in file.services.items()}
    return Catalogue(
        services=services,
        roles={
            RoleName(name): Role(
                RoleName(name), entry.title or titled(name), entry.group, tuple(PersonId(each) for each in entry.people)
            )
            for name, entry in file.roles.items()
        },
        change_types={change.name: change for change in _change_types(file, services)},
        owners=RoleName(file.owners.role),
        owners_channel=ChannelId(file.owners.channel),
        digests=tuple(
            DigestSchedule(
                ChannelId(each.channel),
                each.at,
                each.timezone or file.defaults.timezone,
                tuple(ServiceName(name) for name in each.services),
            )
            for each in file.digests
        ),
        freeze_notices=FreezeNotices(tuple(sorted(set(file.freezes.notices_before), reverse=True))),
        freeze_rights=_roles(file.freezes.rights),
        templates=str(folder(file.templates, base)) if file.templates else None,
        fingerprint=fingerprint,
    )


def titled(name: str) -> str:
    """A name as a title: `change-manager` is `Change manager`, and `qa` is `QA`."""
    words = name.replace("-", " ").replace("_", " ")
    return words.upper() if len(words) <= ABBREVIATION else words[:1].upper() + words[1:]


def folder(text: str, base: Path) -> Path:
    """A path of the file, absolute."""
    return (base / Path(text).expanduser()).resolve()


def _roles(names: list[str]) -> tuple[RoleName, ...]:
    return tuple(RoleName(name) for name in names)


def _service(name: str, entry: ServiceEntry, file: CatalogueFile, base: Path) -> Service:
    order = order_of({each: place.after for each, place in entry.environments.items()})
    repository = entry.repository
    if repository and repository.startswith(LOCAL):
        repository = str(folder(repository, base))
    return Service(
        name=ServiceName(name),
        title=entry.title or titled(name),
        channel=ChannelId(entry.channel or file.owners.channel),
        environments=tuple(_environment(each, place, order[each]) for each, place in entry.environments.items()),
        repository=repository,
        two_people=file.defaults.two_people if entry.two_people is None else entry.two_people,
        rights={Right(right): _roles(roles) for right, roles in (file.defaults.rights | entry.rights).items()},
    )


def _environment(name: str, entry: EnvironmentEntry, after: tuple[str, ...]) -> Environment:
    kind, settings = next(iter(entry.deployer.items()))
    verify = entry.verify
    return Environment(
        name=EnvironmentName(name),
        deployer=DeployerChoice(kind, settings),
        after=tuple(EnvironmentName(each) for each in after),
        address=entry.address,
        verification=Verification(verify.url, verify.member, verify.within) if verify else None,
    )


def _change_types(file: CatalogueFile, services: Mapping[ServiceName, Service]) -> list[ChangeType]:
    if file.change_types is not None:
        return [_change_type(name, entry) for name, entry in file.change_types.items()]
    # Nobody ships on their own word, not even in a team that has written no rules yet.
    owners = (ApprovalRule(RoleName(file.owners.role)),)
    where = {each.name: owners for service in services.values() for each in service.final}
    return [
        ChangeType(ChangeTypeName("feature"), "Feature", approvals=where),
        ChangeType(ChangeTypeName("bugfix"), "Bug fix", approvals=where),
        ChangeType(ChangeTypeName("hotfix"), "Hotfix", approvals=where, freeze=FreezeMeaning.PASSES, keeps_order=False),
    ]


def _change_type(name: str, entry: ChangeTypeEntry) -> ChangeType:
    before = entry.checklist_before
    return ChangeType(
        name=ChangeTypeName(name),
        title=entry.title or titled(name),
        approvals={EnvironmentName(place): _approvals(roles) for place, roles in entry.approvals.items()},
        checklist=tuple(
            ItemRule(
                item_key(each.key, each.text), each.text, RoleName(each.owner) if each.owner else None, each.required
            )
            for each in entry.checklist
        ),
        checklist_before=frozenset(EnvironmentName(each) for each in before) if before is not None else None,
        freeze=entry.freeze,
        keeps_order=entry.keeps_order,
        requester_may_approve=entry.requester_may_approve,
        author_may_approve=entry.author_may_approve,
    )


def _approvals(roles: Any) -> tuple[ApprovalRule, ...]:
    quorums = roles if isinstance(roles, dict) else dict.fromkeys(roles, 1)
    return tuple(ApprovalRule(RoleName(role), quorum) for role, quorum in quorums.items())
