"""Seats: somebody at the demo's page, each in a tab of their own, doing only what can be done with a mouse and keys."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Locator, Page, expect

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
WANTED = os.environ.get("SLIPWAY_SCREENSHOTS") == "1"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person, with one tab."""

    tab: Page

    @property
    def card(self) -> Locator:
        """The card of R-3 in the channel, as it stands there now."""
        return self.message("R-3 ")

    @property
    def form(self) -> Locator:
        """The form that is open."""
        return self.tab.get_by_role("dialog")

    @property
    def thread(self) -> Locator:
        """The thread that is open."""
        return self.tab.get_by_role("complementary", name="Thread")

    @property
    def direct(self) -> Locator:
        """The newest message that Slipway has sent to this person alone, in its tab Messages."""
        return self.tab.locator("main article:not(.ephemeral)").last

    @property
    def told(self) -> Locator:
        """The newest of what only this person sees."""
        return self.tab.locator("main article.ephemeral").last

    def message(self, title: str) -> Locator:
        """The newest message in the channel that has this title."""
        heading = self.tab.get_by_role("heading", name=re.compile("^" + re.escape(title)))
        return self.tab.locator("main article", has=heading).last

    async def types(self, text: str) -> None:
        """Write that into the channel and send it."""
        composer = self.tab.locator("main").get_by_role("combobox", name="Message to")
        await composer.fill(text)
        await composer.press("Enter")
        await expect(composer).to_have_value("")

    async def presses(self, label: str) -> None:
        """Press a button of the card."""
        await self.presses_on(self.card, label)

    async def presses_on(self, message: Locator, label: str) -> None:
        """Press a button of that message, by what stands on it or what is read aloud."""
        await message.get_by_role("button", name=re.compile("^" + re.escape(label))).first.click()

    async def fills_in(self, **fields: str) -> None:
        """Fill in fields of the form that is open."""
        for label, value in fields.items():
            await self.form.get_by_label(label.replace("_", " ")).fill(value)

    async def sends(self, label: str) -> None:
        """Send the form that is open, or leave it, by that button."""
        await self.form.locator("footer").get_by_role("button", name=label, exact=True).click()

    async def opens_the_thread(self) -> None:
        """Open the thread of the card."""
        await self.card.get_by_role("link", name=re.compile("repl(y|ies)")).click()
        await expect(self.thread).to_be_visible()

    async def tidies_up(self) -> None:
        """Dismiss everything that only this person sees."""
        private = self.tab.locator("main article.ephemeral")
        while await private.count():
            left = await private.count() - 1
            await private.last.get_by_role("button", name="Dismiss").click()
            await expect(private).to_have_count(left)

    async def shoots(self, name: str, pane: Locator | None = None, *, without_lists: bool = False) -> None:
        """A picture for the documentation, if wanted: of everything, of a pane, or of all but the lists."""
        if not WANTED:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.tab.mouse.move(0, 0)
        how: dict[str, Any] = {"path": SCREENSHOTS / f"{name}.png", "animations": "disabled", "caret": "hide"}
        if pane is not None:
            await pane.screenshot(**how)
            return
        if without_lists:
            size, main = self.tab.viewport_size, await self.tab.locator("#main").bounding_box()
            assert size
            assert main
            how["clip"] = {"x": main["x"], "y": 0, "width": size["width"] - main["x"], "height": size["height"]}
        await self.tab.screenshot(**how)


async def served(address: str) -> str:
    """The version that an environment really serves."""
    async with aiohttp.ClientSession() as session, session.get(f"{address}/version") as answer:
        return str((await answer.json())["version"])


async def is_served(address: str, version: str, within: float = 20) -> float:
    """Wait until that version is served; how many seconds it took."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    async with asyncio.timeout(within):
        while await served(address) != version:  # noqa: ASYNC110 - no event tells what another program serves
            await asyncio.sleep(0.02)
    return clock() - begin
