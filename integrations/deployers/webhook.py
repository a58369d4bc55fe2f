"""The `webhook` deployer: a team's own machine deploys. It is asked by signed requests, and may tell by itself.

`docs/integrations/webhook.md` says what such a machine has to do. Nothing is kept here: what is known about a
deployment stands at its target and, as far as the target told it by itself, in the record.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Self

from bot.ports import (
    Available,
    Capabilities,
    Clock,
    Delivery,
    DeployerError,
    NotGenuineError,
    Progress,
    Started,
    UnreadableError,
)
from bot.rules.deployment import Deployment, Heard, Order, Phase
from bot.rules.policy import DeployerChoice, Environment, Service
from bot.signatures import NOT_GENUINE, SIGNATURE, TIMESTAMP, TOLERANCE, signed_at
from integrations.deployers.command_settings import PlaceholderError, SettingsError, values_of
from integrations.deployers.key import key_of
from integrations.deployers.webhook_calls import Answer, Call, Caller, CallError
from integrations.deployers.webhook_settings import (
    PLACEHOLDERS,
    Credentials,
    WebhookSettings,
    credentials,
    fill_in,
    read,
    values_for,
)
from integrations.deployers.webhook_words import answer, callback, reason, taken

log = logging.getLogger(__name__)

CAN = Capabilities(
    cancels=True,
    survives_restart=True,
    links=True,
    pushes=True,
    steps=True,
    names_commit=True,
    finds_artifacts=True,
    forestalls=True,
    finds_again=True,
)
"""The most that a target can do; `docs/integrations/webhook.md` says which setting or answer each thing takes."""

_NOT_TAKEN = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
"""Redirects that say that nothing was done. After others, such as “see other”, it may have been."""
_UNKNOWN = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_NOT_LET_IN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NO_SUCH_METHOD = {HTTPStatus.NOT_IMPLEMENTED}
_NO_WORD = "It has sent no word yet, and there is no address where it could be asked."


def can_with(settings: Mapping[str, Any]) -> Capabilities:
    """What the target of these settings can do. What only its answers show, such as steps, is taken for granted."""
    cancels, idempotent = "cancel" in settings, settings.get("idempotent") is True
    return replace(
        CAN,
        cancels=cancels,
        pushes=settings.get("callbacks") is True,
        finds_artifacts="artifact" in settings,
        forestalls=cancels and idempotent,
        finds_again=idempotent,
    )


@dataclass(frozen=True, slots=True)
class _Target:
    """A target's settings, with what its variables hold now."""

    settings: WebhookSettings
    credentials: Credentials


class WebhookDeployer:
    """Asks a machine of the team's own to deploy."""

    def __init__(
        self,
        call: Caller,
        now: Clock,
        variables: Mapping[str, str],
        *,
        address: str = "",
        looks_within: timedelta = timedelta(seconds=3),
    ) -> None:
        """`variables` are Slipway's environment. `address` is where Slipway is reached; targets get it if it is known.

        `looks_within` is how long it may take to see whether an artifact is there.
        """
        self._call = call
        self._now = now
        self._variables = variables
        self._address = address.rstrip("/")
        self._looks_within = looks_within

    @classmethod
    @asynccontextmanager
    async def connected(cls, now: Clock, variables: Mapping[str, str], *, address: str = "") -> AsyncIterator[Self]:
        """With connections of its own."""
        async with Caller.connected(now) as call:
            yield cls(call, now, variables, address=address)

    @property
    def capabilities(self) -> Capabilities:
        """The most that a target can do."""
        return CAN

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """What the target of these settings can do."""
        return can_with(settings)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Ask the target to start; it is the target that knows a key again."""
        del service  # all that the target is told stands in the deployment
        target = self._target(environment, ended=True)
        if target.settings.callbacks and deployment.heard is not None:
            # Its word was here before its answer, which got lost: it has begun.
            return Started(deployment.heard.ref or key_of(deployment), deployment.heard.link)
        call = self._post(target, deployment, target.settings.start, "start")
        try:
            said = await self._call(call)
        except CallError as trouble:
            # What never arrived can be asked for again, if the target knows it again; else it is over, and safely so.
            raise DeployerError(str(trouble), ended=not trouble.sent and not target.settings.idempotent) from trouble
        if not said.good:
            raise DeployerError(_refusal(call, said), ended=_nothing_was_done(said))
        try:
            ref, link = taken(said.body, target.credentials.covers)
        except UnreadableError as trouble:
            raise DeployerError(_unreadable(call, trouble), ended=False) from trouble
        return Started(ref=ref or key_of(deployment), link=link)

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """Its own word, or what it answers: whichever is the newest. What it said of an end by itself stays true."""
        del service
        target = self._target(environment, ended=False)
        heard = deployment.heard if target.settings.callbacks else None
        if target.settings.status is None:
            if heard is None:
                raise DeployerError(_NO_WORD, ended=False)
            return _progress(heard)
        try:
            looked = await self._look(target, deployment, target.settings.status)
        except DeployerError:
            if heard is not None and (heard.final or self._now() - heard.at < TOLERANCE):
                return _progress(heard)
            raise
        if looked is None:
            if heard is not None and heard.final:
                return _progress(heard)
            return Progress(Phase.LOST, f"The target knows nothing of {deployment.name}.")
        return _progress(heard if heard is not None and not looked.supersedes(heard) else looked)

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Ask the target to stop."""
        del service
        target = self._target(environment, ended=False)
        if target.settings.cancel is None:
            raise DeployerError("The catalogue names no address where this target is asked to stop.", ended=False)
        call = self._post(target, deployment, target.settings.cancel, "cancel")
        try:
            said = await self._call(call)
        except CallError as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble
        if not said.good and said.status != HTTPStatus.CONFLICT:  # that is how it says that it has ended
            raise DeployerError(_refusal(call, said), ended=False)

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Ask the address that the settings name for it; only a clear answer counts."""
        del service
        try:
            target = self._target(environment, ended=False)
            if target.settings.artifact is None:
                return Available(None)
            call = self._get(target, fill_in(target.settings.artifact, values_of(order)))
            within = min(self._looks_within, target.settings.timeout)
            said = await self._call(replace(call, timeout=within))
        except (DeployerError, PlaceholderError, CallError) as trouble:
            return Available(None, str(trouble))
        if said.good:
            return Available(there=True)
        if said.status in _UNKNOWN:
            return Available(there=False, why=reason(said.body, target.credentials.covers))
        return Available(None, _refusal(call, said))

    async def check(self, choice: DeployerChoice) -> list[str]:
        """Ask for a deployment that nobody has started: who knows nothing of it lets us in."""
        try:
            settings = read(choice.settings)
            target = _Target(settings, credentials(settings, self._variables))
        except SettingsError as trouble:
            return trouble.problems
        if settings.status is None:
            return await self._knock(Call("OPTIONS", _anything(settings.start), target.credentials, settings.timeout))
        return await self._knock(self._get(target, _anything(settings.status)))

    def hear(self, delivery: Delivery, deployment: Deployment, environment: Environment) -> Heard:
        """What the target says of that deployment, by the secret that we sign with too, or the one before."""
        try:
            settings = read(environment.deployer.settings)
            held = credentials(settings, self._variables)
        except SettingsError as trouble:
            log.warning("No word about %s can be heard: %s", deployment.name, trouble)
            raise NotGenuineError(NOT_GENUINE) from trouble
        stamp, given = delivery.headers.get(TIMESTAMP.lower(), ""), delivery.headers.get(SIGNATURE.lower(), "")
        at = signed_at(held.secrets, stamp, given, delivery.body, delivery.at)
        if at is None:
            raise NotGenuineError(NOT_GENUINE)
        if not settings.callbacks:
            raise UnreadableError("This target is asked how far it is. It is only heard with “callbacks: true”.")
        return callback(delivery.body, key_of(deployment), deployment.name, held.covers, at)

    # ------------------------------------------------------------ asking

    def _target(self, environment: Environment, *, ended: bool) -> _Target:
        """DeployerError with what is wrong; nothing was asked then, which is the end of a start."""
        try:
            settings = read(environment.deployer.settings)
            return _Target(settings, credentials(settings, self._variables))
        except SettingsError as trouble:
            raise DeployerError(str(trouble), ended=ended) from trouble

    def _post(self, target: _Target, deployment: Deployment, address: str, action: str) -> Call:
        """The same for every try, but for its time."""
        key, order = key_of(deployment), deployment.order
        body = {
            "action": action,
            "key": key,
            "deployment": deployment.name,
            "release": f"R-{order.release}",
            "service": order.service,
            "environment": order.environment,
            "kind": order.kind.value,
            "version": order.version,
            "commit": order.candidate.commit,
            "artifact": order.candidate.artifact,
            "callback": f"{self._address}/webhooks/deployments/{deployment.name}",
        }
        # Each request has a key of its own: whoever keeps answers by their keys must not give that of another.
        sent_as = key if action == "start" else f"{key}-{action}"
        where = _filled(address, deployment, ended=action == "start")
        return Call("POST", where, target.credentials, target.settings.timeout, body, sent_as)

    def _get(self, target: _Target, address: str) -> Call:
        return Call("GET", address, target.credentials, target.settings.timeout)

    async def _look(self, target: _Target, deployment: Deployment, address: str) -> Heard | None:
        """What it answers now; None if it knows nothing of that deployment."""
        call = self._get(target, _filled(address, deployment, ended=False))
        try:
            said = await self._call(call)
        except CallError as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble
        if said.status in _UNKNOWN:
            return None
        if not said.good:
            raise DeployerError(_refusal(call, said), ended=False)
        try:
            return answer(said.body, key_of(deployment), target.credentials.covers, self._now())
        except UnreadableError as trouble:
            raise DeployerError(_unreadable(call, trouble), ended=False) from trouble

    async def _knock(self, call: Call) -> list[str]:
        try:
            said = await self._call(call)
        except CallError as trouble:
            return [str(trouble)]
        if call.method == "GET" and said.status in _NOT_LET_IN:
            return [f"{call.host} does not accept how Slipway proves itself. Are secret and headers the same there?"]
        if said.elsewhere or (said.status >= HTTPStatus.INTERNAL_SERVER_ERROR and said.status not in _NO_SUCH_METHOD):
            return [_refusal(call, said)]
        return []


def _filled(address: str, deployment: Deployment, *, ended: bool) -> str:
    try:
        return fill_in(address, values_for(deployment))
    except PlaceholderError as trouble:
        raise DeployerError(str(trouble), ended=ended) from trouble


def _anything(address: str) -> str:
    """That address for a deployment that there never was."""
    return fill_in(address, dict.fromkeys(PLACEHOLDERS, "slipway-doctor"))


def _progress(told: Heard) -> Progress:
    return Progress(told.phase, told.words or _WORDS[told.phase], told.link, told.commit, told.steps)


_WORDS = {
    Phase.RUNNING: "At work",
    Phase.SUCCEEDED: "Done",
    Phase.FAILED: "The target says that it has failed.",
    Phase.CANCELLED: "It was stopped.",
    Phase.LOST: "The target can't tell how it ended.",
}


def _nothing_was_done(said: Answer) -> bool:
    """Whether that answer to a start means that nothing was or will be done."""
    if said.elsewhere:
        return said.status in _NOT_TAKEN
    return said.status < HTTPStatus.INTERNAL_SERVER_ERROR and said.status != HTTPStatus.REQUEST_TIMEOUT


def _refusal(call: Call, said: Answer) -> str:
    """What it says against it, in one or two sentences."""
    if said.elsewhere:
        return f"{call.host} answered with a redirect (status {said.status}), which is not followed. Name its aim."
    told = reason(said.body, call.credentials.covers)
    if said.status in _NOT_LET_IN and not told:
        told = "Are the secret and the headers the same there?"
    return f"{call.host} answered with status {said.status}." + (f" {_ended(told)}" if told else "")


def _unreadable(call: Call, trouble: UnreadableError) -> str:
    return f"{call.host} answered with something that can't be understood. {trouble}"


def _ended(told: str) -> str:
    """As a sentence, whatever the target ended it with."""
    return told if told.endswith((".", "!", "?", "…")) else f"{told}."
