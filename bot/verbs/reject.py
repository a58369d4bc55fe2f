"""Reject: say no to a candidate, and why. Nothing goes ahead until it is withdrawn or there is a new candidate."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.approval import Word
from bot.rules.candidate import Seal
from bot.rules.people import Actor
from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, AtRole, Code, Refused, Repeated, Sentence, refuse, say
from bot.verbs.speak import Said, Speak, in_place_of


@dataclass(frozen=True, slots=True)
class Reject:
    """Say no to exactly what was on the screen."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release: ReleaseId, environment: EnvironmentName | None, seen: Seal | None, reason: str, *, by: Actor
    ) -> Said | Refused | Repeated:
        """Reject with a reason, which is what helps the others."""
        reason = reason.strip()
        if not reason:
            return refuse(
                "A rejection needs a reason: {example}.", example=Code(f"/release reject R-{release} <reason>")
            )
        speak = Speak(self.records, self.directory, self.agreed, self.now)
        return await speak(release, environment, seen, Word.NO, reason, by=by, told=_told)


def _told(said: Said) -> Sentence:
    assert said.picture.release.candidate is not None
    return say(
        "{who} rejected {commit} for {environment} as {role}{place}: {reason}",
        who=At(said.verdict.person),
        commit=Code(said.picture.release.candidate.short),
        environment=said.verdict.environment,
        role=AtRole(said.verdict.role),
        place=in_place_of(said.verdict),
        reason=said.verdict.reason,
    )
