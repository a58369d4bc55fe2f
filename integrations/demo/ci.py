"""The demo's CI: reports to Slipway that the tests of a branch have passed, or failed, as any CI does.

`python -m integrations.demo.ci bugfix/2.4.1`, while the demo is played. It tests nothing; what it says is signed as
docs/checks.md describes.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from integrations.demo.repository import GroundError, git

_DIRECT = build_opener(ProxyHandler({}))
"""Slipway is on this machine, whatever proxy there may be."""


def report(ground: Path, ref: str, check: str, status: str) -> str:
    """Report it for the newest commit of this branch; what Slipway says to that. GroundError if that failed."""
    note = _note(ground)
    address, secret = note["ci"]["address"], note["ci"]["secret"]
    commit = git(ground / note["service"], "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    body = json.dumps({"service": note["service"], "commit": commit, "check": check, "status": status})
    stamp = str(int(time.time()))
    signature = "v1=" + hmac.new(secret.encode(), f"v1:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    request = Request(  # noqa: S310 - the address is the demo's own
        f"{address}/webhooks/checks",
        data=body.encode(),
        headers={"X-Slipway-Timestamp": stamp, "X-Slipway-Signature": signature, "Content-Type": "application/json"},
    )
    try:
        with _DIRECT.open(request, timeout=10) as answer:
            return str(json.load(answer)["message"])
    except HTTPError as refusal:
        with refusal:
            raise GroundError(" ".join(json.load(refusal)["problems"])) from refusal
    except (URLError, TimeoutError) as trouble:
        raise GroundError(f"Slipway can't be reached at {address}: {getattr(trouble, 'reason', trouble)}.") from trouble


def _note(ground: Path) -> dict[str, Any]:
    """What the demo has noted, while it is played."""
    try:
        note: dict[str, Any] = json.loads((ground / "ground.json").read_text())
    except (OSError, ValueError) as trouble:
        raise GroundError(f"There is no demo in {ground.absolute()}; --ground says where it is.") from trouble
    if not note.get("ci"):
        raise GroundError(f"No demo is played in {ground.absolute()} now.")
    return note


def main() -> int:
    """Read the arguments and report."""
    parser = argparse.ArgumentParser(description="Reports to the demo what CI says of a branch of its repository.")
    parser.add_argument("branch", help="for example bugfix/2.4.1")
    parser.add_argument("--check", default="tests", help="the check's name; tests unless given")
    parser.add_argument("--failed", action="store_true", help="they have failed")
    parser.add_argument("--ground", type=Path, default=Path(".demo"), help="the demo's folder; .demo unless given")
    given = parser.parse_args()
    try:
        said = report(given.ground, given.branch, given.check, "failed" if given.failed else "passed")
    except GroundError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
