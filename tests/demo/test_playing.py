"""Playing the demo: what keeps it from starting is a sentence, and a demo that plays already is left alone."""

import socket

import pytest

from bot.demo import FOLDER, _alone, run
from bot.trouble import Trouble


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
