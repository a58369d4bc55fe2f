"""Roster: who and what is in a workspace, set up and changed as an administrator would, and found by id or name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from integrations.sandbox import events
from integrations.sandbox.changes import Change, ChangeKind, Changes, Subscription
from integrations.sandbox.link import AppLink
from integrations.sandbox.members import Channel, Command, InstalledApp, Member, UserGroup
from integrations.sandbox.messages import View


class Roster:
    """People, channels, groups, the app and its commands; and everybody who wants to hear of changes."""

    def __init__(self, *, name: str, team_id: str, app_name: str, now: Callable[[], datetime]) -> None:
        self.name = name
        self.team_id = team_id
        self.domain = name.lower().replace(" ", "-")
        self.now = now
        self.people: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.commands: dict[str, Command] = {}
        self.homes: dict[str, View] = {}
        self.link: AppLink | None = None
        self._changes = Changes()
        self._last_ts = 0
        self.app = InstalledApp(app_id="A0SLIPWAY", bot_id="B0SLIPWAY", user_id="U0SLIPBOT", name=app_name)
        self.add_person(
            app_name.lower(),
            app_name,
            id=self.app.user_id,
            is_bot=True,
            bot_id=self.app.bot_id,
            app_id=self.app.app_id,
        )

    # ------------------------------------------------------------------ building it

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Install the app as its manifest describes it: name, commands, scopes, events."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        home, bot = features.get("app_home", {}), features.get("bot_user", {})
        self.app.name = manifest["display_information"]["name"]
        self.people[self.app.user_id].real_name = bot.get("display_name", self.app.name)
        self.app.scopes = set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ()))
        self.app.events = set(settings.get("event_subscriptions", {}).get("bot_events", ()))
        self.app.interactive = bool(settings.get("interactivity", {}).get("is_enabled", False))
        self.app.home_tab = bool(home.get("home_tab_enabled", False))
        self.app.messages_tab = bool(home.get("messages_tab_enabled", False))
        for command in features.get("slash_commands", ()):
            self.add_command(
                command["command"],
                description=command.get("description", ""),
                usage_hint=command.get("usage_hint", ""),
                should_escape=bool(command.get("should_escape", False)),
            )

    def add_command(
        self, name: str, *, description: str = "", usage_hint: str = "", should_escape: bool = False
    ) -> Command:
        """Add one slash command of the app."""
        self.commands[name] = Command(name, description, usage_hint, should_escape)
        return self.commands[name]

    def add_person(self, name: str, real_name: str = "", **details: Any) -> Member:
        """Add somebody; `details` are the fields of Member, the id is made from the name unless given."""
        details.setdefault("id", "U0" + _letters(name))
        details.setdefault("team_id", self.team_id)
        member = Member(name=name, real_name=real_name or name.capitalize(), **details)
        self.people[member.id] = member
        self.tell("people", user=member.id)
        return member

    def change_person(self, who: str, **changes: Any) -> Member:
        """Change what is known of somebody (deactivated, made a guest), as an administrator would; the app may hear."""
        member = self.person(who)
        for field, value in changes.items():
            setattr(member, field, value)
        self.tell("people", user=member.id)
        events.person_changed(self, member)
        return member

    def add_channel(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002  (called what it is called on the wire)
        members: Iterable[str] = (),
        with_app: bool = True,
        **details: Any,
    ) -> Channel:
        """Add a channel with these people (ids or names) in it, and the app unless told otherwise."""
        ids = {self.person(who).id for who in members} | ({self.app.user_id} if with_app else set())
        channel = Channel(id=id or "C0" + _letters(name), name=name, members=ids, **details)
        channel.created = channel.created or int(self.now().timestamp())
        self.channels[channel.id] = channel
        self.tell("channels", channel=channel.id)
        return channel

    def add_group(
        self,
        handle: str,
        *,
        members: Iterable[str] = (),
        id: str | None = None,  # noqa: A002  (called what it is called on the wire)
        name: str = "",
        description: str = "",
    ) -> UserGroup:
        """Add a user group with these people (ids or names) in it."""
        moment = int(self.now().timestamp())
        group = UserGroup(
            id=id or "S0" + _letters(handle),
            handle=handle,
            name=name or handle,
            members=[self.person(who).id for who in members],
            description=description,
            date_create=moment,
            date_update=moment,
        )
        self.groups[group.id] = group
        self.tell("groups")
        return group

    def change_group(self, handle: str, *, members: Iterable[str], disabled: bool = False) -> UserGroup:
        """Change who is in a group, or disable it."""
        group = self.group(handle)
        before = set(group.members)
        group.members = [self.person(who).id for who in members]
        group.date_update = int(self.now().timestamp())
        group.date_delete = group.date_update if disabled else 0
        self.tell("groups")
        events.group_changed(self, group, before=before)
        return group

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self.channel(channel).is_archived = True
        self.tell("channels", channel=self.channel(channel).id)

    # ------------------------------------------------------------------ finding things

    def person(self, who: str) -> Member:
        """Somebody by id or name."""
        if who in self.people:
            return self.people[who]
        found = next((member for member in self.people.values() if member.name == who.removeprefix("@")), None)
        if found is None:
            raise LookupError(f"Nobody here is called {who!r}; there are {', '.join(self._names())}.")
        return found

    def channel(self, which: str) -> Channel:
        """A channel by id or name, with or without its #."""
        if which in self.channels:
            return self.channels[which]
        name = which.removeprefix("#")
        found = next((channel for channel in self.channels.values() if channel.name == name), None)
        if found is None:
            raise LookupError(f"There is no channel {which!r}.")
        return found

    def group(self, which: str) -> UserGroup:
        """A user group by id or handle."""
        if which in self.groups:
            return self.groups[which]
        found = next((group for group in self.groups.values() if group.handle == which.removeprefix("@")), None)
        if found is None:
            raise LookupError(f"There is no user group {which!r}.")
        return found

    # ------------------------------------------------------------------ telling others

    def next_ts(self) -> str:
        """A new timestamp, later than every other one."""
        self._last_ts = max(self._last_ts + 1, int(self.now().timestamp() * 1_000_000))
        seconds, micros = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def tell(
        self,
        kind: ChangeKind,
        *,
        user: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
    ) -> None:
        """Tell the subscribers what changed."""
        self._changes.tell(Change(kind, user, channel, ts, view_id))

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Listen to changes: `async with workspace.subscribe() as changes: async for change in changes: …`."""
        return self._changes.subscribe()

    async def until(self, condition: Callable[[], bool], *, within: float = 5.0, what: str = "") -> None:
        """Wait until something holds, looking again after every change; an AssertionError if it never does."""
        await self._changes.until(condition, within=within, what=what)

    def _names(self) -> list[str]:
        return sorted(member.name for member in self.people.values())


def _letters(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isascii() and letter.isalnum())
