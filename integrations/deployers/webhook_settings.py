"""The settings of the `webhook` deployer: from the catalogue's mapping to types, with every problem as a sentence.

The catalogue is reviewed in public, so secrets are not in it: it names variables of Slipway's environment.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from bot.catalogue.words import duration
from bot.rules.deployment import Deployment
from bot.secret import Secret
from integrations.deployers.command_settings import PLACEHOLDERS as OF_COMMANDS
from integrations.deployers.command_settings import PlaceholderError, SettingsError, values_of
from integrations.deployers.covering import covers_of, looks_secret
from integrations.deployers.key import key_of

KNOWN = (
    "start",
    "status",
    "cancel",
    "artifact",
    "secret",
    "previous_secret",
    "callbacks",
    "idempotent",
    "timeout",
    "headers",
)
PLACEHOLDERS = (*OF_COMMANDS, "key")
BEFORE_A_NUMBER = tuple(name for name in OF_COMMANDS if name != "deployment")
"""What is known before there is a deployment."""
DEFAULT_TIMEOUT = timedelta(seconds=10)
LONGEST_TIMEOUT = timedelta(minutes=1)
LONGEST_ADDRESS = 1000
MOST_HEADERS = 20
SHORTEST_SECRET = 32

_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""With a “_” in it, so that a secret that was written there by mistake is not taken for a name, and shown."""
_OURS = ("SLACK_", "SLIPWAY_")
_NAMED = re.compile(r"\$\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PLAIN = re.compile(r"[a-z][a-z-]{0,15}")
_RESERVED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "idempotency-key",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What says how a request is to be read, which a catalogue has no say in."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where the target is spoken to, and how each side proves that it is the one."""

    start: str
    secret: str
    """The name of the variable; what it holds is looked up when it is used."""
    status: str | None = None
    cancel: str | None = None
    artifact: str | None = None
    previous_secret: str | None = None
    callbacks: bool = False
    """Whether it tells of its work by itself."""
    idempotent: bool = False
    """Whether it starts once, however often it is asked with the same key. Only its makers can know."""
    timeout: timedelta = DEFAULT_TIMEOUT
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that it names, each once."""
        named = [self.secret, *([self.previous_secret] if self.previous_secret else [])]
        named += [name for value in self.headers.values() for name in _NAMED.findall(value)]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is really sent and expected. Nothing of it shows by accident."""

    secrets: tuple[Secret, ...]
    """The first one signs; each of them proves."""
    headers: Mapping[str, str] = field(repr=False)
    covers: tuple[str, ...] = field(repr=False)
    """What is never to be repeated."""


def read(settings: Mapping[str, Any]) -> WebhookSettings:
    """Types from the catalogue's mapping. SettingsError with every problem at once."""
    problems = [
        f"The setting {name!r} is unknown to the webhook deployer; it knows {_listed(KNOWN)}."
        for name in settings
        if name not in KNOWN
    ]
    found = WebhookSettings(
        start=_address(settings, "start", problems) or "",
        status=_address(settings, "status", problems),
        cancel=_address(settings, "cancel", problems),
        artifact=_address(settings, "artifact", problems, BEFORE_A_NUMBER),
        secret=_variable(settings.get("secret"), "secret", problems) or "",
        previous_secret=_variable(settings.get("previous_secret"), "previous_secret", problems),
        callbacks=_yes_or_no(settings, "callbacks", problems),
        idempotent=_yes_or_no(settings, "idempotent", problems),
        timeout=_timeout(settings.get("timeout"), problems),
        headers=_headers(settings.get("headers", {}), problems),
    )
    problems += _what_does_not_go_together(settings, found)
    if problems:
        raise SettingsError(problems)
    return found


def problems_of(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings, wherever they are used; empty when they can be understood."""
    try:
        read(settings)
    except SettingsError as trouble:
        return trouble.problems
    return []


def missing(settings: WebhookSettings, variables: Mapping[str, str]) -> list[str]:
    """What the environment lacks of that, in sentences; no value is in any of them."""
    problems = []
    for name in settings.variables:
        value = variables.get(name, "").strip()
        signs = name in {settings.secret, settings.previous_secret}
        if not value:
            problems.append(f"The variable {name} is not set where Slipway runs; set it, and start Slipway again.")
        elif signs and not re.fullmatch(rf"[!-~]{{{SHORTEST_SECRET},}}", value):
            problems.append(
                f"The secret in {name} has at least {SHORTEST_SECRET} characters, without blanks and accents. "
                "`openssl rand -hex 32` makes a good one."
            )
        elif not value.isprintable():
            problems.append(f"The variable {name} holds something that can't stand in a header.")
    return problems


def credentials(settings: WebhookSettings, variables: Mapping[str, str]) -> Credentials:
    """What the variables hold. SettingsError with what is missing."""
    problems = missing(settings, variables)
    if problems:
        raise SettingsError(problems)
    held = {name: variables[name].strip() for name in settings.variables}
    headers = {name: _NAMED.sub(lambda match: held[match[1]], value) for name, value in settings.headers.items()}
    signing = [name for name in (settings.secret, settings.previous_secret) if name]
    return Credentials(
        secrets=tuple(Secret(held[name]) for name in signing),
        headers=headers,
        covers=covers_of([*held.values(), *_said_in_headers(headers), *_said_in_queries(settings)]),
    )


def fill_in(address: str, values: Mapping[str, str | None]) -> str:
    """The address with its placeholders replaced; a value stays one piece of it, whatever stands in it."""
    filled = []
    for text, name, _, _ in string.Formatter().parse(address):
        filled.append(text)
        if name is None:
            continue
        value = values[name]
        if value is None:
            raise PlaceholderError(f"The target's address asks for {{{name}}}, but this candidate has none.")
        if not value.strip("."):
            raise PlaceholderError(f"The {name} {value!r} can't stand in an address: it would lead elsewhere.")
        filled.append(quote(value, safe=""))
    return "".join(filled)


def values_for(deployment: Deployment) -> dict[str, str | None]:
    """What each placeholder stands for in this deployment; None where it has nothing."""
    return {**values_of(deployment.order), "deployment": deployment.name, "key": key_of(deployment)}


def _said_in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """What could be a secret; a plain word, such as the name of a team, may be repeated."""
    yield from (value for name, value in headers.items() if looks_secret(name) or not _PLAIN.fullmatch(value))


def _said_in_queries(settings: WebhookSettings) -> Iterator[str]:
    """What stands in the addresses' queries, placeholders excepted: often a key."""
    for address in (settings.start, settings.status, settings.cancel, settings.artifact):
        if address:
            yield from (value for _, value in parse_qsl(urlsplit(address).query) if "{" not in value)


def _what_does_not_go_together(given: Mapping[str, Any], found: WebhookSettings) -> Iterator[str]:
    if "start" not in given:
        yield 'Set "start" to the address that a deployment is started at: https://…'
    if "secret" not in given:
        yield (
            'Set "secret" to the name of a variable of Slipway\'s environment that holds the secret, such as '
            "PAYMENTS_DEPLOY_SECRET; what it holds never stands in this file."
        )
    if given.get("callbacks", False) is False and "status" not in given:
        yield 'Set "status" to an address that tells how it goes, or "callbacks" to true; else nobody learns its end.'
    if found.status and "{key}" not in found.status:
        yield (
            'The address in "status" holds {key}, which means one deployment for ever; its number alone would come '
            "again with a new database."
        )
    if found.artifact and not any(f"{{{each}}}" in found.artifact for each in ("commit", "artifact", "version")):
        yield 'The address in "artifact" holds {commit}, {artifact} or {version}; else it tells the same of all.'
    if found.previous_secret and found.previous_secret == found.secret:
        yield 'In "previous_secret" stands the same variable as in "secret"; take it out once the old one is gone.'


def _address(
    settings: Mapping[str, Any], name: str, problems: list[str], known: tuple[str, ...] = PLACEHOLDERS
) -> str | None:
    """An address without anything secret. No sentence shows it: it may hold what it must not."""
    given = settings.get(name)
    if given is None and name not in settings:
        return None
    found = list(_wrong_address(given, name, known))
    problems += found
    return None if found else str(given)


def _wrong_address(given: Any, name: str, known: tuple[str, ...]) -> Iterator[str]:
    form = f'Set "{name}" to an address that begins with https://, of at most {LONGEST_ADDRESS} characters.'
    if not isinstance(given, str) or len(given) > LONGEST_ADDRESS or not re.fullmatch(r"[!-~]+", given):
        yield form
        return
    try:
        parts, pieces = urlsplit(given), list(string.Formatter().parse(given))
        _ = parts.port  # reading it checks it
    except ValueError:
        yield f'The address in "{name}" can\'t be read; a literal brace is written twice.'
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield form
        return
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        yield (
            f'The address in "{name}" begins with https://: over http://, whoever sits in between reads along and '
            "repeats what was said. Only this very machine may be spoken to over http://."
        )
    if "@" in parts.netloc:
        yield f'In "{name}", a user or a password has no place: use "headers", with a variable.'
    if parts.fragment:
        yield f'In "{name}", take out what stands behind “#”; it is never sent.'
    if "{" in parts.netloc:
        yield f'In "{name}", the machine\'s name has no placeholder in it.'
    for _, each, form_, conversion in pieces:
        if each is not None and (each not in known or form_ or conversion):
            # A word may be shown, and helps; what is none may be a secret that came between braces.
            shown = f"{{{each}}}" if re.fullmatch(r"[A-Za-z_]{1,20}", each) else "what stands between braces"
            yield f'In "{name}", {shown} is no placeholder; there are {_listed(known)}.'


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _variable(given: Any, where: str, problems: list[str]) -> str | None:
    """The name of a variable. What stands there instead is not shown: it may be the secret itself."""
    if given is None:
        return None
    if not isinstance(given, str) or not _VARIABLE.fullmatch(given) or len(given) > 100:
        problems.append(
            f'Set "{where}" to the name of a variable of Slipway\'s environment, in capital letters with a “_”, such '
            "as PAYMENTS_DEPLOY_SECRET. The secret itself never stands in this file: it can be read by many."
        )
        return None
    if given.startswith(_OURS):
        problems.append(f'In "{where}", {given} is one of Slipway\'s own variables; give the target one of its own.')
        return None
    return given


def _yes_or_no(settings: Mapping[str, Any], name: str, problems: list[str]) -> bool:
    given = settings.get(name, False)
    if not isinstance(given, bool):
        problems.append(f'Set "{name}" to true or false.')
        return False
    return given


def _timeout(given: Any, problems: list[str]) -> timedelta:
    if given is None:
        return DEFAULT_TIMEOUT
    try:
        length = duration(given) if isinstance(given, str) else timedelta(0)
    except ValueError:
        length = timedelta(0)
    if not timedelta(0) < length <= LONGEST_TIMEOUT:
        problems.append('Set "timeout" to how long one answer may take, such as 10s, at most 1m.')
        return DEFAULT_TIMEOUT
    return length


def _headers(given: Any, problems: list[str]) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or len(given) > MOST_HEADERS:
        problems.append(f'Set "headers" to at most {MOST_HEADERS} names with their values.')
        return {}
    for name, value in given.items():
        problems += _wrong_header(name, value)
    seen = [str(name).lower() for name in given]
    problems += [f'In "headers", {each} is there twice.' for each in sorted({x for x in seen if seen.count(x) > 1})]
    return {str(name): value for name, value in given.items() if isinstance(value, str)}


def _wrong_header(name: Any, value: Any) -> Iterator[str]:
    """Never with the value in it."""
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        yield 'In "headers" there is something that is no name of a header.'
        return
    if name.lower() in _RESERVED or name.lower().startswith("x-slipway-"):
        yield f'In "headers", {name} is Slipway\'s own to set; take it out.'
    if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST_ADDRESS:
        yield f'In "headers", the value of {name} is a text on one line; put it in quotes.'
        return
    for each in _NAMED.findall(value):
        if not _VARIABLE.fullmatch(each) or each.startswith(_OURS):
            yield (
                f'In "headers", {name} names a variable as ${{NAME}}: in capital letters with a “_”, and none of '
                "Slipway's own."
            )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
