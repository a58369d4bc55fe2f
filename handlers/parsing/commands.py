"""The commands as types: what is left of a line once it has been understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.token import TokenId
from bot.rules.train import Answer, TrainId

Named = str
"""A release as it was named: a number or a service; `Look.which` knows which one that is."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be typed here."""


# ---------------------------------------------------------------- /release


@dataclass(frozen=True, slots=True)
class NewRelease:
    """Plan a release. With all three it needs no form."""

    service: ServiceName | None = None
    version: str | None = None
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class ListReleases:
    """See releases."""

    service: ServiceName | None = None
    whose: Literal["mine", "open", "all"] = "open"


@dataclass(frozen=True, slots=True)
class ShowRelease:
    """See the card."""

    release: Named


@dataclass(frozen=True, slots=True)
class WhyNot:
    """See what blocks."""

    release: Named
    environment: EnvironmentName | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """Propose another candidate."""

    release: Named
    ref: str
    artifact: str | None = None
    irreversible: str = ""
    """What of its migrations can't be undone."""


@dataclass(frozen=True, slots=True)
class OpenChecklist:
    """See and tick the checklist."""

    release: Named


@dataclass(frozen=True, slots=True)
class SayYes:
    """Approve."""

    release: Named
    environment: EnvironmentName | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Say something that decides nothing."""

    release: Named
    text: str


@dataclass(frozen=True, slots=True)
class LeaveFor:
    """Be away for a while, or say so of somebody else."""

    until: datetime
    who: PersonId | None = None
    """None: whoever typed it."""
    since: datetime | None = None
    """None: from now on."""
    stand_in: PersonId | None = None
    role: RoleName | None = None
    """The only role in which the stand-in acts; None: all of them."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BeBack:
    """Be back, or say so of somebody else."""

    who: PersonId | None = None


@dataclass(frozen=True, slots=True)
class SayNo:
    """Reject."""

    release: Named
    reason: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Withdraw what one has said."""

    release: Named


@dataclass(frozen=True, slots=True)
class LaunchIt:
    """Give it to the customers."""

    release: Named


@dataclass(frozen=True, slots=True)
class CancelIt:
    """Give the release up."""

    release: Named
    reason: str


@dataclass(frozen=True, slots=True)
class EditIt:
    """Change its plan."""

    release: Named


@dataclass(frozen=True, slots=True)
class TellDigest:
    """See the digest, or post it here."""

    here: bool = False


@dataclass(frozen=True, slots=True)
class ShowEvidence:
    """See everything that is on the record about it."""

    release: Named


ReleaseCommand = (
    Help
    | NewRelease
    | ListReleases
    | ShowRelease
    | WhyNot
    | Build
    | OpenChecklist
    | SayYes
    | SayNo
    | Remark
    | LeaveFor
    | BeBack
    | TakeBack
    | LaunchIt
    | CancelIt
    | EditIt
    | TellDigest
    | ShowEvidence
)


# ---------------------------------------------------------------- /deploy


@dataclass(frozen=True, slots=True)
class PreviewDeploy:
    """Ask to deploy: see what it would do."""

    release: Named
    environment: EnvironmentName


@dataclass(frozen=True, slots=True)
class StartDeploy:
    """Confirm: start it."""

    release: Named
    environment: EnvironmentName


@dataclass(frozen=True, slots=True)
class ShowStatus:
    """See what runs where."""

    service: ServiceName | None = None


@dataclass(frozen=True, slots=True)
class StopDeploy:
    """Stop a deployment."""

    deployment: DeploymentId


@dataclass(frozen=True, slots=True)
class LetPass:
    """Let those behind go first."""

    deployment: DeploymentId


@dataclass(frozen=True, slots=True)
class SettleIt:
    """Say how a deployment ended whose outcome is unknown."""

    deployment: DeploymentId
    succeeded: bool
    reason: str


@dataclass(frozen=True, slots=True)
class KeepIt:
    """Say that a deployment which is watched stays."""

    deployment: DeploymentId
    reason: str


@dataclass(frozen=True, slots=True)
class LockIt:
    """Hold a service's environment."""

    service: ServiceName
    environment: EnvironmentName
    reason: str
    until: datetime | None = None
    """None: for as long as the catalogue says."""
    release: ReleaseId | None = None
    """The only release that may go there meanwhile."""
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class UnlockIt:
    """Let go of it."""

    service: ServiceName
    environment: EnvironmentName
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GoPastTheGate:
    """Break the glass: see what would be broken; `confirmed` starts it."""

    release: Named
    environment: EnvironmentName
    reason: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SayWhatWasLearned:
    """Review a deployment that broke the glass."""

    deployment: DeploymentId
    learned: str


@dataclass(frozen=True, slots=True)
class AskToken:
    """Have a personal token made, to speak from a terminal."""

    until: datetime | None = None
    """None: as long as is usual."""


@dataclass(frozen=True, slots=True)
class ListTokens:
    """See one's own tokens."""


@dataclass(frozen=True, slots=True)
class DropToken:
    """Revoke a token."""

    token: TokenId


@dataclass(frozen=True, slots=True)
class PreviewTrain:
    """Ask for a train: see what it would do."""

    releases: tuple[Named, ...]
    environment: EnvironmentName


@dataclass(frozen=True, slots=True)
class StartTrain:
    """Confirm a train: let it go."""

    releases: tuple[Named, ...]
    environment: EnvironmentName


@dataclass(frozen=True, slots=True)
class ShowTrain:
    """See how a train stands."""

    train: TrainId


@dataclass(frozen=True, slots=True)
class SteerTrain:
    """Say how a train goes on."""

    train: TrainId
    answer: Answer


DeployCommand = (
    Help
    | PreviewDeploy
    | StartDeploy
    | ShowStatus
    | StopDeploy
    | LetPass
    | SettleIt
    | KeepIt
    | LockIt
    | UnlockIt
    | GoPastTheGate
    | SayWhatWasLearned
    | AskToken
    | ListTokens
    | DropToken
    | PreviewTrain
    | StartTrain
    | ShowTrain
    | SteerTrain
)


# ---------------------------------------------------------------- /rollback


@dataclass(frozen=True, slots=True)
class GoBack:
    """Bring back a version that was good; `now` starts without another question."""

    service: ServiceName
    environment: EnvironmentName | None = None
    wanted: str | None = None
    reason: str = ""
    now: bool = False


@dataclass(frozen=True, slots=True)
class Blame:
    """Say which commits are to blame for what was rolled back."""

    veto: str
    """Its number, or the service that has only this one."""
    commits: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LetBack:
    """Lift a veto, for whatever has the commit that mends it, or for everything."""

    veto: str
    mend: str | None
    reason: str


RollbackCommand = Help | GoBack | Blame | LetBack


# ---------------------------------------------------------------- /freeze


@dataclass(frozen=True, slots=True)
class DeclareFreeze:
    """Block deployments for a while; nothing named means all."""

    until: datetime
    reason: str
    environments: frozenset[EnvironmentName] = frozenset()
    services: frozenset[ServiceName] = frozenset()
    since: datetime | None = None
    """None: from now on."""
    change_types: frozenset[ChangeTypeName] = frozenset()
    hard: bool = True
    """A soft one only has to be acknowledged."""


@dataclass(frozen=True, slots=True)
class ListFreezes:
    """See the freezes in force and ahead."""


@dataclass(frozen=True, slots=True)
class Thaw:
    """End a freeze before its time."""

    freeze: FreezeId


@dataclass(frozen=True, slots=True)
class Prolong:
    """Move a freeze's end."""

    freeze: FreezeId
    until: datetime


@dataclass(frozen=True, slots=True)
class AskException:
    """Ask that a release may pass the freezes in its way."""

    release: Named
    reason: str


@dataclass(frozen=True, slots=True)
class GrantException:
    """Let a release pass."""

    exception: ExceptionId
    answer: str = ""


@dataclass(frozen=True, slots=True)
class RefuseException:
    """Don't let it pass."""

    exception: ExceptionId
    reason: str


FreezeCommand = Help | DeclareFreeze | ListFreezes | Thaw | Prolong | AskException | GrantException | RefuseException

Command = ReleaseCommand | DeployCommand | RollbackCommand | FreezeCommand
