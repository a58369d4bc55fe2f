"""What the harness's team has agreed: three services, two environments each, and through which door each is reached."""

from __future__ import annotations

from tests.crash.target import KEYED, PLAIN

PLACES = {"payments": "C0PAYMENTS", "storefront": "C0STOREFRONT", "ledger": "C0RELEASES"}
DOORS = {"staging": KEYED, "production": PLAIN}

_HEAD = """\
version: 1
owners: {role: release-manager, channel: C0RELEASES}
roles:
  release-manager: {group: S0RELMGRS}
  on-call: {group: S0ONCALL}
defaults:
  rights: {deploy: [release-manager, on-call], roll-back: [release-manager, on-call]}
change_types:
  feature: {}
services:
"""

_SERVICE = """\
  {service}:
    channel: {channel}
    repository: /srv/{service}
    environments:
"""

_ENVIRONMENT = """\
      {environment}:
        after: []
        deployer: {{command: {{program: [{door}]}}}}
        verify: {{url: "{target}/served/{service}/{environment}", member: commit, within: 1h}}
"""

WATCHED = ("ledger", "production")
"""One place is watched as well; what is bad there is only told, since nobody here answers questions."""

_WATCH = """\
        watch:
          {{lasts: 1s, every: 1s, health: "{target}/served/{service}/{environment}", otherwise: tell, unreadable: tell}}
"""


def catalogue(target: str) -> str:
    """The file's text, for a target at that address."""
    parts = [_HEAD]
    for service, channel in PLACES.items():
        parts.append(_SERVICE.format(service=service, channel=channel))
        for environment, door in DOORS.items():
            parts.append(_ENVIRONMENT.format(service=service, environment=environment, door=door, target=target))
            if (service, environment) == WATCHED:
                parts.append(_WATCH.format(service=service, environment=environment, target=target))
    return "".join(parts)
