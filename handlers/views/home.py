"""App Home: somebody's inbox: what waits for them, what is theirs, what is going on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.checklist import Item
from bot.rules.people import PersonId, RoleName
from bot.verbs.look import Picture
from bot.verbs.standing_back import told
from bot.verbs.summaries import InboxContent
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.views.blocks import Block, View, actions, button, context, divider, header, home, section
from handlers.views.checklist import due
from handlers.views.exceptions import request
from handlers.views.freezes import row as freeze_row
from handlers.views.lists import row
from handlers.views.locks import row as lock_row
from handlers.views.reviews import review_request
from handlers.views.text import Pen, at, clip, code, counted, one_line, when
from handlers.views.trains import row as train_row
from handlers.views.words import STAGES, attempt, named, title

_APPROVALS = 10
_EXCEPTIONS = 8
_ITEMS = 12
_MINE = 12
_RUNNING = 8
_TRAINS = 5
_FREEZES = 5
_ABSENCES = 5
_LOCKS = 5
_REVIEWS = 8
_BEHIND = 5


def home_page(content: InboxContent, pen: Pen) -> View:
    """The whole page."""
    return home(
        [
            header("Your releases"),
            context(_summary(content)),
            *_absences(content, pen),
            actions(
                button("Plan a release", Press.NEW, "new", style="primary"),
                block_id="home-actions",
            ),
            *_approvals(content, pen),
            *_exceptions(content),
            *_reviews(content, pen),
            *_items(content),
            *_mine(content, pen),
            *_behind(content, pen),
            *_trains(content, pen),
            *_running(content),
            *_freezes(content),
            *_locks(content, pen),
            divider(),
            context(f"{pen.command('/release help')} shows everything that can be typed."),
        ]
    )


def _summary(content: InboxContent) -> str:
    waiting = len(content.approvals) + len(content.exceptions) + len(content.reviews) + len(content.items)
    if not waiting:
        return "☀️ Nothing waits for you."
    return f"{counted(waiting, 'thing waits', 'things wait')} for you."


def _absences(content: InboxContent, pen: Pen) -> Iterator[Block]:
    """Who is away, as far as this person is concerned."""
    for absence in content.absences[:_ABSENCES]:
        leave = absence.leave
        times = f"from {when(leave.starts_at)} until {when(absence.over_at)}"
        if leave.person == content.person:
            who = f"{at(leave.stand_in)} stands in for you" if leave.stand_in else "nobody stands in for you"
            yield context(f"🏖️ You are away {times}; {who}. To end that: {pen.command('/release back')}")
        else:
            yield context(f"🤝 You stand in for {at(leave.person)} {times}.")


def _titled(title: str, count: int, blocks: list[Block], shown: int) -> Iterator[Block]:
    if not blocks:
        return
    yield divider()
    yield section(f"*{title}*  ({count})")
    yield from blocks
    if count > shown:
        yield context(f"… and {count - shown} more")


def _approvals(content: InboxContent, pen: Pen) -> Iterator[Block]:
    blocks: list[Block] = []
    for picture, role in content.approvals[:_APPROVALS]:
        blocks += _approval(picture, role, pen, content.person)
    yield from _titled("Waiting for your approval", len(content.approvals), blocks, _APPROVALS)


def _approval(picture: Picture, role: RoleName, pen: Pen, person: PersonId) -> Iterator[Block]:
    release, place = picture.release, picture.asking
    if place is None or place.facts.seal is None or release.candidate is None:
        return
    sealed = encode(OnRelease(release.id, place.name, place.facts.seal, release.revision))
    plain = encode(OnRelease(release.id))
    principal = picture.roles.principal(person, role)
    instead = f", in the place of {at(principal)}" if principal else ""
    yield section(
        f"{STAGES[picture.stage]} *{one_line(named(picture), 120)}*  {one_line(title(picture), 120)}\n"
        f"{code(release.candidate.short)} for *{one_line(place.name, 60)}*, as {one_line(pen.title(role), 60)}{instead}"
    )
    where = f"{release.name} for {place.name}"
    yield actions(
        button("Approve", Press.APPROVE, sealed, style="primary", spoken=f"Approve {where}"),
        button("Reject", Press.REJECT, sealed, style="danger", spoken=f"Reject {where}"),
        button("Show", Press.SHOW, plain, spoken=f"Show {release.name}"),
        block_id=f"approval-{release.name}",
    )


def _exceptions(content: InboxContent) -> Iterator[Block]:
    blocks = [block for each in content.exceptions[:_EXCEPTIONS] for block in request(each)]
    yield from _titled("Exceptions that wait for you", len(content.exceptions), blocks, _EXCEPTIONS)


def _reviews(content: InboxContent, pen: Pen) -> Iterator[Block]:
    shown = content.reviews[:_REVIEWS]
    blocks = [block for each in shown for block in review_request(each, pen, content.seen_at)]
    yield from _titled("Reviews that you owe", len(content.reviews), blocks, _REVIEWS)


def _items(content: InboxContent) -> Iterator[Block]:
    blocks = [_item(picture, item) for picture, item in content.items[:_ITEMS]]
    yield from _titled("Your checklist", len(content.items), blocks, _ITEMS)


def _item(picture: Picture, item: Item) -> Block:
    value = encode(OnRelease(picture.release.id, item=item.key))
    tick = button("Tick", Press.TICK, value, spoken=f"Tick {clip(item.text, 60)}")
    where = "  ·  ".join((one_line(named(picture), 120), *due(picture, item)))
    return section(f"⬜ {one_line(item.text, 300)}\n{where}", accessory=tick)


def _mine(content: InboxContent, pen: Pen) -> Iterator[Block]:
    blocks = [
        section(
            row(each, pen),
            accessory=button(
                "Show", Press.SHOW, encode(OnRelease(each.release.id)), spoken=f"Show {each.release.name}"
            ),
        )
        for each in content.mine[:_MINE]
    ]
    yield from _titled("Releases that you asked for", len(content.mine), blocks, _MINE)


def _behind(content: InboxContent, pen: Pen) -> Iterator[Block]:
    blocks: list[Block] = [section(f"⚠️ {pen.write(told(each))}") for each in content.behind[:_BEHIND]]
    yield from _titled("On an older version", len(content.behind), blocks, _BEHIND)


def _trains(content: InboxContent, pen: Pen) -> Iterator[Block]:
    blocks = [section(train_row(each, pen)) for each in content.trains[:_TRAINS]]
    yield from _titled("Release trains", len(content.trains), blocks, _TRAINS)


def _running(content: InboxContent) -> Iterator[Block]:
    blocks = [section(attempt(each)) for each in content.running[:_RUNNING]]
    yield from _titled("Running deployments", len(content.running), blocks, _RUNNING)


def _freezes(content: InboxContent) -> Iterator[Block]:
    blocks = [section(freeze_row(each, content.seen_at)) for each in content.freezes[:_FREEZES]]
    yield from _titled("Freezes", len(content.freezes), blocks, _FREEZES)


def _locks(content: InboxContent, pen: Pen) -> Iterator[Block]:
    """Who holds what; one's own come first, each with the way to let go of it."""
    blocks = []
    for each in content.locks[:_LOCKS]:
        own = pen.command(f"/deploy unlock {each.hold.service} {each.hold.environment}")
        mine = f"\nTo let go: {own}" if each.hold.by == content.person else ""
        blocks.append(section(f"{lock_row(each, content.seen_at)}{mine}"))
    yield from _titled("Locks", len(content.locks), blocks, _LOCKS)
