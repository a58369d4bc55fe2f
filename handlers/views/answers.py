"""Answers: what somebody is told privately when a thing is done."""

from __future__ import annotations

from bot.rules.absence import Absence
from bot.rules.approval import Verdict, Word
from bot.rules.people import PersonId
from bot.rules.release import Release
from bot.verbs.edit_release import Edited
from bot.verbs.look import Picture
from bot.verbs.speak import Said as Spoken
from bot.verbs.withdraw import Withdrawn
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.views.blocks import Said, actions, button, context, message, section
from handlers.views.lists import frozen_then
from handlers.views.text import Pen, all_of, at, code, one_line, when
from handlers.views.words import named, said, waits_for


def spoken(told: Spoken, pen: Pen) -> Said:
    """A yes or a no is given."""
    picture, verdict = told.picture, told.verdict
    text = f"{said(verdict.word)}: {_word(picture, verdict, pen)}."
    undo = f"To take it back: {pen.command(f'/release withdraw {picture.release.name}')}"
    if verdict.word is Word.NO:
        other = pen.command(f"/release build {picture.release.name} <commit>")
        return message(
            text, [section(text), context(f"It stands until another commit is proposed: {other}"), context(undo)]
        )
    plain = encode(OnRelease(picture.release.id))
    remark = button("Comment", Press.COMMENT, plain, spoken="Say something in its thread")
    blocks = [section(text), context(f"*Next*  ·  {waits_for(picture, pen)}"), context(undo)]
    return message(text, [*blocks, actions(remark)])


def commented(release: Release) -> Said:
    """It stands in the thread."""
    return _plain(f"💬 It is in the thread of {one_line(release.name)}.")


def away(absence: Absence, viewer: PersonId) -> Said:
    """Somebody is away."""
    leave = absence.leave
    who = "You are" if leave.person == viewer else f"{at(leave.person)} is"
    text = f"🏖️ {who} away from {when(leave.starts_at)} until {when(leave.ends_at)}."
    if leave.stand_in is not None:
        text += f" {at(leave.stand_in)} stands in, and has been told."
    else:
        text += " Nobody stands in."
    return _plain(text)


def back(person: PersonId, viewer: PersonId) -> Said:
    """Somebody is there again."""
    return _plain("👋 You are back." if person == viewer else f"👋 {at(person)} is back.")


def withdrawn(told: Withdrawn, pen: Pen) -> Said:
    """What was said is taken back."""
    what = all_of(f"{each.word} as {one_line(pen.title(each.role))}" for each in told.verdicts)
    text = f"↩️ Taken back: what you had said about {one_line(named(told.picture))} ({what}) no longer counts."
    return message(text, [section(text), context(f"*Next*  ·  {waits_for(told.picture, pen)}")])


def launched(picture: Picture) -> Said:
    """Customers have it."""
    return _plain(f"🎉 {one_line(named(picture))} is released.")


def cancelled(picture: Picture) -> Said:
    """It will not happen."""
    return _plain(f"🚫 {one_line(named(picture))} is cancelled. What has been deployed stays where it is.")


def edited(told: Edited, pen: Pen) -> Said:
    """Its plan is another one."""
    picture = told.picture
    text = f"📝 {one_line(named(picture))} is saved."
    warning = frozen_then(picture, told.frozen_by, pen)
    return message(text, [section(text), *warning, context(f"*Next*  ·  {waits_for(picture, pen)}")])


def handed_over(name: str) -> Said:
    """A file is on its way."""
    return _plain(f"📄 {code(name)} is in your messages with me.")


def digest_posted() -> Said:
    """The digest goes to the channel."""
    return _plain("📰 The digest is being posted here.")


def _word(picture: Picture, verdict: Verdict, pen: Pen) -> str:
    candidate = picture.release.candidate
    commit = f" {code(candidate.short)}" if candidate else ""
    role = one_line(pen.title(verdict.role))
    principal = f", in the place of {at(verdict.on_behalf_of)}" if verdict.on_behalf_of else ""
    return f"{one_line(named(picture))}{commit} for *{one_line(verdict.environment)}*, as {role}{principal}"


def _plain(text: str) -> Said:
    return message(text, [section(text)])
