"""What a name in the code host means exactly, and who wrote what it brings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.ports import CodeHost, CodeHostError, Directory, DirectoryError, Records
from bot.rules.candidate import Candidate
from bot.rules.people import PersonId
from bot.rules.policy import Service
from bot.rules.rollback import stands_now
from bot.rules.sentence import Code, Refused, refuse

MOST_COMMITS = 5000
"""More commits than any release should bring."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ARTIFACT = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Turns a commit, branch or tag into a candidate: the exact commit, now and for good."""

    records: Records
    directory: Directory
    code_host: CodeHost

    async def __call__(
        self, service: Service, ref: str, artifact: str | None, *, by: PersonId, at: datetime
    ) -> Candidate | Refused:
        """The candidate that `ref` names at this moment, with its authors."""
        ref = ref.strip()
        if artifact is not None and not _ARTIFACT.fullmatch(artifact):
            return refuse(
                "{artifact} is not an artifact's digest; one looks like {example}.",
                artifact=Code(artifact),
                example=Code("sha256:" + "0" * 8 + "… (64 digits)"),
            )
        if service.repository is None:
            if not _SHA.fullmatch(ref.lower()):
                return refuse(
                    "{service} names no repository in the catalogue, so I need the full commit (40 digits), not {ref}.",
                    service=service.title,
                    ref=Code(ref),
                )
            return Candidate(ref.lower(), artifact, None, (), frozenset(), by, at)
        try:
            commit = await self.code_host.resolve(service.repository, ref)
            if commit is None:
                return refuse(
                    "{repository} has no commit, branch or tag {ref}. Has it been pushed?",
                    repository=Code(service.repository),
                    ref=Code(ref),
                )
            authors = await self._authors(service, commit.sha)
        except CodeHostError as error:
            return refuse("I could not ask the code host: {why} Nothing was changed.", why=str(error))
        try:
            known = [await self.directory.by_email(author) for author in authors]
        except DirectoryError as error:
            return refuse("I could not look up who wrote that: {why} Nothing was changed.", why=str(error))
        named = None if commit.sha.startswith(ref.lower()) else ref
        people = frozenset(each for each in known if each)
        return Candidate(commit.sha, artifact, named, authors, people, by, at)

    async def _authors(self, service: Service, commit: str) -> tuple[str, ...]:
        """Who wrote what this commit brings to where customers are; the commit's own author if nothing stands there."""
        assert service.repository is not None
        async with self.records.read() as page:
            history = await page.history_for(service.name)
        # The commit's own author counts in any case, also where nothing stands yet or the very same stands already.
        own = await self.code_host.between(service.repository, None, commit, limit=1)
        authors = [each.author_email.lower() for each in own.commits]
        for final in service.final:
            standing = stands_now([each for each in history if each.order.environment == final.name])
            if standing is not None:
                authors += await self._authors_since(service.repository, standing.order.candidate.commit, commit)
        return tuple(dict.fromkeys(authors))

    async def _authors_since(self, repository: str, old: str, new: str) -> list[str]:
        changes = await self.code_host.between(repository, old, new, limit=MOST_COMMITS)
        if changes.total > len(changes.commits):
            raise CodeHostError(
                f"It brings {changes.total} commits, and only {len(changes.commits)} of them can be read, "
                "so nobody can tell who wrote it."
            )
        return [each.author_email.lower() for each in changes.commits]

    async def strangers(self, candidate: Candidate) -> tuple[str, ...]:
        """The authors whom the directory doesn't know: they can't be kept from approving their own work."""
        return tuple([each for each in candidate.authors if await self.directory.by_email(each) is None])
