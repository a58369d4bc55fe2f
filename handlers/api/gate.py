"""Gate: may this commit, or this release, go to that environment now, and if not, why: for any CI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.rules.machine_token import Scope
from bot.verbs.ask_gate import Unaskable
from handlers.api.endpoint import Desk, Endpoint
from handlers.api.models import Blocker, Complaint, Model, example
from handlers.api.parameters import ACommit, AnEnvironment, ARelease, AService, Parameters
from handlers.api.pen import people_of
from handlers.api.problems import Trouble


class GateParameters(Parameters):
    """A commit of a service, or a release; with both, whether that release proposes that commit as well."""

    environment: AnEnvironment
    """Where it is to go."""
    service: AService | None = None
    """The service whose commit it is."""
    commit: ACommit | None = None
    """The full SHA."""
    release: ARelease | None = None
    """A release, in place of service and commit."""

    @classmethod
    def complaints(cls, given: Mapping[str, str]) -> Iterator[Complaint]:
        """Something must be asked about."""
        if "release" in given:
            return
        if "commit" not in given:
            yield Complaint(parameter="commit", detail="“commit” is missing, or “release” in its place.")
        if "service" not in given:
            yield Complaint(
                parameter="service", detail="“service” is missing: a commit is asked about with its service."
            )


class Gate(Model):
    """The answer, as of `asked_at`: a deployment asks the gate again when it starts."""

    model_config = example(
        open=False,
        service="payments",
        environment="production",
        release="R-12",
        version="2.4.0",
        commit="4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1",
        artifact=None,
        stands_there=False,
        asked_at="2026-11-23T10:00:00Z",
        opens_at=None,
        blockers=[
            {
                "kind": "approval",
                "key": "approval:qa",
                "sentence": "The approval of qa is missing.",
                "lifted_by": [
                    {
                        "kind": "role",
                        "id": "qa",
                        "name": "QA",
                        "people": [{"id": "U0OMAR", "name": "Omar Haddad"}],
                    }
                ],
                "step": "Press Approve, or type /release approve R-12 production.",
                "opens_at": None,
            }
        ],
    )

    open: bool
    """Whether it may go there now."""
    service: str
    environment: str
    release: str | None
    """The release that this is about; null where no open release proposes the commit."""
    version: str | None
    commit: str | None
    """The commit that was asked about, or that the release proposes."""
    artifact: str | None
    """The digest of the artifact that was proposed, where one was: build or take exactly that."""
    stands_there: bool
    """Whether exactly that is what stands there already."""
    asked_at: datetime
    opens_at: datetime | None
    """When nothing will block any more if nobody does anything; null if somebody has to, or if nothing blocks."""
    blockers: list[Blocker]
    """Everything that is in the way, in the order in which people best deal with it; empty if nothing is."""


async def give(desk: Desk, asked: GateParameters) -> Gate | Trouble:
    """Ask the gate that everybody asks."""
    if asked.release is not None:
        found = await desk.ask_gate.of_release(
            asked.release, asked.environment, service=asked.service, commit=asked.commit
        )
    else:
        assert asked.service is not None, "which was complained about"
        assert asked.commit is not None, "which was complained about"
        found = await desk.ask_gate.of_commit(asked.service, asked.environment, asked.commit)
    if isinstance(found, Unaskable):
        return desk.unknown(found.about, found.why)
    pen = await desk.pen(people_of(found.blockers, found.roles), found.roles)
    release = found.release
    candidate = release.candidate if release is not None else None
    return Gate(
        open=found.open,
        service=found.service,
        environment=found.environment,
        release=release.name if release is not None else None,
        version=release.plan.version if release is not None else None,
        commit=asked.commit or (candidate.commit if candidate is not None else None),
        artifact=candidate.artifact if candidate is not None and asked.commit in {None, candidate.commit} else None,
        stands_there=found.stands_there,
        asked_at=found.at,
        opens_at=found.opens_at,
        blockers=[pen.blocker(each) for each in found.blockers],
    )


GATE = Endpoint(
    "/gate",
    "askGate",
    "May this commit go to this environment now?",
    "Answered by the same rules as `/release why` and as every deployment. A commit that no open release proposes may "
    "not go anywhere; one that several propose may go if it may with one of them.",
    Scope.GATE,
    GateParameters,
    Gate,
    give,
)
