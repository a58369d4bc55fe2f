"""Lists: releases with what each waits for; and the private answers to planning and proposing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.verbs.ahead import FrozenThen
from bot.verbs.look import Picture
from bot.verbs.plan_release import Planned
from bot.verbs.set_candidate import CandidateSet
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, button, context, header, message, section
from handlers.views.text import Mrkdwn, Pen, at, channel, code, counted, day, one_line, span, when
from handlers.views.words import STAGES, named, title, waits_for

_SHOWN = 40
_OBSTACLES = 5


def release_list(pictures: Sequence[Picture], pen: Pen, title: str) -> Said:
    """Releases, oldest first."""
    if not pictures:
        text = f"{title}: there are none. Plan one with {pen.command('/release new')}."
        return message(text, [section(text)])
    blocks: list[Block] = [header(f"{title} ({len(pictures)})")]
    blocks += [_row(each, pen) for each in pictures[:_SHOWN]]
    if len(pictures) > _SHOWN:
        rest = counted(len(pictures) - _SHOWN, "more release")
        blocks.append(context(f"… and {rest}. Name a service to see fewer: {pen.command('/release list <service>')}"))
    names = ", ".join(f"{one_line(named(each))} ({each.stage})" for each in pictures[:_SHOWN])
    return message(f"{title}: {names}", blocks)


def _row(picture: Picture, pen: Pen) -> Block:
    show = button("Show", Press.SHOW, encode(OnRelease(picture.release.id)), spoken=f"Show {picture.release.name}")
    return section(row(picture, pen), accessory=show)


def row(picture: Picture, pen: Pen) -> Mrkdwn:
    """A release in two lines: what it is, and what it waits for."""
    release = picture.release
    age = span(picture.seen_at - release.created_at)
    target = f"  ·  target {day(release.plan.target)}" if release.plan.target else ""
    return Mrkdwn(
        f"{STAGES[picture.stage]} *{one_line(named(picture), 120)}*  {one_line(title(picture), 120)}\n"
        f"{picture.stage}  ·  {age} old  ·  by {at(release.requested_by)}{target}\n{waits_for(picture, pen)}"
    )


def planned(told: Planned, pen: Pen) -> Said:
    """It has a number."""
    picture = told.picture
    release = picture.release
    where = f" Its card is in {channel(picture.service.channel)}." if picture.service else ""
    text = f"📝 {one_line(named(picture))} is planned.{where}"
    blocks = [section(text)]
    blocks += frozen_then(picture, told.frozen_by, pen)
    blocks += [section(f"🚧 {pen.write(each.why)} {pen.write(each.step)}") for each in told.impossible[:_OBSTACLES]]
    if release.candidate is None:
        blocks.append(
            context(f"*Next*  ·  Propose a candidate with {pen.command(f'/release build {release.name} <commit>')}")
        )
    else:
        blocks.append(
            context(f"Its candidate is {code(release.candidate.short)}  ·  *Next*  ·  {waits_for(picture, pen)}")
        )
    return message(text, blocks)


def frozen_then(picture: Picture, freeze: FrozenThen | None, pen: Pen) -> Iterator[Block]:
    """The warning that the target date falls into a freeze."""
    target = picture.release.plan.target
    if freeze is None or target is None:
        return
    ask = pen.command(f"/freeze except {picture.release.name} <reason>")
    what = "asks for care" if freeze.soft else "freezes it"
    way = "acknowledge it" if freeze.soft else "ask its owners for an exception"
    yield section(
        f"❄️ Its target, {day(target)}, falls into {one_line(freeze.name, 60)} ({one_line(freeze.reason)}), which "
        f"{what} from {when(freeze.starts_at)} until {when(freeze.ends_at)}."
    )
    yield context(f"To {way}{'' if freeze.numbered else ', once it is near'}: {ask}")


def candidate_set(told: CandidateSet, pen: Pen) -> Said:
    """It proposes something else now."""
    release = told.picture.release
    commit = code(release.candidate.short) if release.candidate else ""
    before = f" in place of {code(told.previous.short)}" if told.previous else ""
    text = f"🔨 {one_line(named(told.picture))} now proposes {commit}{before}."
    blocks = [section(text)]
    if told.voided:
        words = [
            f"•  {at(each.person)} had {each.word} it as {one_line(pen.title(each.role))}" for each in told.voided[:10]
        ]
        if len(told.voided) > len(words):
            words.append(f"… and {len(told.voided) - len(words)} more")
        blocks.append(section("No longer counts, since it was said about something else:\n" + "\n".join(words)))
    if told.reopened:
        again = [f"•  {one_line(each.text)}" for each in told.reopened[:10]]
        if len(told.reopened) > len(again):
            again.append(f"… and {len(told.reopened) - len(again)} more")
        blocks.append(section("To be done again for this candidate:\n" + "\n".join(again)))
    blocks.append(context(f"*Next*  ·  {waits_for(told.picture, pen)}"))
    return message(text, blocks)
