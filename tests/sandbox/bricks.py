"""Bricks: small Block Kit things that many tests build with."""

from __future__ import annotations


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text="hello", **more):
    return {"type": "section", "text": mrkdwn(text), **more}


def button(label="Go", action_id="go", **more):
    return {"type": "button", "action_id": action_id, "text": plain(label), **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements or [button()]), **more}


def option(label="One", value="1", **more):
    return {"text": plain(label), "value": value, **more}


def text_input(block_id="title", label="Title", **more):
    element = {"type": "plain_text_input", "action_id": "text", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def modal(*blocks, **more):
    view = {"type": "modal", "title": plain("A form"), "submit": plain("Send"), "blocks": list(blocks or [section()])}
    return view | more


def home(*blocks, **more):
    return {"type": "home", "blocks": list(blocks or [section()]), **more}


def rich(text="words"):
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }
