"""The demo in a real browser: the whole road of its guide, walked by five people, each in a tab of their own.

On it they meet the six blockers of a release week: a rejection, the wrong person, a changed candidate, the order of
environments, a forgotten checklist, a freeze. Everything is real but Slack: the page, the bot behind it, the
repository, the program that deploys, and the two environments that serve what was brought there.
`SLIPWAY_SCREENSHOTS=1` has it take the pictures of the documentation.
"""

import asyncio
import logging
import re
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import async_playwright, expect

from bot.demo import playing
from integrations.demo.ci import report
from tests.browser.seats import Seat, is_served, served

log = logging.getLogger(__name__)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on the path."),
    pytest.mark.xdist_group("the demo"),
    pytest.mark.timeout(240),  # a road of many steps: 91 seconds on two busy cores
]

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESK = {"width": 1280, "height": 860}
SHALLOW = {"width": 1280, "height": 720}
LOW = {"width": 1280, "height": 400}
PHONE = {"width": 390, "height": 844}


@asynccontextmanager
async def a_browser():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def seats(browser, url, **size):
    """Where people sit down; whatever the browser complains about on the workspace's page fails the test."""
    complaints, windows = [], []

    async def seat(who, place="c/payments"):
        # A window of its own for each tab: Chromium lets a tab that lies behind another one fall half asleep.
        window = await browser.new_context(color_scheme="light", locale="en-GB", **size)
        windows.append(window)
        window.set_default_timeout(10_000)
        tab = await window.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await tab.goto(f"{url}/as/{who}/{place}")
        return Seat(tab)

    yield seat
    for window in windows:
        await window.close()
    assert complaints == []


def runs(environment, version, more):
    """That line of the card; between its parts there may be any blanks."""
    return re.compile(rf"{environment}\s+·\s+runs\s+{re.escape(version)}\s.*?{more}")


async def test_the_whole_road_in_a_browser(tmp_path, record_property):
    expect.set_options(timeout=15_000)
    async with (
        playing(tmp_path, pace=0) as demo,
        a_browser() as browser,
        seats(browser, demo.url, viewport=DESK) as sit,
    ):
        production = demo.ground.addresses["production"]
        maya, omar, ben, ruth, ines = [await sit(who) for who in ("maya", "omar", "ben", "ruth", "ines")]
        customer = await browser.new_page(viewport=DESK)
        await customer.goto(production)
        await expect(customer.get_by_role("heading", name="2.3.9", exact=True)).to_be_visible()

        await maya_plans(maya, demo.ground.commits["candidate"][:10])
        await omar_finds_something(omar, await sit("omar", "home"), maya)
        await ben_mends_it(ben, omar)
        await it_is_not_bens_to_approve(ben)
        await it_goes_to_staging(maya)
        assert await served(demo.ground.addresses["staging"]) == "2.4.0"
        asked = await sit("ruth", "messages")
        await everybody_agrees(omar, asked, maya)
        async with seats(browser, demo.url, viewport=PHONE, has_touch=True, is_mobile=True) as on_the_phone:
            await it_fits_a_phone(await on_the_phone("omar"))

        await ruth_freezes_production(ruth, maya)
        assert await served(production) == "2.3.9"
        await ruth_grants_an_exception(asked, maya)
        await it_goes_to_production(maya, customer)
        assert await served(production) == "2.4.0"
        await expect(customer.get_by_role("heading", name="2.4.0", exact=True)).to_be_visible()

        await ines.types("/rollback payments now Refunds go out twice")
        seconds = await is_served(production, "2.3.9")
        record_property("seconds_to_roll_back", f"{seconds:.2f}")
        log.info("Production served the old version %.2f seconds after the command was sent.", seconds)
        await everybody_sees_it_rolled_back(ines, ben)
        await expect(customer.get_by_role("heading", name="2.3.9", exact=True)).to_be_visible()
        await ben_mends_it_and_it_ships_itself(ben, ruth, ines, demo.ground.folder)
        await is_served(production, "2.4.1")
        await maya_tells_what_happened(maya, ben)
        assert (await demo.slipway.verify_audit()).broken is None


async def maya_plans(maya, commit):
    """By the form, with everything that a plan can have."""
    await maya.types("/release new")
    await expect(maya.form.get_by_label("Version")).to_be_focused()
    await maya.fills_in(
        Version="2.4.0",
        Commit_or_branch=commit,
        Title="Instant refunds",
        Scope="Refunds reach the customer within a minute, and stand beside the payments.",
        Requirements="PAY-311, PAY-314, PAY-318",
        Target_date=f"{datetime.now(UTC).date() + timedelta(days=7)}",
    )
    await maya.form.get_by_label("Version").focus()
    await maya.shoots("new-release")
    await maya.fills_in(Version="")
    await maya.sends("Plan it")
    await expect(maya.form.get_by_role("alert")).to_be_visible()
    await maya.fills_in(Version="2.4.0")
    await maya.sends("Plan it")
    await expect(maya.card).to_contain_text("Instant refunds")
    await expect(maya.card).to_contain_text("PAY-318")
    await expect(maya.form).to_contain_text("R-3 Payments 2.4.0 is planned")
    await maya.sends("Close")


async def omar_finds_something(omar, at_home, maya):
    """What waits for him is in App Home; on the card he says no, and why."""
    home = at_home.tab.get_by_role("main")
    await expect(home).to_contain_text("Waiting for your approval")
    await expect(home).to_contain_text("Tried out on staging")
    await at_home.shoots("home")
    await at_home.tab.close()

    await omar.presses("Reject")
    await omar.fills_in(Reason="The amounts have lost a digit: € 84.0")
    await omar.sends("Reject")
    await expect(omar.form).to_contain_text("Rejected")
    await omar.sends("Close")
    for each in (omar, maya):
        await expect(each.card).to_contain_text("rejected it")
        await expect(each.card).to_contain_text("The amounts have lost a digit: € 84.0")


async def ben_mends_it(ben, omar):
    """A new candidate: what was said about the old one is crossed out."""
    await ben.types("/release build R-3 release/2.4")
    await expect(ben.told).to_contain_text("No longer counts")
    void = omar.card.locator("del, s", has_text="rejected as QA")
    await expect(void).to_be_visible()
    await expect(omar.card).to_contain_text("no longer counts: that was")


async def it_is_not_bens_to_approve(ben):
    """The one who wrote it presses Approve: he reads who can, and how to have them asked."""
    await ben.tidies_up()
    await ben.presses("Approve")
    await expect(ben.told).to_contain_text("Only @qa and @change-managers can approve this for production.")


async def it_goes_to_staging(maya):
    """Customers come last: before it has been in staging, nothing goes to production."""
    await maya.types("/deploy R-3 to production")
    await expect(maya.message("Deploy R-3 ")).to_contain_text("This candidate has not been in staging yet")
    await maya.tidies_up()
    await maya.types("/deploy R-3 to staging")
    await expect(maya.message("Deploy R-3 ")).to_contain_text("/deploy confirm R-3 to staging")
    await maya.types("/deploy confirm R-3 to staging")
    await expect(maya.card).to_contain_text(runs("staging", "2.4.0", "this candidate"))


async def everybody_agrees(omar, asked, maya):
    """Ticks and approvals, until nothing is in the way; Ruth is asked in her messages, and approves there."""
    await omar.presses("Checklist")
    await expect(omar.form).to_contain_text("How: Look at the amounts, and at refunds")
    await omar.form.get_by_role("button", name="Tick with a note: Tried out on staging").click()
    await expect(omar.form).to_contain_text("Back to the checklist")
    await omar.fills_in(Note="€ 84.00 went out, and came back within 20 seconds")
    await omar.sends("Tick")
    await expect(omar.form).to_contain_text("ticked by @Omar Haddad")
    await omar.sends("Done")
    await expect(omar.card).to_contain_text("1 of 3 done")
    await omar.presses("Approve")
    await expect(omar.card).to_contain_text("✅ QA · @Omar Haddad approved")
    await omar.tidies_up()
    await omar.shoots("card")
    await maya.tidies_up()
    await maya.types("/release why R-3 production")
    why = maya.message("What blocks R-3 ")
    await expect(why).to_contain_text("“Release notes are written” is not done")
    await maya.presses_on(why, "Ask those who can lift: The approval of @change-manager is missing")
    await expect(maya.told).to_contain_text("I have asked @Ruth Okafor in a private message")
    await maya.shoots("why", maya.tab.locator("#main"))
    await expect(asked.direct).to_contain_text("@Maya Lindqvist asks you to look at R-3 Payments 2.4.0")
    await maya.presses_on(why, "Checklist")
    await expect(maya.form).to_contain_text("came back within 20 seconds")
    await maya.shoots("checklist")
    await maya.form.get_by_role("button", name="Tick Release notes are written").click()
    await expect(maya.form).to_contain_text("everything required is done")
    await maya.sends("Done")
    await expect(asked.direct).to_contain_text("nothing else blocks")
    await asked.presses_on(asked.direct, "Approve")
    await expect(asked.direct).to_contain_text("you have approved it. Thank you.")
    await expect(maya.card).to_contain_text(runs("production", "2.3.9", "gate open"))


async def it_fits_a_phone(omar):
    await expect(omar.card.get_by_role("button", name="Withdraw")).to_be_in_viewport()
    assert await omar.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await omar.shoots("phone")


async def ruth_freezes_production(ruth, maya):
    """Neither the preview nor the confirmation gets past it, and both say why."""
    await maya.tidies_up()
    await ruth.types("/freeze start production until tomorrow 07:00 The annual sale")
    await expect(maya.card).to_contain_text("F-1 freezes production until tomorrow 08:00: The annual sale")
    await maya.types("/deploy R-3 to production")
    preview = maya.message("Deploy R-3 ")
    await expect(preview).to_contain_text("1 thing blocks")
    await expect(preview).to_contain_text("or have it ended with /freeze end F-1")
    await expect(preview).not_to_contain_text("/deploy confirm")
    await maya.shoots("frozen", maya.tab.locator("#main"))
    await maya.types("/deploy confirm R-3 to production")
    await expect(maya.told).to_contain_text("Nothing was started")
    await expect(maya.told).to_contain_text("F-1 freezes production")


async def ruth_grants_an_exception(asked, maya):
    """Maya asks from the preview, and Ruth decides in her messages: this release passes, and no other."""
    await maya.presses_on(maya.message("Deploy R-3 "), "Ask for an exception")
    await maya.fills_in(Reason="Refunds must work before the sale begins")
    await maya.sends("Ask")
    await expect(maya.form).to_contain_text("I have asked @Ruth Okafor")
    await maya.sends("Close")
    await expect(asked.direct).to_contain_text("asks that R-3 Payments 2.4.0 may pass F-1 (X-1)")
    await asked.tidies_up()
    await asked.tab.set_viewport_size(LOW)
    await asked.shoots("exception", asked.tab.locator("#main"))
    await asked.presses_on(asked.direct, "Grant")
    await expect(asked.direct).to_contain_text("@Ruth Okafor granted it")
    await expect(maya.card).to_contain_text("passes F-1 until tomorrow 08:00 by @Ruth Okafor's exception X-1")
    await maya.tidies_up()


async def it_goes_to_production(maya, customer):
    """The preview says what would change and the way back; the confirmation is typed; customers see the new version."""
    await maya.types("/deploy R-3 to production")
    preview = maya.message("Deploy R-3 ")
    wanted = ("6 commits would come along", "Pay refunds out within a minute", "passes F-1", "fall back to: 2.3.9")
    for words in wanted:
        await expect(preview).to_contain_text(words)
    await expect(preview).to_contain_text("/deploy confirm R-3 to production")
    await maya.shoots("preview", maya.tab.locator("#main"))
    await maya.types("/deploy confirm R-3 to production")
    await maya.opens_the_thread()
    await expect(maya.thread).to_contain_text("2.4.0 is in production")
    await expect(maya.card).to_contain_text(runs("production", "2.4.0", "this candidate"))
    await maya.tab.keyboard.press("Escape")


async def everybody_sees_it_rolled_back(ines, ben):
    await expect(ben.card).to_contain_text("is back on 2.3.9")
    await expect(ben.card).to_contain_text("Refunds go out twice")
    await ines.opens_the_thread()
    await expect(ines.thread).to_contain_text("production is back on 2.3.9")
    await ines.tab.set_viewport_size(SHALLOW)
    await ines.shoots("rollback", without_lists=True)


async def ben_mends_it_and_it_ships_itself(ben, ruth, ines, ground):
    """A bug fix needs nobody once CI has tested it; only the freeze and the veto hold it until both are over."""
    await ben.tidies_up()
    await ben.types("/release new payments 2.4.1")
    await ben.fills_in(Commit_or_branch="bugfix/2.4.1", Title="Each refund once")
    await ben.form.get_by_label("Change type").select_option(label="Bug fix")
    await ben.sends("Plan it")
    await ben.sends("Close")
    card = ben.message("R-4 ")
    await expect(card).to_contain_text("ships itself to staging and production")
    await asyncio.to_thread(report, ground, "bugfix/2.4.1", "tests", "passed")
    await expect(card).to_contain_text(runs("staging", "2.4.1", "this candidate"))
    await expect(card).to_contain_text("F-1 asks for care in production")
    await expect(card).to_contain_text("rolled back in production with 2.4.0 (V-1)")
    await ines.types("/rollback lift V-1 with bugfix/2.4.1 Each refund goes out once")
    await ruth.types("/freeze end F-1")
    await expect(ben.tab.get_by_role("log").first).to_contain_text("F-1 is over, ended by @Ruth Okafor")
    await expect(card).to_contain_text(runs("production", "2.4.1", "this candidate"), timeout=30_000)


async def maya_tells_what_happened(maya, ben):
    await maya.types("/release digest here")
    digest = ben.message("Release digest")
    await expect(digest).to_contain_text("2.4.0")
    await expect(digest).to_contain_text("2.4.1")
    await expect(digest).to_contain_text("Refunds go out twice")
    await ben.shoots("digest", digest)
