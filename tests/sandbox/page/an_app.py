"""A small app, written with the real Bolt and the real SDK: it posts a card, asks for a reason, keeps a Home."""

import asyncio
import logging

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text, **more):
    return {"type": "section", "text": mrkdwn(text), **more}


def text_input(block_id, label, **more):
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def modal(title, blocks, callback_id, **more):
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": blocks,
        **more,
    }


def card(title, state, *, open_to_say=True):
    confirm = {
        "title": plain(f"Approve {title}?"),
        "text": mrkdwn("*Your* name goes on it."),
        "confirm": plain("Approve"),
        "deny": plain("Not yet"),
    }
    buttons = [
        {
            "type": "button",
            "action_id": "approve",
            "text": plain("Approve"),
            "style": "primary",
            "value": title,
            "confirm": confirm,
        },
        {"type": "button", "action_id": "reject", "text": plain("Reject"), "style": "danger", "value": title},
    ]
    blocks = [{"type": "header", "text": plain(title)}, section(state)]
    return [*blocks, {"type": "actions", "elements": buttons}] if open_to_say else blocks


def home(ticked):
    options = [{"text": plain(name), "value": name} for name in ("Notes written", "Tests green")]
    boxes = {"type": "checkboxes", "action_id": "tick", "options": options}
    chosen = [option for option in options if option["value"] in ticked]
    if chosen:
        boxes["initial_options"] = chosen
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain("Your day")},
            {"type": "actions", "block_id": "boxes", "elements": [boxes]},
            section(f"{len(ticked)} of 2 done"),
        ],
    }


def build(sandbox):
    """The app, talking to that sandbox."""
    quiet = logging.getLogger("tests.an_app")
    quiet.setLevel(logging.ERROR)
    client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
    app = AsyncApp(client=client, signing_secret=sandbox.signing_secret, logger=quiet)

    _commands(app)
    _buttons(app)
    _forms(app)
    _home(app)
    return app


def _commands(app):
    @app.command("/release")
    async def release(ack, command, respond, client):
        await ack()
        word, _, rest = command["text"].partition(" ")
        if word == "new":
            view = modal(
                "New release",
                [text_input("version", "Version"), text_input("scope", "Scope", multiline=True) | {"optional": True}],
                "new",
                private_metadata=command["channel_id"],
            )
            await client.views_open(trigger_id=command["trigger_id"], view=view)
        elif word == "card":
            await client.chat_postMessage(
                channel=command["channel_id"], text=rest, blocks=card(rest, "Waiting for a yes")
            )
        else:
            await respond(text=f"I don't know *{word}*. Try `/release card R-12`.", response_type="ephemeral")

    @app.command("/slow")
    async def slow(ack):
        await asyncio.sleep(1.5)
        await ack()


def _buttons(app):
    @app.action("approve")
    async def approve(ack, body, action, client, respond):
        await ack()
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        state = f":white_check_mark: Approved by <@{body['user']['id']}>"
        await client.chat_update(**where, text="approved", blocks=card(action["value"], state, open_to_say=False))
        await client.chat_postMessage(
            channel=where["channel"], thread_ts=where["ts"], text=f"{action['value']} has its yes"
        )
        await respond(text="Thank you!", response_type="ephemeral", replace_original=False)

    @app.action("reject")
    async def reject(ack, body, client):
        await ack()
        more = {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "help", "text": plain("What is a good reason?")}],
        }
        await client.views_open(
            trigger_id=body["trigger_id"], view=modal("Reject", [text_input("reason", "Reason"), more], "rejected")
        )

    @app.action("help")
    async def explain(ack, body, client):
        await ack()
        view = modal("Good reasons", [section("Say what would change your mind.")], "reasons")
        del view["submit"]
        await client.views_push(trigger_id=body["trigger_id"], view=view)


def _forms(app):
    @app.view("new")
    async def created(ack, view, client):
        version = view["state"]["values"]["version"]["typed"]["value"]
        if not version[0].isdigit():
            await ack(response_action="errors", errors={"version": "A version starts with a number."})
            return
        await ack()
        await client.chat_postMessage(channel=view["private_metadata"], text=version, blocks=card(version, "New"))

    @app.view("rejected")
    async def rejected(ack):
        await ack()


def _home(app):
    ticked = {}

    @app.event("app_home_opened")
    async def opened(event, client):
        await client.views_publish(user_id=event["user"], view=home(ticked.get(event["user"], set())))

    @app.action("tick")
    async def tick(ack, body, action, client):
        await ack()
        ticked[body["user"]["id"]] = {option["value"] for option in action["selected_options"]}
        await client.views_publish(user_id=body["user"]["id"], view=home(ticked[body["user"]["id"]]))
