"""Answers: what somebody is told privately when a thing is done."""

from __future__ import annotations

from bot.rules.approval import Verdict, Word
from bot.verbs.look import Picture
from bot.verbs.speak import Said as Spoken
from bot.verbs.withdraw import Withdrawn
from handlers.views.blocks import Said, context, message, section
from handlers.views.text import Pen, all_of, code, one_line
from handlers.views.words import named, said, waits_for


def spoken(told: Spoken, pen: Pen) -> Said:
    """A yes or a no is given."""
    picture, verdict = told.picture, told.verdict
    text = f"{said(verdict.word)}: {_word(picture, verdict, pen)}."
    back = f"To take it back: {pen.command(f'/release withdraw {picture.release.name}')}"
    if verdict.word is Word.NO:
        other = pen.command(f"/release build {picture.release.name} <commit>")
        return message(
            text, [section(text), context(f"It stands until another commit is proposed: {other}"), context(back)]
        )
    return message(text, [section(text), context(f"*Next*  ·  {waits_for(picture, pen)}"), context(back)])


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


def edited(picture: Picture, pen: Pen) -> Said:
    """Its plan is another one."""
    text = f"📝 {one_line(named(picture))} is saved."
    return message(text, [section(text), context(f"*Next*  ·  {waits_for(picture, pen)}")])


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
    return f"{one_line(named(picture))}{commit} for *{one_line(verdict.environment)}*, as {role}"


def _plain(text: str) -> Said:
    return message(text, [section(text)])
