"""What people are told. A verb puts notices into the outbox; they become messages when they are sent.

A living message (a release's card, a deployment's progress) carries no content: it is drawn from the newest facts
when it is sent, so several changes become one update. Everything else carries its sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.people import PersonId
from bot.rules.policy import ChannelId, EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Sentence
from bot.rules.train import TrainId


@dataclass(frozen=True, slots=True)
class CardChanged:
    """The release's card must be drawn (first time: posted) from the newest facts."""

    release: ReleaseId


@dataclass(frozen=True, slots=True)
class DeploymentChanged:
    """The deployment's message in its release's thread must be drawn from the newest facts."""

    release: ReleaseId
    deployment: DeploymentId


@dataclass(frozen=True, slots=True)
class WatchTold:
    """What a watch over a deployment found, with what is asked or was decided, must be drawn from the newest facts."""

    release: ReleaseId
    deployment: DeploymentId


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A line in the release's thread. `loud` shows it in the channel too (a launch, a failed deployment).

    `offers`: where it may go now, with a button that opens the preview.
    """

    release: ReleaseId
    sentence: Sentence
    loud: bool = False
    offers: EnvironmentName | None = None


@dataclass(frozen=True, slots=True)
class DirectLine:
    """A private message to one person; `release` adds a way to its card.

    A `reminder` waits while that person has quiet hours. After `good_until` nobody needs to hear of it any more.
    """

    person: PersonId
    sentence: Sentence
    release: ReleaseId | None = None
    reminder: bool = False
    good_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody is asked for what blocks a release; the private message shows whether it still does."""

    person: PersonId
    release: ReleaseId
    environment: EnvironmentName
    blocker: str
    """The blocker's key."""
    by: PersonId
    """Who had them asked."""


@dataclass(frozen=True, slots=True)
class ExceptionWanted:
    """An owner of a freeze is asked for an exception; the private message shows how it was decided, once it is."""

    person: PersonId
    exception: ExceptionId


@dataclass(frozen=True, slots=True)
class ReviewWanted:
    """Somebody is asked to review a deployment that broke the glass; the message shows what was learned, once it is."""

    person: PersonId
    deployment: DeploymentId


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A message to a channel that belongs to no release."""

    channel: ChannelId
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class FreezeTold:
    """A freeze is coming, has begun, was changed, or is over: told in one channel concerned."""

    channel: ChannelId
    freeze: FreezeId
    moment: Literal["declared", "coming", "started", "extended", "ended"]


@dataclass(frozen=True, slots=True)
class DigestDue:
    """The digest for these services (none: all) must be posted to that channel."""

    channel: ChannelId
    services: tuple[ServiceName, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainChanged:
    """A train's message in the thread of one of its releases must be drawn from the newest facts."""

    release: ReleaseId
    train: TrainId


@dataclass(frozen=True, slots=True)
class TrainAsks:
    """Whoever confirmed a train is asked how it goes on; the private message shows what was decided, once it is."""

    person: PersonId
    train: TrainId


Notice = (
    CardChanged
    | DeploymentChanged
    | WatchTold
    | ThreadLine
    | DirectLine
    | Wanted
    | ExceptionWanted
    | ReviewWanted
    | ChannelLine
    | FreezeTold
    | DigestDue
    | TrainChanged
    | TrainAsks
)


def lane(notice: Notice) -> str:
    """Notices of one lane arrive in order: a release's card and thread, a channel, a person.

    It begins with whom it is for, up to a `/`.
    """
    match notice:
        case CardChanged(release=release) | ThreadLine(release=release) | DeploymentChanged(release=release):
            return f"R-{release}"
        case WatchTold(release=release):
            return f"R-{release}"
        case DirectLine(person=person, reminder=True):
            return f"{person}/reminders"  # which may have to wait, and hold nothing else up
        case Wanted(person=person):
            return f"{person}/{living(notice)}"  # the same
        case DirectLine(person=person) | ExceptionWanted(person=person) | ReviewWanted(person=person):
            return person
        case TrainChanged(release=release):
            return f"R-{release}"
        case TrainAsks(person=person):
            return person
        case ChannelLine(channel=channel) | FreezeTold(channel=channel) | DigestDue(channel=channel):
            return channel


def living(notice: Notice) -> str | None:
    """What this notice draws from the newest facts, by name, so that it waits at most once; None for what is said once.

    All but a digest are living messages: posted once and edited in place from then on.
    """
    match notice:
        case CardChanged(release=release):
            return f"card:R-{release}"
        case DeploymentChanged(deployment=deployment):
            return f"deployment:D-{deployment}"
        case WatchTold(deployment=deployment):
            return f"watch:D-{deployment}"
        case Wanted(person=person, release=release, environment=environment, blocker=blocker):
            return f"wanted:R-{release}/{environment}/{blocker}:{person}"
        case DigestDue(channel=channel, services=services):
            return f"digest:{channel}:{','.join(services)}"
        case ExceptionWanted(person=person, exception=exception):
            return f"exception:X-{exception}:{person}"
        case ReviewWanted(person=person, deployment=deployment):
            return f"review:D-{deployment}:{person}"
        case TrainChanged(release=release, train=train):
            return f"train:T-{train}/R-{release}"
        case TrainAsks(person=person, train=train):
            return f"train:T-{train}:{person}"
        case _:
            return None
