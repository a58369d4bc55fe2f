"""Who asks: the App, its installations, their tokens; accounts; limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.github.answering import Answer, Call, RefusalError, answers, filled, moment, person
from tests.github.state import HOUR, Grant, Installation


@answers("apps/get-authenticated")
def the_app(call: Call) -> Answer:
    app = call.twin.app
    assert app is not None
    told = filled(
        "integration",
        id=app.id,
        slug=app.slug,
        name="Slipway",
        owner=person("acme"),
        permissions={"metadata": "read"},
        events=[],
    )
    return Answer(200, told)


@answers("apps/get-repo-installation")
def installation_of_a_repository(call: Call) -> Answer:
    name = f"{call['owner']}/{call['repo']}".lower()
    for each in call.twin.installations.values():
        if name in {repository.lower() for repository in each.repositories}:
            return Answer(200, _shown(each, call))
    raise RefusalError(404, "Not Found")


@answers("apps/get-installation")
def one_installation(call: Call) -> Answer:
    return Answer(200, _shown(_installation(call), call))


@answers("apps/create-installation-access-token")
def new_token(call: Call) -> Answer:
    installation = _installation(call)
    if installation.suspended:
        raise RefusalError(403, "This installation has been suspended")
    twin = call.twin
    token = f"ghs_{twin.canary}{twin.numbers()}"
    expires = twin.now() + HOUR
    twin.tokens[token] = Grant(
        token,
        login=f"{twin.app.slug}[bot]" if twin.app else "",
        kind="installation",
        permissions=installation.permissions,
        repositories=installation.repositories,
        expires=expires,
        installation=installation.id,
    )
    told = filled(
        "installation-token",
        token=token,
        expires_at=moment(expires),
        permissions=dict(installation.permissions),
        repository_selection="selected",
    )
    return Answer(201, told)


@answers("apps/list-repos-accessible-to-installation")
def repositories_of_an_installation(call: Call) -> Answer:
    mine = [each for each in call.twin.repositories.values() if call.grant.sees(each.name)]
    return call.page([repository(each, "repository") for each in mine], "repositories")


@answers("users/get-authenticated")
def myself(call: Call) -> Answer:
    if call.grant.kind == "installation":
        raise RefusalError(403, "Resource not accessible by integration")
    told = filled("public-user", login=call.grant.login, type="User", user_view_type="public")
    return Answer(200, told)


@answers("rate-limit/get")
def limits(call: Call) -> Answer:
    grant = call.grant
    core = {
        "limit": grant.limit,
        "remaining": grant.remaining,
        "used": grant.limit - grant.remaining,
        "reset": _seconds(grant.again),
    }
    return Answer(200, {"resources": {"core": core, "search": core}, "rate": core})


@answers("repos/get", "metadata=read")
def a_repository(call: Call) -> Answer:
    return Answer(200, repository(call.repo, "full-repository"))


def repository(repo: Any, schema: str) -> dict[str, Any]:
    """A repository, as GitHub shows it."""
    owner, _, name = repo.name.partition("/")
    return filled(
        schema,
        id=repo.id,
        name=name,
        full_name=repo.name,
        owner=person(owner),
        private=repo.private,
        html_url=f"https://github.com/{repo.name}",
        default_branch=repo.default_branch,
        created_at="2026-01-05T08:00:00Z",
        updated_at="2026-11-02T08:00:00Z",
        pushed_at="2026-11-02T08:00:00Z",
    )


def _installation(call: Call) -> Installation:
    found = call.twin.installations.get(int(call["installation_id"]))
    if found is None:
        raise RefusalError(404, "Not Found")
    return found


def _shown(installation: Installation, call: Call) -> dict[str, Any]:
    app = call.twin.app
    assert app is not None
    suspended = call.now if installation.suspended else None
    return filled(
        "installation",
        id=installation.id,
        account=person(installation.account),
        app_id=app.id,
        app_slug=app.slug,
        permissions=dict(installation.permissions),
        repository_selection="selected",
        suspended_at=suspended,
        target_type="Organization",
    )


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
