"""The judge: what was promised, held against what the record, the target and Slack say once all is at rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from integrations.database.tables import audit, deployments, intents, messages, outbox, releases
from integrations.sandbox.messages import Message
from integrations.sandbox.workspace import Workspace
from integrations.slack.posting import EVENT_TYPE
from tests.crash.hands import ENDS, Tally
from tests.crash.record import Record

Row_ = Row[Any]

BEGUN_AND_ENDED = 2
"""So many lines in the thread at least each deployment has."""


@dataclass(slots=True)
class Judgement:
    """Figures to print, and every promise that was broken, with the facts."""

    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def count(self, what: str, found: Iterable[str]) -> None:
        """This should be nothing; whatever it is, is a broken promise."""
        told = list(found)
        self.figures[what] = len(told)
        self.broken += [f"{what}: {each}" for each in told]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known, as rows."""

    deployments: list[Row_]
    releases: list[Row_]
    audit: list[Row_]
    intents: list[str]
    outbox: list[Row_]
    anchors: dict[str, Row_]
    target: dict[str, Any]
    posted: list[Message]
    """What the app wrote where everybody reads it, the oldest first."""
    answered: dict[str, str]


async def judge(record: Record, target: dict[str, Any], workspace: Workspace, tally: Tally) -> Judgement:
    """Look at everything."""
    posted = [each for channel in workspace.messages.values() for each in channel if not each.ephemeral_to]
    facts = Facts(
        deployments=await record.rows(select(deployments).order_by(deployments.c.id)),
        releases=await record.rows(select(releases).order_by(releases.c.id)),
        audit=await record.rows(select(audit).order_by(audit.c.number)),
        intents=[row.intent for row in await record.rows(select(intents.c.intent))],
        outbox=await record.rows(select(outbox).order_by(outbox.c.id)),
        anchors={row.name: row for row in await record.rows(select(messages))},
        target=target,
        posted=sorted((each for each in posted if each.user == workspace.app.user_id), key=lambda each: each.ts),
        answered=tally.answered,
    )
    found = Judgement()
    weigh(facts, found)
    verified = await record.verified()
    found.figures["entries on the record, all in one chain"] = verified.entries
    if verified.broken is not None:
        found.broken.append(f"the record: {verified.broken}")
    followed, badly = await record.engine()
    found.count("deployments that the engine still follows", followed)
    found.count("pieces of work that ended badly in the engine", [f"{badly} of them"] if badly else [])
    return found


def weigh(facts: Facts, found: Judgement) -> None:
    """Count what should be, and what shouldn't."""
    _confirmed(facts, found)
    _at_the_target(facts, found)
    _told(facts, found)


# ------------------------------------------------------------------ all or nothing


def _confirmed(facts: Facts, found: Judgement) -> None:
    """A confirmation is there with all that belongs to it, or not at all."""
    ids = {f"D-{row.id}" for row in facts.deployments}
    found.figures["deployments confirmed"] = len(ids)
    found.figures["… of them rollbacks"] = sum(row.kind == "rollback" for row in facts.deployments)
    for attempt, many in sorted(Counter(row.attempt for row in facts.deployments).items()):
        found.figures[f"… ended {attempt}"] = many
    found.count("without an end", (f"D-{r.id} is {r.attempt}" for r in facts.deployments if r.attempt not in ENDS))

    on_record = Counter(row.subject for row in facts.audit if row.verb in {"confirm deploy", "roll back"})
    half = [
        f"{name} is on the record {on_record[name]} times"
        for name in sorted(ids | {*on_record})
        if on_record[name] != 1
    ]
    half += [f"{name} is on the record, and is not there" for name in on_record if name not in ids]
    said = Counter(_about(row.body) for row in facts.outbox if row.kind == "ThreadLine")
    half += [f"“{words}” is said {many} times of {name}" for (name, words), many in said.items() if name and many > 1]
    told = Counter(name for name, _ in said.elements())
    half += [f"of {name} the thread tells {told[name]} things" for name in sorted(ids) if told[name] < BEGUN_AND_ENDED]
    noted = [each for each in facts.intents if each.startswith(("crash confirm ", "crash roll back "))]
    if len(noted) != len(ids):
        half.append(f"{len(noted)} intents were noted for {len(ids)} deployments")
    found.count("confirmations that are there only by half", half)
    found.figures["confirmations that were answered"] = len(facts.answered)
    found.count("answered, and not there", (each for each in facts.answered if each not in noted))
    ends = Counter(
        row.subject for row in facts.audit if row.verb.startswith("deployment ") and row.verb.split()[1] in ENDS
    )
    found.count("ends that are on the record not just once", (f"{n}: {ends[n]}" for n in sorted(ids) if ends[n] != 1))


def _about(line: Mapping[str, Any]) -> tuple[str, str]:
    """The deployment that a line in a thread is about, if any, and its words without what is particular."""
    parts = dict(line["sentence"]["parts"])
    return str(parts.get("name", "")), str(line["sentence"]["template"])


# ------------------------------------------------------------------ what the target says


def _at_the_target(facts: Facts, found: Judgement) -> None:
    runs = defaultdict(list)
    for run in facts.target["runs"]:
        runs[run["label"]].append(run)
    found.figures["started at the target"] = len(facts.target["runs"])
    found.figures["asked for again, and found there"] = facts.target["asked_again"]
    found.count("started twice", (f"{label}: {len(each)} times" for label, each in runs.items() if len(each) > 1))
    found.count("two at once at one place", facts.target["overlaps"])
    ids = {f"D-{row.id}" for row in facts.deployments}
    found.count("started, and not on the record", (label for label in runs if label not in ids))
    found.count("ends that are not true", _untrue(facts, runs))
    stands: dict[str, str] = {}
    for row in facts.deployments:
        if row.attempt == "succeeded" or _was_there(row):
            stands[f"{row.service}/{row.environment}"] = row.commit
    served = facts.target["served"]
    found.count(
        "places that serve something else than the record says",
        (
            f"{place}: {served.get(place)}, and not {commit}"
            for place, commit in stands.items()
            if served.get(place) != commit
        ),
    )


def _untrue(facts: Facts, runs: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """What the record says of each deployment's end, where the target says something else."""
    for row in facts.deployments:
        name = f"D-{row.id}"
        if runs[name]:
            run = runs[name][0]
            true = run["phase"] == ("succeeded" if _was_there(row) else row.attempt) and run["commit"] == row.commit
            true = true and (row.attempt != "succeeded" or row.served == row.commit)
            said = run["phase"]
        else:
            stopped, refused = name in facts.target["withdrawn"], name in facts.target["refused"]
            true = row.attempt == "cancelled" or (row.attempt == "failed" and refused)
            said = "refused" if refused else "stopped before it began" if stopped else "never asked to start it"
        if not true:
            yield f"{name} is {row.attempt} ({row.detail}); the target: {said}"


def _was_there(row: Row_) -> bool:
    """Whether it failed while it was watched: the target had succeeded."""
    return row.attempt == "failed" and row.watched_since is not None


# ------------------------------------------------------------------ what people read


def _told(facts: Facts, found: Judgement) -> None:
    arrived = defaultdict(list)
    for each in facts.posted:
        key = _key(each)
        if key is not None:
            arrived[key].append(each)
    by_id = {row.id: row for row in facts.outbox}
    found.figures["messages in Slack"] = len(facts.posted)
    found.count("sent twice", (f"{key}: {len(each)} times" for key, each in arrived.items() if len(each) > 1))
    found.count(
        "never sent", (f"{row.id} of {row.lane}: {row.last_error}" for row in facts.outbox if row.sent_at is None)
    )
    lines = [row for row in facts.outbox if row.kind == "ThreadLine"]
    found.figures["lines in threads"] = len(lines)
    where = {key.partition("-")[0]: each[0] for key, each in arrived.items() if not key.endswith("-card")}
    found.count("lines that did not arrive", (f"{row.id} of {row.lane}" for row in lines if str(row.id) not in where))
    last: dict[str, tuple[str, int]] = {}
    late = []
    for row in lines:
        ts = where[str(row.id)].ts if str(row.id) in where else ""
        if ts and row.lane in last and last[row.lane][0] > ts:
            late.append(f"{row.id} of {row.lane} came before {last[row.lane][1]}")
        last[row.lane] = (ts, row.id)
    found.count("lines out of order", late)

    cards = Counter(
        by_id[int(key.partition("-")[0])].lane for key, each in arrived.items() for m in each if not m.is_reply
    )
    found.figures["cards"] = sum(cards.values())
    found.count(
        "releases without just one card",
        (f"R-{row.id}: {cards[f'R-{row.id}']}" for row in facts.releases if cards[f"R-{row.id}"] != 1),
    )
    found.count("progress messages that don't show the end", _outdated(facts))


def _outdated(facts: Facts) -> Iterator[str]:
    shown = {(each.channel, each.ts): each for each in facts.posted}
    for row in facts.deployments:
        anchor = facts.anchors.get(f"deployment:D-{row.id}")
        message = shown.get((anchor.channel, anchor.ts)) if anchor else None
        if message is None:
            yield f"D-{row.id} has none"
        elif not message.text.endswith(row.attempt):
            yield f"D-{row.id} is {row.attempt}; it shows “{message.text}”"


def _key(message: Message) -> str | None:
    metadata = message.metadata or {}
    return str(metadata["event_payload"]["parcel"]) if metadata.get("event_type") == EVENT_TYPE else None
