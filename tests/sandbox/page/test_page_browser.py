"""The page in a real browser: people beside each other, with a real Bolt app behind the workspace."""

import shutil

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

from integrations.sandbox import page as sandbox_page
from integrations.sandbox.messages import Message
from integrations.sandbox.server import Sandbox
from tests.sandbox.page.an_app import build
from tests.sandbox.page.world import a_workspace

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GUIDE = [("posts a card.", "omar", "/release card R-12"), ("looks at the Home.", "ruth", "", "home")]
PHONE = {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("There is no Chromium on the path.")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=ARGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """A workspace with the app connected over Socket Mode; an app has a second to answer, not three."""
    workspace = a_workspace()
    workspace.add_command("/slow", description="Takes its time")
    workspace.app.events = {"app_home_opened"}
    workspace.app.scopes = {"chat:write", "commands", "chat:write.public"}
    pages = sandbox_page.routes(workspace, guide=GUIDE)
    async with Sandbox(workspace, page=pages, rate_limits="off", ack_within=1.0) as sandbox:
        handler = AsyncSocketModeHandler(build(sandbox), sandbox.app_token)
        await handler.connect_async()
        await sandbox.connected()
        yield sandbox
        await handler.close_async()


@pytest_asyncio.fixture(loop_scope="module")
async def sits_down(browser, sandbox):
    """Opens the page as somebody; whatever the browser complains about fails the test."""
    contexts, complaints = [], []

    async def open_as(who, place="c/releases", **more):
        context = await browser.new_context(**more)
        contexts.append(context)
        context.set_default_timeout(8000)
        tab = await context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await tab.goto(f"{sandbox.url}/as/{who}/{place}")
        return tab

    yield open_as
    for context in contexts:
        await context.close()
    assert complaints == []


def composer(tab):
    return tab.get_by_role("combobox", name="Message to")


async def types(tab, text):
    await composer(tab).fill(text)
    await composer(tab).press("Enter")


async def test_what_one_person_does_the_other_sees_at_once(sits_down, sandbox):
    ruth = await sits_down("ruth")
    omar = await sits_down("omar")
    await types(omar, "/release card R-12")
    card = ruth.locator("article", has=ruth.get_by_role("heading", name="R-12"))
    await card.get_by_role("button", name="Approve").click()
    asked = ruth.get_by_role("dialog", name="Approve R-12?")
    await expect(asked).to_contain_text("Your name goes on it.")
    await asked.get_by_role("button", name="Not yet").click()
    await expect(card).to_contain_text("Waiting for a yes")
    await card.get_by_role("button", name="Approve").click()
    await asked.get_by_role("button", name="Approve").click()

    seen = omar.locator("article", has=omar.get_by_role("heading", name="R-12"))
    await expect(seen).to_contain_text("✅ Approved by @Ruth Okafor")
    await expect(seen.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(ruth.get_by_text("Thank you!")).to_be_visible()
    await expect(ruth.get_by_text("Only visible to you")).to_be_visible()
    await expect(omar.get_by_text("Thank you!")).to_have_count(0)

    await seen.get_by_role("link", name="1 reply").click()
    thread = omar.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("R-12 has its yes")
    await thread.get_by_role("combobox").fill("Lovely.")
    await thread.get_by_role("combobox").press("Enter")
    await expect(thread).to_contain_text("Lovely.")
    await expect(ruth.get_by_role("link", name="2 replies")).to_be_visible()
    await omar.keyboard.press("Escape")
    await expect(thread).to_have_count(0)

    await ruth.get_by_role("button", name="Dismiss").click()
    await expect(ruth.get_by_text("Thank you!")).to_have_count(0)


async def test_a_form_keeps_what_is_typed_while_the_world_goes_on(sits_down, sandbox):
    omar = await sits_down("omar")
    await types(omar, "/release new")
    form = omar.get_by_role("dialog", name="New release")
    version = form.get_by_role("textbox", name="Version")
    await expect(version).to_be_focused()
    await version.press_sequentially("x2.4")
    ruth = sandbox.workspace.desk("ruth")
    for number in range(3):
        await ruth.types("releases", f"news {number}")
    await expect(omar.get_by_text("news 2")).to_be_attached()
    await expect(version).to_have_value("x2.4")
    await expect(version).to_be_focused()

    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_have_text("A version starts with a number.")
    sandbox.workspace.notify(sandbox.workspace.person("omar").id, "Somebody rang.")
    await expect(omar.locator(".toast", has_text="Somebody rang.")).to_be_visible()
    await expect(form.get_by_role("alert")).to_have_text("A version starts with a number.")
    await version.fill("2.4.1")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)
    await expect(omar.get_by_role("heading", name="2.4.1")).to_be_visible()
    await expect(composer(omar)).to_be_focused()


async def test_forms_lie_on_each_other_and_close_one_by_one(sits_down, sandbox):
    omar = await sits_down("omar")
    await types(omar, "/release card R-7")
    # Somebody nervous presses twice: the app hears of it once.
    await omar.get_by_role("button", name="Reject").dblclick()
    first = omar.get_by_role("dialog", name="Reject")
    await first.get_by_role("textbox", name="Reason").fill("It is Friday")
    await first.get_by_role("button", name="What is a good reason?").click()
    second = omar.get_by_role("dialog", name="Good reasons")
    await expect(second).to_contain_text("change your mind")
    await expect(second.get_by_role("button", name="Save")).to_have_count(0)
    await omar.keyboard.press("Escape")
    await expect(second).to_have_count(0)
    await expect(first.get_by_role("textbox", name="Reason")).to_have_value("It is Friday")
    await first.get_by_role("button", name="Close").click()
    await expect(first).to_have_count(0)
    assert [method for method, _ in sandbox.calls].count("views.open") == 1


async def test_slash_offers_commands_and_the_keyboard_is_enough(sits_down):
    omar = await sits_down("omar")
    await composer(omar).press("/")
    offers = omar.get_by_role("listbox", name="Commands")
    await expect(offers.get_by_role("option")).to_have_count(2)
    await expect(offers).to_contain_text("new · card R-12")
    await composer(omar).press("ArrowDown")
    await expect(offers.get_by_role("option", name="/slow")).to_have_attribute("aria-selected", "true")
    await composer(omar).press("ArrowUp")
    await composer(omar).press("Enter")
    await expect(composer(omar)).to_have_value("/release ")
    await composer(omar).press_sequentially("fly")
    await composer(omar).press("Enter")
    await expect(omar.get_by_text("I don't know fly")).to_be_visible()
    await expect(composer(omar)).to_have_value("")


async def test_a_command_that_takes_too_long_says_so_to_its_typist(sits_down):
    omar = await sits_down("omar")
    await types(omar, "/slow")
    await expect(omar.get_by_role("button", name="Send").first).to_have_attribute("aria-busy", "true")
    await expect(omar.get_by_text("operation_timeout")).to_be_visible()


async def test_the_home_is_the_persons_own_and_ticks_stay(sits_down):
    omar = await sits_down("omar")
    ruth = await sits_down("ruth", "home")
    await expect(ruth.get_by_role("heading", name="Your day")).to_be_visible()
    await omar.get_by_role("link", name="Slipway").click()
    await expect(omar.get_by_text("0 of 2 done")).to_be_visible()
    await omar.get_by_role("checkbox", name="Tests green").check()
    await expect(omar.get_by_text("1 of 2 done")).to_be_visible()
    await omar.reload()
    await expect(omar.get_by_role("checkbox", name="Tests green")).to_be_checked()
    await expect(ruth.get_by_text("0 of 2 done")).to_be_visible()
    await expect(ruth.get_by_role("checkbox", name="Tests green")).not_to_be_checked()


async def test_the_guide_changes_the_person_and_lays_the_words_ready(sits_down):
    ruth = await sits_down("ruth", "c/lobby")
    await ruth.get_by_role("link", name="Omar posts a card.").click()
    await expect(ruth).to_have_title("#releases · Omar Haddad · Harbour")
    await expect(composer(ruth)).to_have_value("/release card R-12")
    await composer(ruth).press("Enter")
    await expect(ruth.get_by_role("heading", name="R-12")).to_be_visible()
    await ruth.get_by_role("link", name="Ruth looks at the Home.").click()
    await expect(ruth.get_by_role("heading", name="Your day")).to_be_visible()
    await expect(ruth.get_by_text("1 of 2", exact=True)).to_be_visible()
    await ruth.go_back()
    await expect(composer(ruth)).to_have_value("")


async def test_whoever_reads_further_up_is_left_there(sits_down, sandbox):
    workspace = sandbox.workspace
    channel, ruth = workspace.channel("releases").id, workspace.person("ruth").id
    for number in range(40):
        workspace.put(Message(channel=channel, ts=workspace.next_ts(), user=ruth, text=f"line {number}"))
    omar = await sits_down("omar")
    log = omar.get_by_role("log")
    await expect(omar.get_by_text("line 39")).to_be_in_viewport()
    await log.evaluate("log => { log.scrollTop = 100; }")
    await composer(omar).fill("half a thought")
    workspace.put(Message(channel=channel, ts=workspace.next_ts(), user=ruth, text="the newest"))
    await expect(omar.get_by_text("the newest")).to_be_attached()
    assert await log.evaluate("log => log.scrollTop") == 100
    await expect(composer(omar)).to_have_value("half a thought")
    await omar.get_by_role("link", name="lobby").click()
    await expect(omar.get_by_text("in this channel, so can")).to_be_visible()
    await omar.get_by_role("link", name="releases").click()
    await expect(composer(omar)).to_have_value("half a thought")


async def test_whoever_reads_the_newest_goes_on_reading_it_in_a_smaller_window(sits_down, sandbox):
    workspace = sandbox.workspace
    channel, ruth = workspace.channel("releases").id, workspace.person("ruth").id
    for number in range(40):
        workspace.put(Message(channel=channel, ts=workspace.next_ts(), user=ruth, text=f"line {number}"))
    omar = await sits_down("omar")
    await expect(omar.get_by_text("line 39")).to_be_in_viewport()
    await omar.set_viewport_size({"width": 900, "height": 420})
    await expect(omar.get_by_text("line 39")).to_be_in_viewport(ratio=0.9)
    await omar.get_by_role("log").evaluate("log => { log.scrollTop = 0; }")
    await expect(omar.get_by_text("line 0", exact=True)).to_be_in_viewport()
    await omar.set_viewport_size({"width": 900, "height": 400})
    await expect(omar.get_by_text("line 0", exact=True)).to_be_in_viewport()


async def test_six_tabs_of_one_browser_all_stay_live(sits_down, sandbox):
    omar = await sits_down("omar")
    tabs = [omar, *[await omar.context.new_page() for _ in range(6)]]
    for tab in tabs[1:]:
        await tab.goto(omar.url)
    await types(omar, "Can everybody hear me?")
    for tab in tabs:
        await expect(tab.get_by_text("Can everybody hear me?")).to_be_visible()


async def test_it_fits_a_phone(sits_down):
    omar = await sits_down("omar", viewport=PHONE)
    await types(omar, "/release card R-12")
    await expect(omar.get_by_role("button", name="Approve")).to_be_in_viewport()
    assert await omar.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    people = omar.get_by_role("navigation", name="View as")
    await expect(people).not_to_be_visible()
    await omar.get_by_role("button", name="People and channels").click()
    await people.get_by_role("link", name="Ruth Okafor").click()
    await expect(omar).to_have_title("#releases · Ruth Okafor · Harbour")
    await expect(people).not_to_be_visible()


async def test_the_page_says_when_the_workspace_is_gone_and_goes_on_when_it_is_back(browser):
    workspace = a_workspace()
    pages = sandbox_page.routes(workspace)
    tab = await browser.new_page()
    sign = tab.get_by_text("The workspace doesn’t answer. Trying again")  # noqa: RUF001  # the page's own apostrophe
    async with Sandbox(workspace, page=pages) as sandbox:
        await tab.goto(f"{sandbox.url}/as/omar/c/releases")
        await expect(tab.get_by_role("heading", name="releases")).to_be_visible()
        await expect(sign).not_to_be_visible()
        port = int(sandbox.url.rpartition(":")[2])
    await expect(sign).to_be_visible()
    await workspace.desk("ruth").types("releases", "Said while it was away")
    async with Sandbox(workspace, page=pages, port=port):
        await expect(tab.get_by_text("Said while it was away")).to_be_visible()
        await expect(sign).not_to_be_visible()
        await tab.close()
