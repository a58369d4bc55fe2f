"""Faces and places: who and what stands in the two lists on the left, as one person sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integrations.sandbox.workspace import Channel, Member, Workspace


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody's name and avatar."""

    id: str
    real_name: str
    short: str
    title: str
    standing: str
    initials: str
    colour: str
    is_app: bool
    href: str
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or the app, in the list."""

    id: str
    name: str
    kind: str
    href: str
    private: bool = False
    unread: int = 0
    dot: bool = False
    who: Face | None = None


def base_of(member: Member) -> str:
    """The address under which the page is that person's."""
    return f"/as/{quote(member.name)}"


def face_of(member: Member, workspace: Workspace, *, waiting: int = 0) -> Face:
    """A member as a face; what sets them apart (guest, another company) is said."""
    standing = ""
    if member.deleted:
        standing = "Deactivated"
    elif member.team_id != workspace.team_id:
        standing = "Other company"
    elif member.is_guest:
        standing = "Guest"
    return Face(
        member.id,
        member.real_name,
        member.real_name.split()[0] if member.real_name.split() else member.name,
        member.title,
        standing,
        member.initials,
        f"#{member.colour.lstrip('#')}",
        member.is_bot,
        base_of(member),
        waiting,
    )


def people_of(workspace: Workspace) -> Iterator[Member]:
    """Everybody who could sit in front of a screen."""
    return (member for member in workspace.people.values() if not member.is_bot and not member.deleted)


def channels_of(workspace: Workspace, member: Member) -> Iterator[Channel]:
    """The channels in somebody's list: their own, and the public ones unless they are a guest or a stranger."""
    local = member.team_id == workspace.team_id and not member.is_guest
    for channel in workspace.channels.values():
        if channel.is_im or channel.is_archived:
            continue
        if member.id in channel.members or (local and not channel.is_private):
            yield channel


def reader_of(workspace: Workspace, member: Member) -> Reader:
    """That person as a reader: names, groups, and the clock on their wall."""
    try:
        zone = ZoneInfo(member.tz)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("Etc/UTC")
    return Reader(
        id=member.id,
        tz=zone,
        now=workspace.now(),
        people={one.id: one.real_name for one in workspace.people.values()},
        channels={one.id: one.name for one in channels_of(workspace, member)},
        groups={one.id: one.handle for one in workspace.groups.values()},
        own_groups=frozenset(one.id for one in workspace.groups.values() if member.id in one.members),
        pickable_people={one.id: one.real_name for one in people_of(workspace)},
        base=base_of(member),
    )
