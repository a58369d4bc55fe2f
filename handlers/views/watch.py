"""Watch: what the looks at a deployment found, each thing with its number and a small picture, and what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from bot.rules.deployment import Attempt, Deployment
from bot.rules.judging import Found, Judgement, Watched, sparkline
from bot.rules.watch import Watch, number
from handlers.buttons import OnDeployment, OnService, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, button, context, message, section
from handlers.views.text import Mrkdwn, Pen, at, code, counted, one_line, when, words
from handlers.views.words import ATTEMPTS, what

_SIGNS = MappingProxyType({Judgement.GOOD: "🟢", Judgement.BAD: "🔴", Judgement.UNREADABLE: "⚪"})
_MOST = 20


def watch(deployment: Deployment, watched: Watched, agreed: Watch | None, pen: Pen) -> Said:
    """The message in the thread that follows a watch. `agreed`: how it is watched, while the catalogue says so."""
    order = deployment.order
    where = one_line(order.environment, 60)
    state = _state(deployment, watched)
    blocks = [
        section(f"{_sign(deployment, watched)} *Watch over {deployment.name}*  ·  {what(deployment)} in *{where}*")
    ]
    lines = list(_lines(watched, agreed))
    if lines:
        blocks.append(section("\n".join(lines)))
    blocks.append(context(_looks(deployment, watched, agreed)))
    if watched.asks_since is not None and deployment.attempt is Attempt.WATCHING:
        blocks += _question(deployment, watched, pen)
    if watched.kept_by is not None:
        why = f" Reason: {one_line(watched.kept_why, 500)}" if watched.kept_why else ""
        blocks.append(context(f"👍 {at(watched.kept_by)} said that it stays.{why}"))
    return message(f"Watch over {deployment.name}, {one_line(order.version)} in {where}: {state}", blocks)


def _sign(deployment: Deployment, watched: Watched) -> str:
    if deployment.attempt is Attempt.WATCHING and watched.asks_since is not None:
        return "🙋"
    return ATTEMPTS[deployment.attempt]


def _state(deployment: Deployment, watched: Watched) -> str:
    if deployment.attempt is Attempt.WATCHING:
        return "it waits for a word" if watched.asks_since is not None else "it goes on"
    return "it stays" if deployment.attempt is Attempt.SUCCEEDED else "it did not hold"


def _lines(watched: Watched, agreed: Watch | None) -> Iterator[Mrkdwn]:
    """Each thing that is looked at, as it was seen last."""
    newest = watched.newest
    if newest is None:
        return
    for name, found in list(newest.found.items())[:_MOST]:
        yield _line(name, found, watched, agreed)
    if len(newest.found) > _MOST:
        yield Mrkdwn(f"… and {len(newest.found) - _MOST} more")


def _line(name: str, found: Found, watched: Watched, agreed: Watch | None) -> Mrkdwn:
    metric = agreed.metric(name) if agreed is not None else None
    picture = sparkline(watched.values(name)).strip()
    parts = [f"{_SIGNS[found.judgement]} *{one_line(name, 60)}*"]
    if picture:
        parts.append(code(picture))
    if found.judgement is not Judgement.BAD:  # which says it in words
        parts += _numbers(name, found, watched)
    if metric is not None and found.judgement is Judgement.GOOD:
        parts.append(f"bad: {metric.limit}")
    if found.why:
        parts.append(words(found.why, 400))
    return Mrkdwn("  ".join(parts))


def _numbers(name: str, found: Found, watched: Watched) -> Iterator[str]:
    if found.value is not None:
        yield f"*{number(found.value)}*"
    if found.sigma is not None:
        usual = (watched.usual or {}).get(name)
        yield f"{number(found.sigma)} sigma" + (f" from the usual {number(usual.mean)}" if usual is not None else "")


def _looks(deployment: Deployment, watched: Watched, agreed: Watch | None) -> Mrkdwn:
    told = counted(len(watched.looks), "look")
    if deployment.attempt is Attempt.WATCHING and watched.asks_since is None and agreed is not None:
        told = f"{len(watched.looks)} of {counted(agreed.looks, 'look')}"
    since = f" since {when(deployment.watched_since)}" if deployment.watched_since else ""
    last = f", the last one {when(watched.newest.at)}" if watched.newest is not None else ""
    return Mrkdwn(f"{told}{since}{last}")


def _question(deployment: Deployment, watched: Watched, pen: Pen) -> Iterator[Block]:
    order = deployment.order
    yield section(Mrkdwn(f"✋ {words(watched.asks_why, 1000)}"))
    back = OnService(order.service, order.environment, None, None, watched.asks_why[:500] or None)
    yield actions(
        button(
            "Go on", Press.KEEP, encode(OnDeployment(deployment.id, deployment.revision)), spoken=_go_on(deployment)
        ),
        button("Roll back", Press.WAY_BACK, encode(back), style="danger", spoken=f"Roll {deployment.name} back"),
    )
    yield context(f"Or type {pen.command(f'/deploy keep {deployment.name} <reason>')}")


def _go_on(deployment: Deployment) -> str:
    return f"Let {deployment.name} stay"
