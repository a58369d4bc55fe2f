"""A version's tag: what it is called, and whether that can be a tag's name at all."""

from __future__ import annotations

import re

from bot.rules.policy import ServiceName, TagRule

LONGEST = 200
PARTS = ("version", "service")
"""What stands in braces in a tag's name."""

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|@\{|//|^@$")
_BRACES = re.compile(r"[{}]")
_PRELIMINARY = re.compile(r"v?\d+(\.\d+)*-[0-9A-Za-z.-]+(\+.*)?")


def tag_name(rule: TagRule, service: ServiceName, version: str) -> str:
    """What the tag of that version is called."""
    return rule.name.replace("{service}", service).replace("{version}", version)


def can_be_a_tag(name: str) -> bool:
    """Whether git takes it: what could lead to another place among the references is no name of a tag."""
    if not name.isascii() or len(name) > LONGEST or _FORBIDDEN.search(name) or name.endswith((".", "/")):
        return False
    return all(part and not part.startswith((".", "-")) and not part.endswith(".lock") for part in name.split("/"))


def wrong_with_template(template: str) -> str | None:
    """What is wrong with the name that a catalogue gives, as a sentence; None if nothing is."""
    if "{version}" not in template:
        return "A tag's name needs “{version}” in it: every version has a tag of its own."
    filled = template.replace("{version}", "1.0.0").replace("{service}", "service")
    braces = _BRACES.search(filled)
    if braces:
        return "Only “{version}” and “{service}” can stand in braces here."
    if not can_be_a_tag(filled):
        return "This can't be the name of a tag: no blanks, no “..”, none of ~ ^ : ? * [ \\, and no “/” at an end."
    return None


def is_preliminary(version: str) -> bool:
    """Whether the number says so, as semantic versioning has it: `2.4.0-rc.1`."""
    return _PRELIMINARY.fullmatch(version) is not None
