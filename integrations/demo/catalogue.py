"""The demo's `slipway.yaml`: one service, two environments, three change types, everybody in a role."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import integrations

_TEXT = """\
# What this team has agreed on releasing. Edit it while the demo runs: Slipway notices.
version: 1

owners:
  role: release-manager
  channel: C0RELEASES

roles:
  release-manager: {group: S0RELMGRS}
  qa: {title: QA, group: S0QA}
  change-manager: {group: S0CHANGE}
  on-call: {group: S0ONCALL}
  developer: {group: S0DEVS}

defaults:
  timezone: Europe/Stockholm
  rights:
    plan: [developer, release-manager]
    deploy: [release-manager, on-call]
    roll-back: [release-manager, on-call]
    launch: release-manager
    break-glass: on-call         # past the gate, in an emergency; others review it afterwards

services:
  payments:
    channel: C0PAYMENTS
    repository: @repository@
    environments:
      staging:
        deployer: &deployer
          command:
            program: @program@
            artifact: @artifact@     # whether a version is still there, to go back to
            environment: {PYTHONPATH: @path@}
            timeout: 2m
        address: @staging@
        verify: {url: @staging_version@, within: 15s}
      production:
        deployer: *deployer
        address: @production@
        verify: {url: @production_version@, within: 15s}

change_types:
  feature:                       # asks for everything
    approvals:
      production: [qa, change-manager]
    approvals_last: 14d          # then they are given anew
    checklist:
      - key: acceptance
        text: Tried out on staging
        owner: qa
        note: Look at the amounts, and at refunds
        link: @staging@
        reopens: true            # another candidate is tried out anew
      - {key: notes, text: Release notes are written, owner: release-manager, due: 1d}
      - {key: support, text: Support knows what changes, owner: release-manager, required: false}
  bugfix:                        # ships itself once CI says that the tests are green
    title: Bug fix
    checklist:
      - {key: tests, text: All tests are green, check: tests}
    checklist_before: [staging, production]
    bake: {production: 20s}      # so long it stands in staging first
    ships_itself: [staging, production]
    freeze: acknowledge          # in a freeze somebody says why it can't wait
  hotfix:                        # what freezes make room for
    approvals:
      production: [change-manager]
    checklist:
      - {key: incident, text: The incident is linked in the scope, owner: on-call}
    freeze: passes
    keeps_order: false

freezes:
  rights: [release-manager, change-manager]
  notices_before: [1h]
  exceptions: {lasts: 1d, budget: 3, per: 30d}     # who has declared a freeze may let three releases a month pass

digests:
  - {channel: C0RELEASES, at: mon-fri 09:00}
"""


def catalogue_text(folder: Path, repository: Path, addresses: Mapping[str, str], pace: float) -> str:
    """The file for a ground in this folder."""
    program = [
        *(sys.executable, "-m", "integrations.demo.deploy", "--ground", _literal(folder), "--pace", f"{pace:g}"),
        *("--service={service}", "--environment={environment}", "--commit={commit}", "--version={version}"),
    ]
    values = {
        "repository": str(repository),
        "program": program,
        "artifact": [*program, "--look"],
        "path": str(Path(integrations.__path__[0]).parent),
        **addresses,
        **{f"{name}_version": f"{address}/version" for name, address in addresses.items()},
    }
    text = _TEXT
    for name, value in values.items():
        # JSON is YAML, and safe with every path that a machine may have.
        text = text.replace(f"@{name}@", json.dumps(value, ensure_ascii=False))
    return text


def _literal(folder: Path) -> str:
    """A path in which no brace is taken for a placeholder."""
    return str(folder).replace("{", "{{").replace("}", "}}")
