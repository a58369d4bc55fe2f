"""The judge sees what it is there to see: each promise, broken on purpose in what is otherwise a good record."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from integrations.sandbox.messages import Message
from integrations.slack.posting import EVENT_TYPE
from tests.crash.judge import Facts, Judgement, weigh

COMMIT = "c0ffee"


def row(**fields: Any) -> Any:
    return SimpleNamespace(**fields)


def a_line(number: int, words: str) -> Any:
    body = {"sentence": {"template": words, "parts": [["name", "D-1"]]}}
    return row(id=number, lane="R-1", kind="ThreadLine", body=body, sent_at="then", last_error=None)


def a_message(parcel: str, ts: str, text: str = "A line", *, reply: bool = True) -> Message:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"parcel": parcel}}
    return Message("C0PAYMENTS", ts, "U0APP", text, thread_ts="1.0" if reply else None, metadata=metadata)


def good_facts() -> Facts:
    """One release, one deployment, from its confirmation to its success."""
    deployment = row(
        id=1,
        kind="deploy",
        service="payments",
        environment="production",
        attempt="succeeded",
        detail="Done.",
        commit=COMMIT,
        served=COMMIT,
        watched_since=None,
    )
    card = row(id=1, lane="R-1", kind="CardChanged", body={}, sent_at="then", last_error=None)
    run = {"number": 1, "label": "D-1", "place": "payments/production", "commit": COMMIT, "phase": "succeeded"}
    return Facts(
        deployments=[deployment],
        releases=[row(id=1)],
        audit=[row(verb="confirm deploy", subject="D-1"), row(verb="deployment succeeded", subject="D-1")],
        intents=["crash confirm payments/production 3"],
        outbox=[card, a_line(2, "{name} began"), a_line(3, "{name} ended")],
        anchors={"deployment:D-1": row(channel="C0PAYMENTS", ts="1.2")},
        target={
            "runs": [run],
            "withdrawn": [],
            "refused": [],
            "overlaps": [],
            "served": {"payments/production": COMMIT},
            "asked_again": 0,
        },
        posted=[
            a_message("1-0", "1.0", "R-1", reply=False),
            a_message("2-0", "1.1"),
            a_message("4-0", "1.2", "D-1: 1.0 to production: succeeded"),
            a_message("3-0", "1.3"),
        ],
        answered={"crash confirm payments/production 3": "Confirmed"},
    )


def broken(facts: Facts) -> list[str]:
    found = Judgement()
    weigh(facts, found)
    return found.broken


def test_a_good_record_has_nothing_against_it():
    assert broken(good_facts()) == []


def test_what_failed_while_it_was_watched_was_there():
    facts = good_facts()
    facts.deployments[0].attempt, facts.deployments[0].watched_since = "failed", "then"
    facts.audit[-1].verb = "deployment failed"
    facts.posted[2] = a_message("4-0", "1.2", "D-1: 1.0 to production: failed")
    assert broken(facts) == []
    lied(facts)
    assert any("ends that are not true: D-1 is failed" in each for each in broken(facts))


def lost(facts: Facts) -> None:
    facts.deployments[0].attempt = "running"


def doubled(facts: Facts) -> None:
    facts.target["runs"].append({**facts.target["runs"][0], "number": 2})


def overlapped(facts: Facts) -> None:
    facts.target["overlaps"].append("D-1 began while D-0 was at work")


def untold(facts: Facts) -> None:
    facts.target["runs"][0]["label"] = "D-2"


def lied(facts: Facts) -> None:
    facts.target["runs"][0]["phase"] = "failed"


def served_otherwise(facts: Facts) -> None:
    facts.target["served"]["payments/production"] = "badcafe"


def half(facts: Facts) -> None:
    facts.audit.pop(0)


def without_intent(facts: Facts) -> None:
    facts.intents.clear()


def ended_twice(facts: Facts) -> None:
    facts.audit.append(facts.audit[-1])


def said_twice(facts: Facts) -> None:
    facts.outbox.append(a_line(5, "{name} began"))


def never_sent(facts: Facts) -> None:
    facts.outbox[-1].sent_at = None


def sent_twice(facts: Facts) -> None:
    facts.posted.append(a_message("3-0", "1.9"))


def not_arrived(facts: Facts) -> None:
    facts.posted.pop()


def out_of_order(facts: Facts) -> None:
    facts.posted[-1] = a_message("3-0", "1.05")


def a_second_card(facts: Facts) -> None:
    facts.posted.append(a_message("2-0-card", "1.9", "R-1", reply=False))


def outdated(facts: Facts) -> None:
    facts.posted[2] = a_message("4-0", "1.2", "D-1: 1.0 to production: running")


def forgotten(facts: Facts) -> None:
    facts.deployments.clear()
    facts.intents.clear()


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (lost, "without an end: D-1 is running"),
        (doubled, "started twice: D-1: 2 times"),
        (overlapped, "two at once"),
        (untold, "started, and not on the record: D-2"),
        (lied, "ends that are not true: D-1 is succeeded"),
        (served_otherwise, "serve something else"),
        (half, "D-1 is on the record 0 times"),
        (without_intent, "0 intents were noted for 1 deployments"),
        (ended_twice, "on the record not just once: D-1: 2"),
        (said_twice, "is said 2 times of D-1"),
        (never_sent, "never sent: 3 of R-1"),
        (sent_twice, "sent twice: 3-0: 2 times"),
        (not_arrived, "lines that did not arrive: 3 of R-1"),
        (out_of_order, "out of order: 3 of R-1 came before 2"),
        (a_second_card, "without just one card: R-1: 2"),
        (outdated, "don't show the end: D-1"),
        (forgotten, "answered, and not there"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_broken_promise_is_seen(harm, seen):
    facts = good_facts()
    harm(facts)
    assert any(seen in each for each in broken(facts)), broken(facts)


def test_of_a_count_every_fact_is_kept():
    found = Judgement()
    found.count("lost", ["D-1", "D-2"])
    assert found.figures == Counter({"lost": 2})
    assert found.broken == ["lost: D-1", "lost: D-2"]
