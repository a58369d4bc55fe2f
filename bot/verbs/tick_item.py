"""Tick an item: say that a line of the checklist is done, or that it isn't after all; with a note and a link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.audit import Happened
from bot.rules.checklist import LONGEST_LINK, LONGEST_NOTE, NOTHING_TO_SHOW, Evidence, Item, is_web_address
from bot.rules.people import Actor, PersonId
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import At, Code, InPlaceOf, Part, Refused, Sentence, When, leads_to, refuse, say
from bot.verbs.look import Picture, as_asked_now, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks_role


@dataclass(frozen=True, slots=True)
class TickItem:
    """Tick, or reopen, one line."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release_id: ReleaseId, key: str, done: bool, evidence: Evidence = NOTHING_TO_SHOW, *, by: Actor
    ) -> Picture | Refused:
        """Bring the line to that state. Saying it twice is saying it once, so this needs no intent."""
        wrong = problem_with(evidence)
        if wrong:
            return wrong
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.open() as page:
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            release = as_asked_now(release, agreed)
            item = release.item(key)
            if item is None:
                return refuse("The checklist of {release} has no line {key}.", release=release.name, key=Code(key))
            refused = _refuse(release, item, done, evidence)
            if refused:
                return refused
            if item.owner is not None:
                not_allowed = lacks_role((item.owner,), f"tick “{item.text}”", by.id, roles)
                if not_allowed:
                    return not_allowed
            principal = roles.principal(by.id, item.owner) if item.owner else None
            if item.done is not done:
                item = item.ticked(by.id, now, evidence) if done else item.reopened()
                release = await page.keep(release.with_item(item))
                await page.put_on_record(
                    Happened(
                        "tick" if done else "untick",
                        by.id,
                        by.surface,
                        now,
                        release=release.id,
                        candidate=release.candidate.identity if release.candidate else None,
                        subject=key,
                        detail={"text": item.text, **dict(_worth_keeping(item, principal))},
                    )
                )
                await changed(page, release.id)
                await page.tell(ThreadLine(release.id, _told(by, principal, item)))
            seen = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return seen


def problem_with(evidence: Evidence) -> Refused | None:
    """What is wrong with a note or a link; None if nothing is."""
    if len(evidence.note) > LONGEST_NOTE:
        return refuse(
            "A note has at most {most} characters, and this one has {has}. Please say it shorter, or link to it.",
            most=LONGEST_NOTE,
            has=len(evidence.note),
        )
    if evidence.link is not None and not is_web_address(evidence.link):
        return refuse(
            "A link is a web address that begins with {https} or {http}, of at most {most} characters.",
            https=Code("https://"),
            http=Code("http://"),
            most=LONGEST_LINK,
        )
    return None


def _refuse(release: Release, item: Item, done: bool, evidence: Evidence) -> Refused | None:
    if not release.open:
        return refuse("{release} has ended; its checklist stays as it is.", release=release.name)
    if item.check is not None and item.owner is None:
        return refuse(
            "Nobody ticks “{item}” by hand: the check {check} does, once it has passed for the candidate of {release}, "
            "and it opens it again if it fails.",
            item=item.text,
            check=Code(item.check),
            release=release.name,
        )
    if done and not evidence.empty and evidence != item.evidence and item.ticked_by and item.ticked_at:
        return refuse(
            "{who} ticked “{item}” {at}, so your note was not kept. To say something else, untick it first.",
            who=At(item.ticked_by),
            item=item.text,
            at=When(item.ticked_at),
        )
    return None


def _worth_keeping(item: Item, principal: PersonId | None) -> Iterator[tuple[str, object]]:
    """What the record says besides: in whose place, what others were shown, and that it was not the check's doing."""
    if principal is not None:
        yield "on_behalf_of", principal
    if item.done and item.evidence.note:
        yield "note", item.evidence.note
    if item.done and item.evidence.link:
        yield "link", item.evidence.link
    if item.check is not None:
        yield "by_hand", True
        yield "check", item.check


def _told(by: Actor, principal: PersonId | None, item: Item) -> Sentence:
    template = "{who}{in_place} ticked “{item}”" if item.done else "{who}{in_place} reopened “{item}”"
    parts: dict[str, Part] = {"who": At(by.id), "in_place": InPlaceOf(principal), "item": item.text}
    if item.check is not None:
        template += " by hand, instead of the check {check}"
        parts["check"] = Code(item.check)
    if item.done and item.evidence.note:
        template += ": “{note}”"
        parts["note"] = item.evidence.note
    if item.done and item.evidence.link:
        template += " ({link})"
        parts["link"] = leads_to(item.evidence.link)
    return say(f"{template}.", **parts)
