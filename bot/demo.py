"""Demo: a whole workspace on this machine, with two environments that are really deployed to. No account needed."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.before_the_demo import put_on_record
from bot.program import terminal
from bot.program.logs import log_quietly
from bot.settings import Settings, read
from bot.trouble import Trouble
from bot.wired import manifest
from bot.wiring import Pace, Slipway, running
from integrations.database.schema import upgrade
from integrations.demo.ground import Ground, prepare
from integrations.demo.people import CHANNELS, GROUPS, PEOPLE
from integrations.demo.repository import GroundError
from integrations.engine import prepare as prepare_engine
from integrations.sandbox.page import routes
from integrations.sandbox.server import APP_TOKEN, BOT_TOKEN, Sandbox
from integrations.sandbox.workspace import Workspace

FOLDER = Path(".demo")


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo, at work. `url` is the workspace's page, `calendar` that of the freezes."""

    url: str
    calendar: str
    ground: Ground
    slipway: Slipway
    workspace: Workspace
    sandbox: Sandbox


def guide(ground: Ground) -> list[tuple[str, ...]]:
    """The path for newcomers: what (it follows the person's name), who, what to type, where."""
    first = ground.commits["candidate"][:10]
    return [
        (
            "plans a release. Send the line that stands ready: the release gets one card, and the card a thread.",
            "maya",
            f"/release new payments 2.4.0 {first}",
            "payments",
        ),
        ("finds in App Home what waits for him, as everybody does.", "omar", "", "home"),
        (
            "tests for QA: amounts have lost a digit. On the card, press Reject and say so.",
            "omar",
            "",
            "payments",
        ),
        (
            "proposes the commit that mends it. What was said about the old one no longer counts.",
            "ben",
            "/release build R-3 release/2.4",
            "payments",
        ),
        ("looks at what deploying to staging would change.", "maya", "/deploy R-3 to staging", "payments"),
        (
            "confirms. The card's thread follows it.",
            "maya",
            "/deploy confirm R-3 to staging",
            "payments",
        ),
        (
            "tries it out: staging, on the card, opens it. Then press Approve and, in Checklist, tick his line.",
            "omar",
            "",
            "payments",
        ),
        (
            "asks what is in the way. Press Ask them beside Ruth's approval, and tick the release notes in Checklist.",
            "maya",
            "/release why R-3 production",
            "payments",
        ),
        ("has a message from Slipway. She is the change manager: press Approve right there.", "ruth", "", "messages"),
        (
            "freezes production for the annual sale.",
            "ruth",
            "/freeze start production until tomorrow 07:00 The annual sale",
            "payments",
        ),
        (
            "can't deploy now, and reads why, until when, and who can let it pass. Press Ask for an exception.",
            "maya",
            "/deploy R-3 to production",
            "payments",
        ),
        ("owns that freeze, so she is asked. Press Grant, in Slipway's message.", "ruth", "", "messages"),
        ("looks once more …", "maya", "/deploy R-3 to production", "payments"),
        (
            "… and confirms. Open production, on the card: it really serves 2.4.0 once the thread says so.",
            "maya",
            "/deploy confirm R-3 to production",
            "payments",
        ),
        (
            "is on call at night. Refunds go out twice: she rolls back at once, and 2.3.9 is served again.",
            "ines",
            "/rollback payments now Refunds go out twice",
            "payments",
        ),
        (
            "mends it on bugfix/2.4.1: choose Bug fix. Once CI is green (see the terminal), staging gets it by itself.",
            "ben",
            "/release new payments 2.4.1",
            "payments",
        ),
        ("ends the freeze, and the bug fix goes on to production by itself.", "ruth", "/freeze end F-1", "payments"),
        ("tells everybody what happened.", "maya", "/release digest here", "payments"),
    ]


def a_workspace() -> Workspace:
    """The team's workspace, with the app in it."""
    workspace = Workspace(name="Acme", app_name="Slipway")
    workspace.install(manifest())
    for each in PEOPLE:
        workspace.add_person(
            each.name,
            each.real_name,
            id=each.id,
            title=each.title,
            tz=each.tz,
            email=each.email,
            is_restricted=each.guest,
        )
    for group in GROUPS:
        workspace.add_group(group.handle, id=group.id, name=group.name, members=list(group.members))
    for room in CHANNELS:
        workspace.add_channel(room.name, id=room.id, topic=room.topic, members=list(room.members))
    return workspace


@asynccontextmanager
async def playing(folder: Path, *, port: int = 0, pace: float = 1.0) -> AsyncIterator[Demo]:
    """The demo from its beginning: environments, workspace, and Slipway with what happened before on its record."""
    ground = await prepare(folder, pace=pace, fresh=True)
    url, catalogue = await asyncio.to_thread(_begin_anew, ground)
    await upgrade(url)
    await prepare_engine(url)
    workspace = a_workspace()
    page = routes(workspace, guide(ground))
    calendar_key, webhook_secret = secrets.token_hex(16), secrets.token_hex(32)
    async with ground.running(), Sandbox(workspace, port=port, page=page, rate_limits="off") as sandbox:
        settings = read(
            {
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": sandbox.api_url,
                "SLIPWAY_DATABASE_URL": url,
                "SLIPWAY_CATALOGUE": str(catalogue),
                "SLIPWAY_LISTEN": "127.0.0.1:0",
                "SLIPWAY_CALENDAR_KEY": calendar_key,
                "SLIPWAY_WEBHOOK_SECRET": webhook_secret,
            }
        )
        assert isinstance(settings, Settings), settings
        await put_on_record(url, ground.seed)
        async with running(settings, pace=Pace.quick()) as slipway:
            ground.tell_ci(slipway.address, webhook_secret)
            calendar = f"{slipway.address}/api/v1/freezes.ics?key={calendar_key}"
            yield Demo(sandbox.url, calendar, ground, slipway, workspace, sandbox)


def _begin_anew(ground: Ground) -> tuple[str, Path]:
    """An empty record and a fresh catalogue: the database's address, and the file."""
    for old in ground.folder.glob("slipway.db*"):
        old.unlink()
    catalogue = ground.folder / "slipway.yaml"
    catalogue.write_text(ground.catalogue, "utf-8")
    return f"sqlite:///{ground.folder / 'slipway.db'}", catalogue


async def run(*, port: int) -> None:
    """Play until told to stop."""
    log_quietly(30)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(each, stop.set)
    terminal.say("Preparing a repository, two environments and a workspace …")
    try:
        # Asked before anything is put back to its beginning: a demo that plays already is left alone.
        with _alone(FOLDER):
            _see_that_it_is_free(port)
            async with playing(FOLDER, port=port) as demo:
                welcome(demo)
                await stop.wait()
                terminal.say("Cleaning up …")
    except GroundError as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(f"The demo can't be played here: {error}") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One demo in a folder: a second one would take the first one's record and environments away."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "playing.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble(
                f"A demo is running in {folder.absolute()} already.",
                "Look for its terminal and end it there with Ctrl-C, or start this one in another directory.",
            ) from error
        yield


def _see_that_it_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Trouble(f"Port {port} is not for everybody. Choose another: slipway demo --port 8090") from error
        except OSError as error:
            raise Trouble(
                f"Port {port} is taken by another program. Choose another: slipway demo --port 8090"
            ) from error


def _this_python() -> Path:
    """The Python that runs this, as one would type it here."""
    python = Path(sys.executable)
    return python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python


def welcome(demo: Demo) -> None:
    """Where everything is; and the page opens, if somebody is looking."""
    terminal.good(f"The workspace is open:  {demo.url}")
    for name, address in demo.ground.addresses.items():
        terminal.say(f"  {name + ' serves at':<22}{address}")
    terminal.say(f"  {'the catalogue is':<22}{FOLDER / 'slipway.yaml'}")
    terminal.say(f"  {'freezes, to subscribe':<22}{demo.calendar}")
    terminal.say(f"  {'to play CI':<22}{_this_python()} -m integrations.demo.ci bugfix/2.4.1")
    terminal.say("The panel “Try it” leads you through a release in a few minutes. Ctrl-C ends everything.")
    if sys.stdout.isatty():
        webbrowser.open(demo.url)
