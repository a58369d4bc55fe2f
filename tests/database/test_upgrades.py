"""Every version of the tables that there ever was, with data in it, leads to today's, and the data is still read.

Whoever adds a version writes down here what a database of the version before may hold: plain SQL, as it was then.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.notices import CardChanged
from bot.ports import Asked
from bot.rules.absence import Absence, AbsenceId, Leave
from bot.rules.approval import Proposal, Verdict, Word
from bot.rules.audit import first_break
from bot.rules.candidate import Candidate, Seal
from bot.rules.check import CheckResult
from bot.rules.checklist import Evidence, Item
from bot.rules.deployment import Attempt, DeploymentId, Heard, Kind, Phase, Step, StepState
from bot.rules.freeze import CalendarState, ExceptionId, FreezeException, FreezeId, Plea
from bot.rules.judging import Found, Judgement, Look, Usual, Watched
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.machine_token import Grant, MachineToken, MachineTokenId, Scope
from bot.rules.people import SLIPWAY
from bot.rules.policy import ServiceName
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from bot.rules.release import Ending, Plan, Release, ReleaseId
from bot.rules.review import Duty, Review
from bot.rules.sentence import say
from bot.rules.terms import Terms
from bot.rules.token import Token, TokenId
from bot.rules.train import Car, Course
from bot.rules.veto import Finding, Ruling, Suspect, TakenBack, Veto, VetoId
from integrations.database.engine import blocking_url, parse_url
from integrations.database.guard import check_schema
from integrations.database.outbox import Outbox
from integrations.database.readings import DatabaseReadings
from integrations.database.schema import alembic_config, upgrade
from integrations.readings import PersonRead, RoleRead
from tests.grounds import database_ground
from tests.makers import FEATURE, PAYMENTS, PRODUCTION
from tests.people import BEN, INES, MAYA, OMAR, QA

AT = "2026-01-02 03:04:05.000006"
THEN = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
COMMIT = "c" * 40
DIGEST = "ff7a17704fb61276ef9da265235382475422d9cc04161bb48d193526e98889d9"

RELEASE = Release(
    id=ReleaseId(1),
    plan=Plan(PAYMENTS, "1.0", FEATURE, "Refunds", "All", "PAY-1", date(2026, 2, 3)),
    requested_by=MAYA.id,
    created_at=THEN,
    candidate=Candidate(COMMIT, "sha256:1", "main", ("ben@example.com",), frozenset({BEN.id}), BEN.id, THEN),
    checklist=(Item("notes", "Notes", QA, required=True, ticked_by=OMAR.id, ticked_at=THEN),),
    verdicts=(Verdict(OMAR.id, QA, PRODUCTION, Seal("abc"), Word.NO, THEN, "No", withdrawn_at=THEN),),
    launched=Ending(MAYA.id, THEN, "Go"),
    revision=7,
)
"""The release that every version below holds, as it must be read today."""

MARCH = datetime(2026, 3, 3, tzinfo=UTC)
TESTED = Item(
    "tests",
    "Tests",
    None,
    required=True,
    note="How",
    link="https://how.example.com",
    due=timedelta(days=2),
    check="regression",
    reopens=True,
    evidence=Evidence("Seen", "https://run.example.com"),
)
IN_PLACE_OF_OMAR = Verdict(
    BEN.id,
    QA,
    PRODUCTION,
    Seal("abc"),
    Word.YES,
    THEN,
    on_behalf_of=OMAR.id,
    subject=Seal("def"),
    terms=Terms(approvals=((QA, 2),), bake=timedelta(hours=1)),
    candidate=COMMIT,
    version="1.1",
)
EXCEPTION = FreezeException(
    ExceptionId(1),
    Plea(FreezeId(2), ReleaseId(2), BEN.id, THEN, "Urgent", soft=True),
    granted=True,
    decided_by=OMAR.id,
    decided_at=THEN,
    answer="Go",
    ends_at=THEN,
    revision=1,
)
ABSENCE = Absence(AbsenceId(1), Leave(OMAR.id, THEN, MARCH, BEN.id, frozenset({QA}), "Away"), MAYA.id, THEN)
VETO = Veto(
    VetoId(1),
    TakenBack(
        service=PAYMENTS,
        environment=PRODUCTION,
        bad=COMMIT,
        good="b" * 40,
        bad_version="1.1",
        good_version="1.0",
        rollback=DeploymentId(2),
        release=ReleaseId(1),
        by=INES.id,
        reason="Broken",
        at=THEN,
        known=(COMMIT,),
    ),
    culprits=(COMMIT,),
    named=Ruling(INES.id, THEN, "This one"),
    revision=1,
)
FINDING = Finding(
    VETO.id, "d" * 40, THEN, culprits=(COMMIT,), suspects=1, carried=(Suspect(COMMIT, "Refunds", "Ben"),), total=1
)
"""What there is since the fourth version."""
CHECK = CheckResult(PAYMENTS, COMMIT, "regression", passed=True, at=THEN, link="https://run.example.com")
"""What there is since the second version."""
REVIEW = Review(
    Duty(
        DeploymentId(1),
        ReleaseId(1),
        PAYMENTS,
        PRODUCTION,
        MAYA.id,
        INES.id,
        THEN,
        MARCH,
        QA,
        "It is down",
        ("QA is missing",),
    ),
    BEN.id,
    OMAR.id,
    THEN,
    "The alarm came late",
    revision=1,
)
"""What there is since glass can be broken."""

FIRST = f"""
    INSERT INTO releases (service, version, change_type, title, scope, requirements, target, depends_on,
        requested_by, created_at, launched_by, launched_at, launched_reason, revision)
    VALUES ('payments', '1.0', 'feature', 'Refunds', 'All', 'PAY-1', '2026-02-03', '[]', 'U0MAYA', '{AT}',
        'U0MAYA', '{AT}', 'Go', 7);
    INSERT INTO candidates (release_id, number, "commit", authors, author_ids, set_by, set_at)
    VALUES (1, 1, '{"b" * 40}', '[]', '[]', 'U0BEN', '{AT}');
    INSERT INTO candidates (release_id, number, "commit", artifact, ref, authors, author_ids, set_by, set_at)
    VALUES (1, 2, '{COMMIT}', 'sha256:1', 'main', '["ben@example.com"]', '["U0BEN"]', 'U0BEN', '{AT}');
    INSERT INTO checklist_items (release_id, "key", position, text, owner, required, ticked_by, ticked_at)
    VALUES (1, 'notes', 0, 'Notes', 'qa', TRUE, 'U0OMAR', '{AT}');
    INSERT INTO verdicts (release_id, number, person, role, environment, seal, word, said_at, reason, withdrawn_at)
    VALUES (1, 1, 'U0OMAR', 'qa', 'production', 'abc', 'rejected', '{AT}', 'No', '{AT}');
    INSERT INTO deployments (release_id, service, environment, kind, version, "commit", authors, author_ids, set_by,
        set_at, confirmed_by, confirmed_at, reason, attempt, detail, ended_at, revision)
    VALUES (1, 'payments', 'production', 'deploy', '1.0', '{COMMIT}', '[]', '[]', 'U0BEN', '{AT}', 'U0MAYA', '{AT}',
        '', 'succeeded', 'Done', '{AT}', 3);
    INSERT INTO deployments (release_id, service, environment, kind, version, "commit", authors, author_ids, set_by,
        set_at, confirmed_by, confirmed_at, reason, replaces, attempt, detail, revision)
    VALUES (1, 'payments', 'production', 'rollback', '1.0', '{COMMIT}', '[]', '[]', 'U0BEN', '{AT}', 'U0INES',
        '{AT}', 'Broken', 1, 'running', '', 1);
    INSERT INTO freezes (starts_at, ends_at, reason, environments, services, change_types, hard, declared_by,
        declared_at, revision)
    VALUES ('{AT}', '2026-03-03 00:00:00', 'Sale', '["production"]', '[]', '[]', TRUE, 'U0MAYA', '{AT}', 0);
    INSERT INTO asks (release_id, environment, seal, person, asked_at)
    VALUES (1, 'production', 'abc', 'U0BEN', '{AT}');
    INSERT INTO intents (intent, noted_at) VALUES ('a press', '{AT}');
    INSERT INTO audit (number, verb, person, surface, happened_at, release_id, subject, detail, previous, digest)
    VALUES (1, 'plan', 'U0MAYA', 'command', '{AT}', 1, '', '{{"a":1.0}}', '{"0" * 64}', '{DIGEST}');
    UPDATE audit_head SET number = 1, digest = '{DIGEST}';
    INSERT INTO outbox (lane, kind, living, body, created_at, attempts)
    VALUES ('R-1', 'CardChanged', 'card:R-1', '{{"release": 1}}', '{AT}', 0);
    INSERT INTO messages (name, channel, ts, body_digest, updated_at)
    VALUES ('card:R-1', 'C1', '1.1', 'abc', '{AT}');
"""
SECOND = f"""
    INSERT INTO releases (service, version, change_type, title, scope, requirements, depends_on, requested_by,
        created_at, revision)
    VALUES ('payments', '1.1', 'feature', '', '', '', '[]', 'U0MAYA', '{AT}', 0);
    INSERT INTO checklist_items (release_id, "key", position, text, required, note, link, due, check_name, reopens,
        evidence_note, evidence_link)
    VALUES (2, 'tests', 0, 'Tests', TRUE, 'How', 'https://how.example.com', 172800, 'regression', TRUE, 'Seen',
        'https://run.example.com');
    INSERT INTO verdicts (release_id, number, person, role, environment, seal, word, said_at, reason, on_behalf_of,
        subject, terms, candidate, version)
    VALUES (2, 1, 'U0BEN', 'qa', 'production', 'abc', 'approved', '{AT}', '', 'U0OMAR', 'def',
        '{{"approvals": [["qa", 2]], "bake": 3600.0}}', '{COMMIT}', '1.1');
    INSERT INTO freezes (starts_at, ends_at, reason, environments, services, change_types, hard, declared_by,
        declared_at, revision, origin, owner)
    VALUES ('{AT}', '2026-03-03 00:00:00', 'Weekend', '[]', '[]', '[]', FALSE, 'slipway', '{AT}', 0,
        'weekends/2026-01-02', 'qa');
    INSERT INTO freeze_exceptions (freeze_id, release_id, asked_by, asked_at, reason, soft, granted, decided_by,
        decided_at, answer, ends_at, revision)
    VALUES (2, 2, 'U0BEN', '{AT}', 'Urgent', TRUE, TRUE, 'U0OMAR', '{AT}', 'Go', '{AT}', 1);
    INSERT INTO calendars (name, read_at, problem) VALUES ('holidays', '{AT}', 'It is gone');
    INSERT INTO absences (person, starts_at, ends_at, stand_in, roles, reason, declared_by, declared_at, revision)
    VALUES ('U0OMAR', '{AT}', '2026-03-03 00:00:00', 'U0BEN', '["qa"]', 'Away', 'U0MAYA', '{AT}', 0);
    INSERT INTO asked (release_id, environment, blocker, person, asked_at, people)
    VALUES (2, 'production', 'approval:qa', 'U0BEN', '{AT}', '["U0OMAR"]');
    INSERT INTO checks (service, "commit", name, passed, said_at, link)
    VALUES ('payments', '{COMMIT}', 'regression', TRUE, '{AT}', 'https://run.example.com');
"""

THIRD = f"""
    INSERT INTO deployments (release_id, service, environment, kind, version, "commit", authors, author_ids, set_by,
        set_at, confirmed_by, confirmed_at, reason, attempt, detail, cancel_asked_by, cancel_asked_at, silent_since,
        waits_since, revision)
    VALUES (2, 'payments', 'production', 'deploy', '1.1', '{COMMIT}', '[]', '[]', 'U0BEN', '{AT}', 'U0MAYA', '{AT}',
        '', 'queued', 'Waits', 'U0OMAR', '{AT}', '{AT}', '{AT}', 0);
"""

LOCKS = f"""
    INSERT INTO locks (service, environment, held_by, locked_at, ends_at, reason, release_id, said_at, revision)
    VALUES ('payments', 'production', 'U0MAYA', '{AT}', '2026-03-03 00:00:00', 'It moves', 2, '{AT}', 1);
"""

BROKEN_GLASS = f"""
    UPDATE deployments SET broke_glass = TRUE WHERE id = 1;
    INSERT INTO reviews (id, release_id, service, environment, broken_by, broken_for, opened_at, due_at, owner, reason,
        passed, closed_by, closed_for, closed_at, learned, revision)
    VALUES (1, 1, 'payments', 'production', 'U0MAYA', 'U0INES', '{AT}', '2026-03-03 00:00:00', 'qa', 'It is down',
        '["QA is missing"]', 'U0BEN', 'U0OMAR', '{AT}', 'The alarm came late', 1);
"""

FOURTH = f"""
    INSERT INTO candidates (release_id, number, "commit", authors, author_ids, set_by, set_at, irreversible)
    VALUES (2, 1, '{COMMIT}', '[]', '[]', 'U0BEN', '{AT}', 'drops a column');
    INSERT INTO vetoes (service, environment, bad, good, bad_version, good_version, rollback_id, release_id, person,
        reason, taken_at, known, culprits, named_by, named_at, named_reason, answers, revision)
    VALUES ('payments', 'production', '{COMMIT}', '{"b" * 40}', '1.1', '1.0', 2, 1, 'U0INES', 'Broken', '{AT}',
        '["{COMMIT}"]', '["{COMMIT}"]', 'U0INES', '{AT}', 'This one', '[]', 1);
    INSERT INTO veto_findings (veto_id, "commit", read_at, culprits, answers, suspects, carried, total, mended, problem)
    VALUES (1, '{"d" * 40}', '{AT}', '["{COMMIT}"]', '[]', 1, '[["{COMMIT}", "Refunds", "Ben"]]', 1, 0, '');
"""

TOKENS = f"""
    INSERT INTO tokens (person, made_at, expires_at, used_at, revoked_at, revoked_by, revision)
    VALUES ('U0OMAR', '{AT}', '2026-03-03 00:00:00', '{AT}', '{AT}', 'slipway', 2);
    INSERT INTO roles_as_read (role, people, made_of, problem, read_at)
    VALUES ('qa', '["U0OMAR"]', 'S0QA', '', '{AT}');
    INSERT INTO people_as_read (person, name, tz, standing, read_at)
    VALUES ('U0OMAR', 'Omar', 'Africa/Cairo', 'member', '{AT}');
"""

TRAINS = f"""
    INSERT INTO trains (environment, confirmed_by, confirmed_at, course, decided_by, asks_since, revision)
    VALUES ('production', 'U0MAYA', '{AT}', 'back', 'U0INES', '{AT}', 4);
    INSERT INTO train_cars (train_id, position, release_id, service, version, candidate, "after", deployment_id,
        adopted, rollback_id, "left")
    VALUES (1, 1, 1, 'payments', '1.0', '{COMMIT}@sha256:1', '[]', 1, FALSE, 2, FALSE);
    INSERT INTO train_cars (train_id, position, release_id, service, version, candidate, "after", adopted, trouble,
        "left")
    VALUES (1, 2, 2, 'search', '1.1', '{COMMIT}', '[1]', TRUE, '{{"template": "Closed.", "parts": []}}', TRUE);
"""

MACHINE_TOKENS = f"""
    INSERT INTO machine_tokens (label, scopes, digest, made_by, made_at, expires_at, used_at, revoked_at, revoked_by,
        revision)
    VALUES ('pipeline', '["audit:read", "gate:read"]', '{"a" * 64}', 'slipway', '{AT}', '2026-03-03 00:00:00', '{AT}',
        '{AT}', 'slipway', 2);
"""

PROTECTED_RUNS = f"""
    INSERT INTO protected_runs (repository, run, environment, "commit", asked_at, answered_at, approved, revision)
    VALUES ('acme/payments', 12345678901, 'production', '{COMMIT}', '{AT}', '{AT}', TRUE, 1);
"""

WORDS_OF_TARGETS = """
    UPDATE deployments SET heard = '{"phase": "running", "at": "2026-01-02T03:04:05+00:00", "words": "Building"}',
        steps = '[["Build", "done", null]]' WHERE id = 1;
"""

WATCHES = f"""
    UPDATE deployments SET watched_since = '{AT}' WHERE id = 1;
    INSERT INTO watches (id, looks, usual, asks_since, asks_why, kept_by, kept_why)
    VALUES (1, '[["2026-01-02T03:04:05+00:00", {{"errors": ["bad", 0.5, 4.0, "Too many"]}}]]',
        '{{"errors": [0.1, 0.1, 288]}}', '{AT}', 'Too many', 'U0MAYA', 'It is a test');
"""

ADDED = {
    "0001": FIRST,
    "0002": SECOND,
    "0003": THIRD,
    "0004": FOURTH,
    "0005": LOCKS,
    "0006": BROKEN_GLASS,
    "0007": TOKENS,
    "0008": TRAINS,
    "0009": WORDS_OF_TARGETS,
    "0010": MACHINE_TOKENS,
    "0011": WATCHES,
    "0012": PROTECTED_RUNS,
}
"""What each version may hold besides what the ones before it do."""


def fill(url: str, version: str) -> None:
    engine = create_engine(blocking_url(parse_url(url)))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        held = "".join(ADDED[each] for each in sorted(ADDED) if each <= version)
        for statement in held.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def every_version() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]


@pytest.mark.parametrize("version", every_version())
async def test_a_database_of_that_version_is_upgraded_with_everything_in_it(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground:
        await check_schema(ground.engines)
        async with ground.records.read() as reading:
            release = await reading.release(ReleaseId(1))
            deployments = await reading.deployments()
            freeze = await reading.freeze(FreezeId(1))
            wish = await reading.ask(ReleaseId(1), PRODUCTION, Seal("abc"))
            record = await reading.record()
            head = await reading.record_head()
        told = await ground.told()
        async with ground.records.open() as page:
            repeated = await page.first_time("a press")
        anchor = await Outbox(ground.engines).anchor("card:R-1")
    assert release == RELEASE
    # A word from before its subject and terms were kept goes on counting by its seal.
    assert release.verdicts[0].is_about(Proposal(PRODUCTION, Seal("abc"), Seal("def"), Terms(), COMMIT, "1.0"))
    if version >= "0009":
        first = next(each for each in deployments if each.id == 1)
        assert (first.heard, first.steps) == (
            Heard(Phase.RUNNING, THEN.replace(microsecond=0), "Building"),
            (Step("Build", StepState.DONE),),
        )
    assert [(each.attempt, each.order.kind, each.order.replaces) for each in deployments if not each.waits] == [
        (Attempt.RUNNING, Kind.ROLLBACK, 1),
        (Attempt.SUCCEEDED, Kind.DEPLOY, None),
    ]
    assert freeze is not None
    assert freeze.window.environments == {PRODUCTION}
    assert (freeze.origin, freeze.owner) == ("", None)
    assert wish is not None
    assert wish.by == BEN.id
    assert first_break(record) is None
    assert head == (1, DIGEST)
    assert told == [CardChanged(ReleaseId(1))]
    assert not repeated
    assert anchor is not None
    assert anchor.ts == "1.1"


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0002"])
async def test_what_there_is_since_the_second_version_is_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        release = await reading.release(ReleaseId(2))
        (weekend,) = await reading.freezes_from("weekends/", not_over_at=THEN)
        exceptions = await reading.exceptions()
        calendars = await reading.calendars()
        absences = await reading.absences(not_over_at=THEN)
        asked = await reading.asked(ReleaseId(2))
        checks = await reading.checks(PAYMENTS, COMMIT)
    assert release is not None
    assert release.checklist == (TESTED,)
    assert release.verdicts == (IN_PLACE_OF_OMAR,)
    assert (weekend.id, weekend.origin, weekend.owner) == (2, "weekends/2026-01-02", QA)
    assert exceptions == [EXCEPTION]
    assert calendars == [CalendarState("holidays", THEN, "It is gone")]
    assert absences == [ABSENCE]
    assert asked == [Asked(ReleaseId(2), PRODUCTION, "approval:qa", BEN.id, THEN, (OMAR.id,))]
    assert checks == [CHECK]


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0003"])
async def test_what_there_is_since_the_third_version_is_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        (waiting,) = await reading.waiting(PAYMENTS)
    assert (waiting.attempt, waiting.cancel_asked_at, waiting.silent_since, waiting.waits_since) == (
        Attempt.QUEUED,
        THEN,
        THEN,
        THEN,
    )


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0008"])
async def test_what_there_is_since_trains_is_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        (train,) = await reading.trains()
    first = Car(
        ReleaseId(1), PAYMENTS, "1.0", f"{COMMIT}@sha256:1", deployment=DeploymentId(1), rollback=DeploymentId(2)
    )
    second = Car(
        ReleaseId(2), ServiceName("search"), "1.1", COMMIT, (ReleaseId(1),), None, True, None, say("Closed."), left=True
    )
    assert train.cars == (first, second)
    assert train.departure.confirmed_at == THEN
    assert (train.course, train.decided_by, train.asks_since, train.revision) == (Course.BACK, "U0INES", THEN, 4)


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0011"])
async def test_what_there_is_since_watches_is_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        deployment = await reading.deployment(DeploymentId(1))
        watched = await reading.watched(DeploymentId(1))
    assert deployment is not None
    assert deployment.watched_since == THEN
    look = Look(THEN.replace(microsecond=0), {"errors": Found(Judgement.BAD, 0.5, 4.0, "Too many")})
    assert watched == Watched(
        DeploymentId(1), (look,), {"errors": Usual(0.1, 0.1, 288)}, THEN, "Too many", MAYA.id, "It is a test"
    )


async def test_what_was_asked_to_stop_before_that_was_noted_was_asked_at_the_upgrade(empty_url: str) -> None:
    await upgrade(empty_url, to="0002")
    fill(empty_url, "0002")
    engine = create_engine(blocking_url(parse_url(empty_url)))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deployments SET cancel_asked_by = 'U0OMAR' WHERE attempt = 'running'")
    engine.dispose()
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        stopped, untouched = await reading.deployments()
    assert stopped.cancel_asked_at is not None
    assert abs(datetime.now(UTC) - stopped.cancel_asked_at) < timedelta(minutes=5)
    assert untouched.cancel_asked_at is None


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0005"])
async def test_locks_are_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        (lock,) = await reading.locks(not_over_at=THEN)
    hold = Hold(PAYMENTS, PRODUCTION, MAYA.id, MARCH, "It moves", ReleaseId(2))
    assert lock == Lock(LockId(1), hold, THEN, THEN, revision=1)


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0006"])
async def test_broken_glass_and_its_review_are_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        reviews = await reading.reviews()
        deployments = await reading.deployments()
    assert reviews == [REVIEW]
    assert [each.order.broke_glass for each in deployments if not each.waits] == [False, True]


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0004"])
async def test_what_there_is_since_the_fourth_version_is_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        assert await reading.vetoes(PAYMENTS) == [VETO]
        assert await reading.findings(PAYMENTS, ["d" * 40]) == [FINDING]
        release = await reading.release(ReleaseId(2))
    assert release is not None
    assert release.candidate is not None
    assert release.candidate.irreversible == "drops a column"


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0007"])
async def test_tokens_and_what_the_directory_said_are_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground:
        async with ground.records.read() as reading:
            tokens = await reading.tokens()
        readings = DatabaseReadings(ground.engines)
        roles, people = await readings.roles([QA]), await readings.people([OMAR.id])
    assert tokens == [Token(TokenId(1), OMAR.id, THEN, MARCH, THEN, THEN, SLIPWAY, 2)]
    assert roles == {QA: RoleRead(QA, frozenset({OMAR.id}), THEN, "S0QA")}
    assert people == {OMAR.id: PersonRead(OMAR, THEN)}


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0010"])
async def test_machine_tokens_are_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        tokens = await reading.machine_tokens()
    grant = Grant("pipeline", frozenset({Scope.GATE, Scope.AUDIT}), "a" * 64, SLIPWAY, THEN, MARCH)
    assert tokens == [MachineToken(MachineTokenId(1), grant, THEN, THEN, SLIPWAY, 2)]


@pytest.mark.parametrize("version", [version for version in every_version() if version >= "0012"])
async def test_protected_runs_are_upgraded_as_well(empty_url: str, version: str) -> None:
    await upgrade(empty_url, to=version)
    fill(empty_url, version)
    await upgrade(empty_url)
    async with database_ground(empty_url) as ground, ground.records.read() as reading:
        run = await reading.protected_run(ProtectedRunId(1))
    question = Question("acme/payments", 12345678901, "production", COMMIT, THEN)
    assert run == ProtectedRun(ProtectedRunId(1), question, THEN, approved=True, revision=1)
