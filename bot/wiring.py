"""Wiring: settings → adapters → verbs → handlers → serve. With `bot/demo.py` the one that knows everybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp

from bot.catalogue.loading import load
from bot.clockwork import Clockwork, schedules_of
from bot.ports import (
    Advance,
    Agreed,
    Calendars,
    CodeHost,
    Deployer,
    Deployers,
    Directory,
    Marks,
    Metrics,
    Next,
    ProtectionRules,
    Publisher,
    TokenSigner,
    Verifier,
    Work,
)
from bot.program import terminal
from bot.program.logs import log_quietly
from bot.reload import Agreement
from bot.rules.people import PersonId
from bot.rules.policy import Catalogue, ServiceName
from bot.rules.sentence import Refused, Sentence, people_in
from bot.serving import health, serving
from bot.settings import Settings
from bot.tasks import Tasks
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.adopt_rules import AdoptRules
from bot.verbs.answer_protection_rule import AnswerProtectionRule
from bot.verbs.ask_gate import AskGate
from bot.verbs.audit import Verified, VerifyAudit
from bot.verbs.find_impossible import FindImpossible
from bot.verbs.follow_deploy import FollowDeploy
from bot.verbs.freeze import WatchFreeze
from bot.verbs.left_alone import LeftAlone
from bot.verbs.mark_pull_requests import MarkPullRequests
from bot.verbs.mark_soon import mark_all
from bot.verbs.next_in_line import NextInLine
from bot.verbs.post_digest import ScheduledDigest
from bot.verbs.read_vetoes import ReadVetoes
from bot.verbs.review import WatchReview
from bot.verbs.run_train import RunTrain
from bot.verbs.services_at import ServicesAt
from bot.verbs.show_freezes import ShowFreezes
from bot.verbs.stand_ins import WithStandIns
from bot.verbs.standing_back import RemindOfWayBack
from bot.verbs.sync_freezes import SyncFreezes
from bot.verbs.tag_version import TagVersion
from bot.verbs.tidy_deployers import TidyDeployers
from bot.verbs.use_machine_token import UseMachineToken
from bot.verbs.watch_deploy import WatchDeploy
from bot.verbs.watch_lock import WatchLock
from bot.verbs.watch_release import WatchRelease, watch_all
from bot.wired import Verbs, listen, wire
from handlers.announcements import Announcements
from handlers.api import api_routes
from handlers.api.endpoint import Desk
from handlers.api.pen import Pen as PlainPen
from handlers.boundary import Boundary
from handlers.feed import TextOf, calendar_by_key
from handlers.github import Hears, github_webhooks
from handlers.names import CommandNames
from handlers.targets import targets
from handlers.views.text import Pen
from handlers.webhooks import webhooks
from integrations.calendars.adapter import IcalCalendars
from integrations.calendars.feed import feed
from integrations.code_hosts.chosen import ChosenCodeHost
from integrations.code_hosts.git import GitCodeHost
from integrations.code_hosts.github import GitHubCodeHost
from integrations.code_hosts.github_marks import GitHubMarks
from integrations.code_hosts.github_protection import GitHubProtectionRules
from integrations.code_hosts.github_publisher import GitHubPublisher
from integrations.database.engine import DatabaseError, open_engines
from integrations.database.guard import check_schema
from integrations.database.outbox import Outbox, Parcel
from integrations.database.readings import DatabaseReadings
from integrations.database.records import DatabaseRecords
from integrations.database.schema import SchemaError
from integrations.deployers.command import CommandDeployer
from integrations.deployers.github_actions import GitHubActionsDeployer
from integrations.deployers.github_deployments import GitHubDeploymentsDeployer
from integrations.deployers.kinds import KINDS
from integrations.deployers.webhook import WebhookDeployer
from integrations.engine import AlreadyRunningError, Engine, EngineStarter
from integrations.github.client import OFFICIAL, AppKey, GitHub, connected_to_github
from integrations.github.places import at_github, website
from integrations.kept_directory import Remembering
from integrations.prometheus.adapter import Prometheus
from integrations.readings import Readings
from integrations.slack.app import build_app
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.directory import SlackDirectory
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError
from integrations.slack.files import hand_over
from integrations.slack.http import SignedEntry
from integrations.slack.identity import Myself
from integrations.slack.outbox import Sender
from integrations.slack.pace import AS_FAST_AS_IT_GOES, UNHURRIED, Speeds
from integrations.slack.sockets import Sockets, SocketsError
from integrations.tokens import Signer
from integrations.verification import HttpVerifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The ones that stories and the demo choose for themselves."""

    deployers: Deployers
    code_host: CodeHost
    verifier: Verifier
    calendars: Calendars
    metrics: Metrics
    github: GitHub | None = None
    """GitHub, for whoever wants to see whether it is well; None: it isn't used."""
    publisher: Publisher = field(default_factory=partial(GitHubPublisher, None))
    """What marks versions that are out."""
    protection_rules: ProtectionRules = field(default_factory=partial(GitHubProtectionRules, None))
    """Where workflows wait for Slipway's word."""
    marks: Marks = field(default_factory=partial(GitHubMarks, None))
    """What stands beside open pull requests."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast deployments are looked at and messages are sent, and how long a shutdown waits."""

    follow: timedelta = timedelta(seconds=1)
    speeds: Speeds = UNHURRIED
    drain: timedelta = timedelta(seconds=20)

    @classmethod
    def quick(cls) -> Pace:
        """For a workspace on this machine."""
        return cls(follow=timedelta(milliseconds=50), speeds=AS_FAST_AS_IT_GOES, drain=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class Slipway:
    """Slipway, at work. `address` is where it answers HTTP."""

    agreed: Agreed
    records: DatabaseRecords
    verbs: Verbs
    tick: Clockwork
    outbox: Outbox
    directory: SlackDirectory
    tasks: Tasks
    address: str

    async def is_idle(self) -> bool:
        """Whether nothing is going on: no request at work, and nothing left to tell."""
        return not len(self.tasks) and not (await self.outbox.depth()).waiting

    async def verify_audit(self) -> Verified:
        """Read the whole record."""
        return await VerifyAudit(self.records)()

    def forget_roles(self) -> None:
        """Look up who holds which role when it is asked next."""
        for role in self.agreed().roles.values():
            if role.group is not None:
                self.directory.forget_group(role.group)


@dataclass(slots=True)
class Bell:
    """Rings when something was left in the outbox; whoever sends it hangs on to it later."""

    hear: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        """There is something to tell."""
        for each in self.hear:
            each()


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)


@asynccontextmanager
async def running(
    settings: Settings, *, neighbours: Neighbours | None = None, pace: Pace | None = None
) -> AsyncIterator[Slipway]:
    """Slipway from its start to its end. Trouble, or an adapter's error with its sentence, if it can't start."""
    pace = pace or Pace()
    url = settings.database_url.reveal()
    async with AsyncExitStack() as stack:
        # Records, and what is agreed.
        engines = open_engines(url)
        stack.push_async_callback(engines.dispose)
        await check_schema(engines)
        starter, bell = EngineStarter(url), Bell()
        stack.callback(starter.close)
        records = DatabaseRecords(engines, starter, bell.ring, utc_now)
        outbox = Outbox(engines)
        agreed = Agreement(settings, read_catalogue(settings.catalogue), records)

        # Neighbours, and the verbs that speak to them.
        if neighbours is None:
            neighbours = await stack.enter_async_context(real_neighbours(settings))
        client = await stack.enter_async_context(
            connected_to_slack(settings.slack_bot_token.reveal(), api_url=settings.slack_api_url)
        )
        me = await introduced(client)
        directory = SlackDirectory(client, agreed, me.team)
        remembering = Remembering(directory, DatabaseReadings(engines), agreed, utc_now)
        people = WithStandIns(remembering, records, utc_now)
        verbs = wire(
            records,
            people,
            agreed,
            neighbours,
            utc_now,
            signer=signer_of(settings),
            host=website(settings.github_api),
        )

        # What goes on by itself.
        names = CommandNames(**settings.commands)
        find_impossible = FindImpossible(records, people, agreed, utc_now)
        remind = RemindOfWayBack(records, agreed, utc_now)
        tidy_deployers = TidyDeployers(records, neighbours.deployers)
        tick = Clockwork(
            ScheduledDigest(records, agreed), find_impossible, outbox, agreed.keep_in_step, remind, tidy_deployers
        )
        in_step = asyncio.Event()
        read_vetoes = ReadVetoes(records, agreed, neighbours.code_host, utc_now)
        watch = WatchRelease(records, people, agreed, verbs.confirm_deploy, utc_now, read_vetoes)
        works: dict[Work, Advance] = {
            Work.FOLLOW_DEPLOYMENT: FollowDeploy(
                records,
                neighbours.deployers,
                neighbours.verifier,
                NextInLine(
                    records, people, agreed, neighbours.code_host, utc_now, only_back=lambda: not in_step.is_set()
                ),
                WatchDeploy(records, neighbours.verifier, neighbours.metrics, verbs.roll_back, agreed, utc_now),
                agreed,
                utc_now,
                pace=pace.follow,
            ),
            Work.WATCH_FREEZE: WatchFreeze(records, agreed, utc_now),
            Work.WATCH_LOCK: WatchLock(records, agreed, utc_now),
            Work.WATCH_REVIEW: WatchReview(records, people, agreed, utc_now),
            Work.RUN_TRAIN: once(
                in_step, RunTrain(records, people, agreed, verbs.confirm_deploy, verbs.roll_back, utc_now)
            ),
            Work.WATCH_RELEASE: once(in_step, watch),
            Work.TAG_VERSION: TagVersion(records, neighbours.publisher, neighbours.code_host, agreed, utc_now),
            Work.ANSWER_PROTECTION_RULE: AnswerProtectionRule(
                records,
                neighbours.protection_rules,
                AskGate(verbs.look),
                neighbours.deployers,
                agreed,
                utc_now,
                ServicesAt(agreed, partial(at_github, host=website(settings.github_api))),
                partial(in_plain_words, DatabaseReadings(engines), agreed, names),
            ),
            Work.MARK_PULL_REQUESTS: MarkPullRequests(
                records,
                neighbours.marks,
                AskGate(verbs.look),
                agreed,
                utc_now,
                partial(in_plain_words, DatabaseReadings(engines), agreed, names),
            ),
        }
        engine = await stack.enter_async_context(
            Engine(url, works=works, tick=tick, lease=settings.lease, gone=outbox.free)
        )
        tick.engine = engine
        agreed.keep_schedules = engine.keep_schedules
        agreed.adopt = AdoptRules(records, people, utc_now)
        agreed.find_impossible = find_impossible
        agreed.sync = SyncFreezes(records, neighbours.calendars, agreed, utc_now)
        await engine.keep_schedules(schedules_of(agreed()))
        await agreed.keep_in_step()
        in_step.set()
        await watch_all(records)
        await tidy_deployers()
        await mark_all(records, agreed())
        await stack.enter_async_context(following(agreed, me, find_impossible))
        await stack.enter_async_context(remembering.at_work(partial(with_tokens, records)))

        # Talking: out first, so that whoever is heard can be answered.
        tasks = Tasks()
        announcements = Announcements(
            verbs.look, verbs.summaries, records, agreed, names, LeftAlone(people, agreed, utc_now)
        )
        sender = Sender(
            client,
            outbox,
            announcements,
            now=utc_now,
            owner=engine.name,
            speeds=pace.speeds,
            report=lambda parcel, reason: agreed.undeliverable(parcel.lane, reason),
        )
        await stack.enter_async_context(sending(sender, bell, pace))
        address = await stack.enter_async_context(
            listening(
                settings,
                client=client,
                me=me,
                directory=directory,
                people=remembering,
                agreed=agreed,
                records=records,
                desk=Desk(
                    records,
                    verbs.look,
                    verbs.evidence,
                    agreed,
                    partial(names_heard, DatabaseReadings(engines)),
                    the_freezes(ShowFreezes(records, neighbours.calendars, agreed, utc_now), agreed),
                    utc_now,
                    names,
                ),
                verbs=verbs,
                names=names,
                tasks=tasks,
                pace=pace,
            )
        )
        yield Slipway(agreed, records, verbs, tick, outbox, directory, tasks, address)


def once(so_far: asyncio.Event, advance: Advance) -> Advance:
    """The same, but not before that: nothing ships itself past a freeze that has come while Slipway was not there."""

    async def waits(key: int) -> Next:
        await so_far.wait()
        return await advance(key)

    return waits


async def introduced(client: SlackClient) -> Myself:
    """Who we are, by Slack. Trouble if it doesn't accept our token; if it is away, that is asked again later."""
    me = Myself(client)
    try:
        await me.learn()
    except SlackRefusedError as error:
        raise Trouble(
            f"Slack does not accept SLACK_BOT_TOKEN ({error.code}). Copy the “Bot User OAuth Token” (xoxb-…) anew from "
            "the app's page “OAuth & Permissions”."
        ) from error
    except (SlackBusyError, SlackAwayError) as error:
        log.warning("Slack can't be asked who we are yet (%s); trying on.", error)
    return me


@asynccontextmanager
async def following(agreed: Agreement, me: Myself, find_impossible: FindImpossible) -> AsyncIterator[None]:
    """Follow the catalogue's file, find what it makes impossible, and learn who we are."""
    background, stop = Tasks(), asyncio.Event()
    background.spawn(find_impossible(), "finding what is impossible")
    background.spawn(agreed.holder.follow(stop), "the catalogue's file")
    asking = background.spawn(me.keep_asking(), "who we are")
    try:
        yield
    finally:
        stop.set()
        asking.cancel()
        await background.drain(timedelta(seconds=5))


@asynccontextmanager
async def sending(sender: Sender[Parcel], bell: Bell, pace: Pace) -> AsyncIterator[None]:
    """Send what is to be told; at the end what is being sent is finished, and the rest waits for the next start."""
    bell.hear.append(sender.wake)
    background = Tasks()
    at_work = background.spawn(sender.run(), "the outbox")
    try:
        yield
    finally:
        await sender.drain(pace.drain)
        await at_work


@asynccontextmanager
async def listening(
    settings: Settings,
    *,
    client: SlackClient,
    me: Myself,
    directory: SlackDirectory,
    people: Directory,
    agreed: Agreement,
    records: DatabaseRecords,
    desk: Desk,
    verbs: Verbs,
    names: CommandNames,
    tasks: Tasks,
    pace: Pace,
) -> AsyncIterator[str]:
    """Hear people, by Socket Mode or signed HTTP; at the end nothing new comes in, and what was asked is finished."""
    app = build_app(client, me)
    boundary = Boundary(
        app,
        client,
        people,
        tasks,
        team=me.team,
        write=lambda sentence: Pen(agreed().roles, names).write(sentence),
        help_command=names.here("/release help"),
    )
    listen(
        boundary,
        verbs,
        names=names,
        agreed=agreed,
        now=utc_now,
        records=records,
        hand_over=partial(hand_over, client),
        directory=directory,
    )
    sockets = Sockets(app, client, settings.slack_app_token.reveal()) if settings.socket_mode else None
    entry = [] if sockets else SignedEntry(app, settings.slack_signing_secret.reveal()).routes()
    connected = (lambda: sockets.connected() > 0) if sockets else (lambda: me.known is not None)
    routes = [
        *entry,
        *webhooks(settings.webhook_secret, verbs.report_check, utc_now),
        *targets(verbs.hear_target, utc_now),
        *github_webhooks(settings.github_webhook_secret, hears_github(verbs, settings.github_api)),
        *api_routes(desk, UseMachineToken(records, utc_now), calendar_by_key(settings.calendar_key, desk.calendar)),
        *health(records, connected),
    ]
    async with serving(settings, routes) as address:
        if sockets is not None:
            await sockets.start()
        try:
            yield address
        finally:
            if sockets is not None:
                await sockets.close(pace.drain)
            await tasks.drain(pace.drain)


def hears_github(verbs: Verbs, api: str = OFFICIAL) -> Hears:
    """Who hears what GitHub tells. `api` is the address of its REST API."""
    return Hears(
        verbs.report_run,
        verbs.hear_push,
        verbs.hear_pull_request,
        verbs.look_sooner,
        utc_now,
        protection_rule=verbs.hear_protection_rule,
        api=api,
    )


def signer_of(settings: Settings) -> TokenSigner | None:
    """What signs personal tokens, if anything does."""
    return Signer(settings.token_key.reveal()) if settings.token_key else None


async def with_tokens(records: DatabaseRecords) -> set[PersonId]:
    """Everybody who can speak from a terminal at this moment."""
    async with records.read() as reading:
        return {each.person for each in await reading.tokens(good_at=utc_now())}


async def names_heard(readings: Readings, people: Iterable[PersonId]) -> Mapping[PersonId, str]:
    """What these people are called, as Slack said it last: programs that ask are no reason to ask Slack again."""
    return {person: read.person.name for person, read in (await readings.people(people)).items()}


async def in_plain_words(readings: Readings, agreed: Agreed, names: CommandNames, sentences: Sequence[Sentence]) -> str:
    """These sentences for somebody at a code host, where a mention would mean somebody else."""
    pen = PlainPen(agreed().roles, await names_heard(readings, people_in(sentences)), names.here)
    return " ".join(pen.write(each) for each in sentences)


def the_freezes(show: ShowFreezes, agreed: Agreed) -> TextOf:
    """The freezes as a calendar to subscribe to."""

    async def text(service: ServiceName | None) -> str | Refused:
        shown = await show(service)
        return shown if isinstance(shown, Refused) else feed(shown, agreed().roles, utc_now())

    return text


@asynccontextmanager
async def real_neighbours(settings: Settings) -> AsyncIterator[Neighbours]:
    """The deployers, the code host, the verifier and the metrics that a team uses."""
    async with (
        aiohttp.ClientSession() as session,
        IcalCalendars.connected() as calendars,
        Prometheus.connected(os.environ) as metrics,
        WebhookDeployer.connected(utc_now, os.environ, address=settings.address) as webhook,
        github_as_set_up(settings) as github,
    ):
        host = website(settings.github_api)
        deployers: dict[str, Deployer] = {
            "command": CommandDeployer(state=state_folder(settings)),
            "webhook": webhook,
            "github-actions": GitHubActionsDeployer(github, utc_now),
            "github-deployments": GitHubDeploymentsDeployer(github, utc_now),
        }
        yield Neighbours(
            deployers,
            ChosenCodeHost(
                GitCodeHost(base=settings.catalogue.absolute().parent),
                GitHubCodeHost(github, host=host) if github is not None else None,
                host,
            ),
            HttpVerifier(session),
            calendars,
            metrics,
            github,
            GitHubPublisher(github, host),
            GitHubProtectionRules(github),
            GitHubMarks(github, host),
        )


@asynccontextmanager
async def github_as_set_up(settings: Settings) -> AsyncIterator[GitHub | None]:
    """GitHub as an App or with a token, whichever is set; None if neither is."""
    if not settings.uses_github:
        yield None
        return
    token, key = settings.github_token.reveal(), settings.github_app_key.reveal()
    async with connected_to_github(token or AppKey(settings.github_app_id, key), api=settings.github_api) as github:
        yield github


def state_folder(settings: Settings) -> Path:
    """Where deployers keep what they must find again: beside the database if that is a file, else here."""
    url = settings.database_url.reveal()
    beside = Path(url.split("///", 1)[1]).parent if url.startswith("sqlite") else Path.cwd()
    return beside / ".slipway"


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue, to begin with. Trouble with all that is wrong with it."""
    found = load(path, deployers=KINDS)
    if isinstance(found, Catalogue):
        return found
    raise Trouble("The catalogue has problems:", *map(str, found), code=WRONG_SETTINGS)


async def run(settings: Settings) -> None:
    """Serve until told to stop."""
    log_quietly(settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(each, stop.set)
    try:
        async with running(settings) as slipway:
            terminal.good(f"Slipway is at work; it answers at {slipway.address}.")
            await stop.wait()
            terminal.say("Slipway finishes what it has begun, and stops.")
    except (AlreadyRunningError, DatabaseError, SchemaError, SocketsError) as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(f"Slipway can't listen on {settings.listen_host}:{settings.listen_port}: {error}") from error
