"""Approve: put your name to a candidate. The release moves on once the gate is empty."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.approval import Word
from bot.rules.candidate import Seal
from bot.rules.people import Actor
from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, AtRole, Code, Refused, Repeated, Sentence, say
from bot.verbs.speak import Said, Speak, in_place_of


@dataclass(frozen=True, slots=True)
class Approve:
    """Say yes to exactly what was on the screen."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self,
        release: ReleaseId,
        environment: EnvironmentName | None,
        seen: Seal | None,
        comment: str = "",
        *,
        by: Actor,
    ) -> Said | Refused | Repeated:
        """Approve. `seen` is the seal that was on the screen; None when it was typed without one."""
        speak = Speak(self.records, self.directory, self.agreed, self.now)
        return await speak(release, environment, seen, Word.YES, comment.strip(), by=by, told=_told)


def _told(said: Said) -> Sentence:
    assert said.picture.release.candidate is not None
    return say(
        "{who} approved {commit} for {environment} as {role}{place}{comment}",
        who=At(said.verdict.person),
        commit=Code(said.picture.release.candidate.short),
        environment=said.verdict.environment,
        role=AtRole(said.verdict.role),
        place=in_place_of(said.verdict),
        comment=f": {said.verdict.reason}" if said.verdict.reason else ".",
    )
