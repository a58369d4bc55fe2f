"""Makes `api.github.com.json` here: of GitHub's published description the operations that we use, and what they need.

    npm pack @octokit/openapi     (MIT; it holds GitHub's own description, github.com/github/rest-api-description)
    python -m tests.github.trim …/package/generated/api.github.com.json

What only people read (summaries, examples) is left out; no schema is changed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).with_name("api.github.com.json")
API_VERSION = "2022-11-28"
"""What the description describes: later versions are kept in it as patches, which are left out here."""

OPERATIONS = """
    get    /app
    get    /app/installations/{installation_id}
    post   /app/installations/{installation_id}/access_tokens
    get    /installation/repositories
    get    /rate_limit
    get    /user
    get    /repos/{owner}/{repo}
    get    /repos/{owner}/{repo}/installation
    get    /repos/{owner}/{repo}/branches/{branch}
    get    /repos/{owner}/{repo}/commits
    get    /repos/{owner}/{repo}/commits/{ref}
    get    /repos/{owner}/{repo}/commits/{ref}/status
    get    /repos/{owner}/{repo}/commits/{ref}/statuses
    get    /repos/{owner}/{repo}/commits/{ref}/check-runs
    get    /repos/{owner}/{repo}/commits/{commit_sha}/pulls
    get    /repos/{owner}/{repo}/compare/{basehead}
    post   /repos/{owner}/{repo}/statuses/{sha}
    post   /repos/{owner}/{repo}/check-runs
    get    /repos/{owner}/{repo}/check-runs/{check_run_id}
    patch  /repos/{owner}/{repo}/check-runs/{check_run_id}
    get    /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations
    get    /repos/{owner}/{repo}/git/commits/{commit_sha}
    get    /repos/{owner}/{repo}/git/ref/{ref}
    post   /repos/{owner}/{repo}/git/refs
    patch  /repos/{owner}/{repo}/git/refs/{ref}
    delete /repos/{owner}/{repo}/git/refs/{ref}
    post   /repos/{owner}/{repo}/git/tags
    get    /repos/{owner}/{repo}/git/tags/{tag_sha}
    get    /repos/{owner}/{repo}/releases
    post   /repos/{owner}/{repo}/releases
    get    /repos/{owner}/{repo}/releases/tags/{tag}
    get    /repos/{owner}/{repo}/releases/{release_id}
    patch  /repos/{owner}/{repo}/releases/{release_id}
    post   /repos/{owner}/{repo}/releases/generate-notes
    get    /repos/{owner}/{repo}/pulls
    get    /repos/{owner}/{repo}/pulls/{pull_number}
    get    /repos/{owner}/{repo}/environments
    get    /repos/{owner}/{repo}/environments/{environment_name}
    get    /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules
    get    /repos/{owner}/{repo}/deployments
    post   /repos/{owner}/{repo}/deployments
    get    /repos/{owner}/{repo}/deployments/{deployment_id}
    get    /repos/{owner}/{repo}/deployments/{deployment_id}/statuses
    post   /repos/{owner}/{repo}/deployments/{deployment_id}/statuses
    get    /repos/{owner}/{repo}/contents/{path}
    get    /repos/{owner}/{repo}/actions/workflows
    get    /repos/{owner}/{repo}/actions/workflows/{workflow_id}
    get    /repos/{owner}/{repo}/actions/workflows/{workflow_id}
    post   /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches
    get    /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs
    get    /repos/{owner}/{repo}/actions/runs
    get    /repos/{owner}/{repo}/actions/runs/{run_id}
    get    /repos/{owner}/{repo}/actions/runs/{run_id}/jobs
    get    /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/cancel
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/force-cancel
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/rerun
    post   /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs
    get    /repos/{owner}/{repo}/actions/jobs/{job_id}
"""

_FOR_PEOPLE = frozenset({"description", "summary", "example", "examples", "externalDocs", "title", "tags"})


def trimmed(whole: dict[str, Any]) -> dict[str, Any]:
    """The same description, with what we use."""
    paths: dict[str, dict[str, Any]] = {}
    for line in filter(None, map(str.strip, OPERATIONS.splitlines())):
        method, path = line.split()
        paths.setdefault(path, {})[method] = _without_prose(whole["paths"][path][method])
    components: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        _, kind, name = waiting.pop().removeprefix("#/").split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _without_prose(whole["components"][kind][name])
            waiting.extend(_references(components[kind][name]))
    info = whole["info"]
    return {
        "openapi": whole["openapi"],
        "info": {
            "title": "A part of GitHub's REST API description",
            "version": info["version"],
            "license": info["license"],
            "x-from": f"@octokit/openapi {info['version']}",
            "x-api-version": API_VERSION,
        },
        "paths": paths,
        "components": {kind: dict(sorted(named.items())) for kind, named in sorted(components.items())},
    }


def _without_prose(node: Any, *, names: bool = False) -> Any:
    """`names`: the keys here are names of fields, not words of the description."""
    if isinstance(node, list):
        return [_without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_prose(value, names=key in {"properties", "headers", "responses"} and not names)
        for key, value in node.items()
        if names or (key not in _FOR_PEOPLE and (not key.startswith("x-") or key == "x-multi-segment"))
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)


if __name__ == "__main__":
    HERE.write_text(json.dumps(trimmed(json.loads(Path(sys.argv[1]).read_text())), indent=1) + "\n")
