"""Members: the people, bots, channels and groups of a workspace, as its administrator would know them."""

from __future__ import annotations

from dataclasses import dataclass, field

_COLOURS = ("4f7cac", "b5651d", "5b8c5a", "8e5ea2", "c0504d", "3e8e9e", "a8864f", "6b6fb5")


@dataclass(slots=True)
class Member:
    """Somebody with a name: a person, a guest, a bot, or a stranger from another company."""

    id: str
    name: str
    real_name: str
    team_id: str
    title: str = ""
    tz: str = "Etc/UTC"
    email: str = ""
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_workflow_bot: bool = False
    is_invited_user: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    colour: str = ""

    def __post_init__(self) -> None:
        """Give everybody a colour that stays the same."""
        if not self.colour:
            self.colour = _COLOURS[sum(self.id.encode()) % len(_COLOURS)]

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = self.real_name.split() or [self.name]
        letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])
        return letters.upper()

    @property
    def is_guest(self) -> bool:
        """Whether this is a guest of either kind."""
        return self.is_restricted or self.is_ultra_restricted


@dataclass(slots=True)
class Channel:
    """A place for messages: a channel, public or private, or a direct conversation with one person (`im_with`)."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    created: int = 0
    creator: str = ""
    topic: str = ""
    purpose: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    im_with: str | None = None

    @property
    def is_im(self) -> bool:
        """Whether it is a direct conversation."""
        return self.im_with is not None


@dataclass(slots=True)
class UserGroup:
    """A named set of people who can be mentioned together; `date_delete` is set once it is disabled."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list)
    description: str = ""
    date_create: int = 0
    date_update: int = 0
    date_delete: int = 0


@dataclass(slots=True)
class Command:
    """A slash command, as the manifest describes it."""

    name: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


EVERY_SCOPE = frozenset(
    {
        *("chat:write", "chat:write.public", "commands", "files:read", "files:write", "reactions:write"),
        *("users:read", "users:read.email", "usergroups:read", "im:write", "channels:join"),
        *(f"{family}:{what}" for family in ("channels", "groups", "im") for what in ("read", "history")),
    }
)
EVERY_EVENT = frozenset(
    {
        *("app_home_opened", "app_mention", "message.channels", "message.groups", "message.im"),
        *("member_joined_channel", "reaction_added", "subteam_members_changed", "user_change"),
    }
)


@dataclass(slots=True)
class InstalledApp:
    """The one app of the workspace: who it is here, what it may do, and what it wants to hear.

    Until a manifest is installed it may do and hears everything.
    """

    app_id: str
    bot_id: str
    user_id: str
    name: str
    scopes: set[str] = field(default_factory=lambda: set(EVERY_SCOPE))
    events: set[str] = field(default_factory=lambda: set(EVERY_EVENT))
    interactive: bool = True
    home_tab: bool = True
    messages_tab: bool = True
