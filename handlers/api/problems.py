"""Problems: whatever is no answer is said as RFC 9457 says it, with a sentence for whoever reads the log of a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from bot.rules.machine_token import Scope, masked
from handlers.api.models import Complaint, Problem
from handlers.views.text import clip

MEDIA = "application/problem+json"
NO_STORE = MappingProxyType({"Cache-Control": "no-store"})
_LONGEST = 2000


class Code(StrEnum):
    """What kind of problem it is, for programs."""

    NO_TOKEN = "no-token"  # noqa: S105 - a problem's name
    BAD_TOKEN = "bad-token"  # noqa: S105 - as above
    TOKEN_IN_ADDRESS = "token-in-address"  # noqa: S105 - as above
    MISSING_SCOPE = "missing-scope"
    BAD_REQUEST = "bad-request"
    NO_SUCH_NAME = "no-such-name"
    NOT_FOUND = "not-found"
    METHOD = "method-not-allowed"
    TOO_MANY = "too-many-requests"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """No answer, and why. What is wrong with a request is said all at once, each with the parameter's name."""

    status: HTTPStatus
    code: Code
    detail: str
    problems: Sequence[Complaint] = ()
    scope: Scope | None = None
    reference: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """As it is sent."""
        told = Problem(
            type="about:blank",
            title=self.status.phrase,
            status=self.status.value,
            code=self.code,
            detail=presentable(self.detail),
            problems=[
                Complaint(parameter=presentable(e.parameter), detail=presentable(e.detail)) for e in self.problems
            ]
            or None,
            scope=self.scope,
            reference=self.reference,
        )
        body = told.model_dump_json(exclude_none=True).encode()
        headers = {**NO_STORE, **self.headers}
        return web.Response(status=self.status, body=body, content_type=MEDIA, headers=headers)


def not_found(detail: str) -> Trouble:
    """There is nothing at that address."""
    return Trouble(HTTPStatus.NOT_FOUND, Code.NOT_FOUND, detail)


def no_such_name(parameter: str, detail: str) -> Trouble:
    """The question can be read, but names something that is not there."""
    told = [Complaint(parameter=parameter, detail=detail)]
    return Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, Code.NO_SUCH_NAME, detail, told)


def bad_request(problems: Sequence[Complaint]) -> Trouble:
    """Every problem at once."""
    several = "One thing is" if len(problems) == 1 else f"{len(problems)} things are"
    told = " ".join(each.detail for each in problems)
    return Trouble(HTTPStatus.BAD_REQUEST, Code.BAD_REQUEST, f"{several} wrong with this request: {told}", problems)


def presentable(text: str) -> str:
    """Words from outside as they may be said again: without a token, and nothing that can't be written or misleads."""
    return clip(masked(text.encode("utf-8", "replace").decode()), _LONGEST)
