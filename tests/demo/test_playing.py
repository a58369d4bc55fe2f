"""Playing the demo: what keeps it from starting is a sentence, and a demo that plays already is left alone."""

import asyncio
import socket

import aiohttp
import pytest

from bot.demo import FOLDER, _alone, guide, playing, run, welcome
from bot.trouble import Trouble
from integrations.demo.ci import report
from integrations.demo.people import CHANNELS, PEOPLE
from integrations.sandbox.page import Step


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


async def test_a_second_demo_in_the_same_folder_takes_nothing_away_from_the_first():
    with _alone(FOLDER), pytest.raises(Trouble, match=r"A demo is running in .* already"):
        await run(port=0)
    assert [each.name for each in FOLDER.iterdir()] == ["playing.lock"]
    with _alone(FOLDER):
        pass  # once the first has ended, there is room for the next


async def test_a_taken_port_is_named_before_anything_is_prepared():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=f"Port {port} is taken by another program"):
            await run(port=port)
    assert [each.name for each in FOLDER.iterdir()] == ["playing.lock"]


async def test_without_git_the_demo_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Trouble, match="The demo needs git"):
        await run(port=0)


async def test_the_path_for_newcomers_is_short_and_everybody_on_it_is_somebody(ground):
    steps = [Step(*each) for each in guide(ground)]
    people, rooms = {each.name for each in PEOPLE}, {each.name for each in CHANNELS}

    assert len(steps) < 20
    assert {each.person for each in steps} <= people
    assert {each.place for each in steps} <= rooms | {"home", "messages"}
    assert all(each.text[0] == "…" or each.text[0].islower() for each in steps)  # it follows the person's name


async def test_the_demo_offers_the_calendar_of_freezes_and_hears_ci(tmp_path, capsys):
    async with playing(tmp_path / "played", pace=0) as demo:
        welcome(demo)
        async with aiohttp.ClientSession() as session, session.get(demo.calendar) as answer:
            assert answer.content_type == "text/calendar"
            assert "BEGIN:VCALENDAR" in await answer.text()
        said = await asyncio.to_thread(report, demo.ground.folder, "bugfix/2.4.1", "tests", "passed")

    assert said.startswith("tests passed for ")
    told = capsys.readouterr().out
    assert demo.calendar in told
    assert "-m integrations.demo.ci bugfix/2.4.1" in told
