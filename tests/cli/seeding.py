"""A small database in which a team has been at work lately, and the catalogue that it has agreed on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from tests.catalogue.texts import loaded
from tests.fakes import RecordingStarter
from tests.verbs.workshop import Workshop

AGREED = """\
version: 1
owners: {role: release-manager, channel: C0OWNERS}
roles:
  release-manager: {title: Release managers, people: [U0MAYA]}
  qa: {title: QA, people: [U0OMAR]}
  change-manager: {title: Change managers, people: [U0RUTH]}
  security: {title: Security, people: [U0INES]}
  on-call: {title: On call, people: [U0INES]}
services:
  payments:
    channel: C0PAYMENTS
    repository: /srv/payments
    rights: {roll-back: [release-manager, on-call], break-glass: [on-call]}
    environments:
      staging:
        deployer: {command: {program: [./deploy]}}
      production:
        deployer: {command: {program: [./deploy]}}
change_types:
  feature:
    approvals: {production: [qa, change-manager]}
    checklist:
      - {key: notes, text: Release notes are written, owner: release-manager}
  hotfix:
    approvals: {production: [qa]}
    freeze: passes
    keeps_order: false
freezes:
  rights: [release-manager]
"""

BEGAN = timedelta(days=5)
"""So long ago it all began."""


def played(url: str, story: Callable[[Workshop], Awaitable[None]]) -> None:
    """That happened, in that database, under the catalogue that is agreed on."""

    async def play() -> None:
        engines = open_engines(url)
        try:
            shop = Workshop(DatabaseRecords(engines, RecordingStarter(), lambda: None, lambda: shop.at))
            shop.catalogue = loaded(AGREED)
            shop.at = (datetime.now(UTC) - BEGAN).replace(microsecond=0)
            await story(shop)
        finally:
            await engines.dispose()

    asyncio.run(play())


def written(folder: Path, *changes: tuple[str, str], name: str = "slipway.yaml") -> Path:
    """The agreed catalogue in a file, with these words replaced."""
    text = AGREED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file = folder / name
    file.write_text(text)
    return file
