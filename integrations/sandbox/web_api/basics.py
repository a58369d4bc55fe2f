"""api.test, auth.test, apps.connections.open, blocks.validate, reactions.add: the small ones."""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.sandbox.blocks import Problem, find_problems, find_view_problems
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result


def api_test(call: Call) -> Result:
    """Say the same thing back."""
    if error := call.text("error"):
        raise RefusedError(error, args=dict(call.arguments))
    return {"args": dict(call.arguments)}


def auth_test(call: Call) -> Result:
    """Whose token this is."""
    workspace = call.workspace
    return {
        "url": f"{call.stage.url}/",
        "team": workspace.name,
        "user": workspace.people[workspace.app.user_id].name,
        "team_id": workspace.team_id,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Result:
    """An address for one Socket Mode connection."""
    return {"url": call.stage.open_socket()}


def blocks_validate(call: Call) -> Result:
    """Look at blocks, a message or a view without posting anything."""
    given = {name: call.json(name) for name in ("blocks", "message", "view")}
    named = [(name, value) for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise RefusedError("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
    name, value = named[0]
    problems: list[Problem]
    if name == "view":
        problems = find_view_problems(value, "")
    elif name == "message":
        blocks = value.get("blocks", []) if isinstance(value, Mapping) else value
        problems = find_problems(blocks, "message", "/blocks")
    else:
        problems = find_problems(value, "message", "")
    if problems:
        raise RefusedError(f"invalid_{name}", errors=[_problem_json(problem) for problem in problems])
    return {}


def reactions_add(call: Call) -> Result:
    """Put an emoji under a message."""
    channel, name = call.channel(), call.needs("name")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise RefusedError("invalid_name")
    message = call.workspace.message(channel.id, call.needs("timestamp"))
    if message is None or message.ephemeral_to is not None:
        raise RefusedError("message_not_found")
    app = call.workspace.app.user_id
    if app not in channel.members:
        raise RefusedError("not_in_channel")
    if any(reaction.name == name and app in reaction.users for reaction in message.reactions):
        raise RefusedError("already_reacted")
    call.workspace.put(message.with_reaction(name, app))
    return {}


def _problem_json(problem: Problem) -> dict[str, object]:
    shown: dict[str, object] = {"pointer": problem.pointer, "code": problem.code, "message": problem.message}
    return shown | ({"constraint": dict(problem.constraint)} if problem.constraint else {})


METHODS = {
    "api.test": Method(api_test, tier=4, caller="anybody"),
    "auth.test": Method(auth_test, tier=4),
    "apps.connections.open": Method(connections_open, tier=1, caller="app"),
    "blocks.validate": Method(blocks_validate, tier=4, caller="anybody"),
    "reactions.add": Method(reactions_add, tier=3, scopes=("reactions:write",)),
}
