"""GitHub's `deployment_protection_rule`: a workflow stands before an environment, and asks. Read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.rules.protected_run import Question

EVENT = "deployment_protection_rule"

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_RUN = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_LONGEST_NAME = 255


def protection_question(event: str, body: Mapping[str, Any], *, api: str, now: datetime) -> Question | list[str] | None:
    """What is asked; what is wrong with the payload; None if it asks nothing of this kind.

    `api` is the address of GitHub's REST API that Slipway itself is set up for. The address to answer at must be one of
    its own, and is only read: no request ever goes where a payload says.
    """
    if event != EVENT or body.get("action") != "requested":
        return None
    problems: list[str] = []
    repository = _text(body.get("repository"), "full_name")
    if not _FULL_NAME.fullmatch(repository):
        problems.append("“repository.full_name” is missing: the repository, as owner/name.")
    environment = body.get("environment")
    if not isinstance(environment, str) or not 0 < len(environment) <= _LONGEST_NAME or not environment.isprintable():
        problems.append("“environment” is missing: the name of the environment that is protected.")
    # Newer payloads have the commit beside the deployment as well.
    commit = _text(body, "sha") or _text(body.get("deployment"), "sha")
    if not _SHA.fullmatch(commit):
        problems.append("“deployment.sha” is missing: the full SHA of the commit.")
    run = _run(body.get("deployment_callback_url"), api, repository)
    if run is None:
        problems.append(
            "“deployment_callback_url” must be that of a run in this repository, at the GitHub that Slipway is set up "
            "for (SLIPWAY_GITHUB_API)."
        )
    if problems or run is None or not isinstance(environment, str):
        return problems
    return Question(repository, run, environment, commit, now)


def _run(address: object, api: str, repository: str) -> int | None:
    """The run that the address is about; None if it isn't exactly that of a run of the repository."""
    before, after = f"{api.rstrip('/')}/repos/{repository}/actions/runs/", "/deployment_protection_rule"
    if not isinstance(address, str) or not address.lower().startswith(before.lower()) or not address.endswith(after):
        return None
    number = address[len(before) : -len(after)]
    return int(number) if _RUN.fullmatch(number) else None


def _text(part: object, name: str) -> str:
    value = part.get(name) if isinstance(part, Mapping) else None
    return value if isinstance(value, str) else ""
