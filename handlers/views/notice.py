"""Notices: short private answers: a refusal, a hint, a thing done."""

from __future__ import annotations

from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId, r
from bot.rules.sentence import Refused, Sentence
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.parsing.hints import Hint
from handlers.views.blocks import Said, actions, button, context, message, section
from handlers.views.text import Pen


def notice(refused: Refused, pen: Pen) -> Said:
    """No, why, and what would help."""
    text = pen.write(refused.why)
    return message(text, [section(f"✋ {text}")])


def line(sentence: Sentence, pen: Pen) -> Said:
    """A sentence for everybody: nothing around it."""
    text = pen.write(sentence)
    return message(text, [section(text)])


def offer(sentence: Sentence, pen: Pen, release: ReleaseId, environment: EnvironmentName) -> Said:
    """A sentence for everybody, with a button that opens the preview of that deployment."""
    text = pen.write(sentence)
    value = encode(OnRelease(release, environment))
    spoken = f"Preview the deployment of {r(release)} to {environment}"
    return message(
        text, [section(text), actions(button(f"Deploy to {environment}", Press.DEPLOY, value, spoken=spoken))]
    )


def direct(sentence: Sentence, pen: Pen, release: ReleaseId | None) -> Said:
    """A private message to one person, with a way to the release that it is about."""
    text = pen.write(sentence)
    if release is None:
        return message(text, [section(text)])
    show = button(f"Show {r(release)}", Press.SHOW, encode(OnRelease(release)))
    return message(text, [section(text), actions(show)])


def hint(told: Hint, pen: Pen) -> Said:
    """What didn't fit, and the nearest command that would have worked."""
    command = pen.command(told.nearest)
    family = told.nearest.split(" ", maxsplit=1)[0]
    why = pen.write(told.why)
    return message(
        f"{why} Try: {command}",
        [
            section(f"🤔 {why}"),
            section(f"Did you mean {command}?"),
            context(f"{pen.command(f'{family} help')} shows everything that can be typed."),
        ],
    )
