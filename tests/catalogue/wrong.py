"""Wrong catalogues, written by hand. § marks where the mistake is; beside it stands a part of what must be said."""

from __future__ import annotations

from tests.catalogue.texts import SHORT, example_with, short_with

_TWO = "      staging: {deployer: {command: {program: [x]}}}\n      production:\n"


def _types(text: str) -> str:
    return SHORT + "change_types:\n  feature:\n" + text


def _service(text: str) -> str:
    return short_with("  payments:\n", "  payments:\n" + text)


def _place(text: str) -> str:
    return SHORT + text


SYNTAX = {
    "a tab for indentation": ("version: 1\nowners:\n§\trole: team\n", "tab"),
    "a colon inside a text": ("version: 1\ntitle: one§: two\n", "needs quotes"),
    "a list that is not closed": ("version: 1\nroles: [a, b\n§", "not closed"),
    "a mapping that is not closed": ("version: 1\nowners: {role: a\n§: b", "not closed"),
    "a quote that is not closed": ('version: 1\ntemplates: §"here\n', "never closed"),
    "a value that begins with @": ("owners: {role: team, channel: §@team}\n", "quotes"),
    "a value that begins with a backtick": ("templates: §`x`\n", "quotes"),
    "an alias without its anchor": ("version: 1\nowners: §*nobody\n", "nothing above defines"),
    "a second document": ("version: 1\n§---\nversion: 1\n", "second document"),
    "a list and a mapping at once": ("- a\n§b: c\n", "indent"),
    "a key without a colon": ("version: 1\nowners\n§", "colon"),
    "a control character": ("version: 1\nowners: §\x07\n", "U+0007"),
    "a key that is a list": ("version: 1\n? §[a]\n: b\n", "plain word"),
    "a tag": (short_with("{group: S0TEAM}", "§!group x"), "tag"),
    "something that refers to itself": (SHORT.replace("{group: S0TEAM}", "§&x {group: *x}"), "refers to itself"),
    "a merge of a text": (SHORT.replace("{group: S0TEAM}", "{<<: §x, group: S0TEAM}"), "alias"),
}

SHAPE = {
    "a text instead of the whole": ("§hello\n", "must be a mapping"),
    "a list instead of the whole": ("§- version\n", "must be a mapping"),
    "another version": (short_with("version: 1", "version: §2"), "version: 1"),
    "a version in words": (short_with("version: 1", "version: §one"), "version: 1"),
    "no version": ("§" + short_with("version: 1\n", ""), "missing"),
    "no owners": ("§" + short_with("owners: {role: team, channel: C0TEAM}\n", ""), "missing"),
    "no roles": ("§" + short_with("roles:\n  team: {group: S0TEAM}\n", ""), "missing"),
    "no services": ("§version: 1\nowners: {role: team, channel: C0TEAM}\nroles: {team: {group: S0TEAM}}\n", "missing"),
    "roles left empty": (short_with("  team: {group: S0TEAM}\n", "").replace("roles", "§roles"), "nothing here"),
    "services in a list": (short_with("  payments:\n", "  - payments:\n").replace("services", "§services"), "mapping"),
    "no service at all": (SHORT.partition("services")[0] + "§services: {}\n", "at least one"),
    "a key of nobody's": (SHORT + "§sevrices: {}\n", "did you mean “services”"),
    "a key in another case": (SHORT + "§Digests: []\n", "did you mean “digests”"),
    "a key that another tool has": (_service("    §repo: x/y\n"), "did you mean “repository”"),
    "a key that is nothing like ours": (_service("    §flavour: sweet\n"), "there can be channel"),
    "the same key twice": (SHORT + "§version: 1\n", "twice (first on line 1)"),
    "the same service twice": (SHORT + "  §payments: {}\n", "twice (first on line 6)"),
    "owners without a channel": (
        short_with("owners: {role: team, channel: C0TEAM}", "§owners: {role: team}"),
        "missing",
    ),
    "owners that are a text": (short_with("{role: team, channel: C0TEAM}", "§team"), "mapping"),
    "owners' role that is a list": (short_with("role: team,", "§role: [team],"), "must be a text"),
    "a title that is a number": (_service("    title: §2024\n"), 'in quotes: "2024"'),
    "a title that is empty": (_service("    §title:\n"), "nothing here"),
    "a title of blanks": (_service('    title: §"  "\n'), "some text"),
    "a title of two lines": (_service('    title: §"a\\nb"\n'), "one line"),
    "a title that is too long": (_service(f"    title: §{'x' * 76}\n"), "75 is the most"),
    "two_people in words": (_service("    two_people: §sometimes\n"), "true or false"),
    "two_people as a list": (_service("    §two_people: [yes]\n"), "true or false"),
}

SLACK_IDS = {
    "a channel by its name": (short_with("channel: C0TEAM", 'channel: §"#team"'), "not a channel's id"),
    "a channel in lower case": (short_with("channel: C0TEAM", "channel: §c0team"), "not a channel's id"),
    "a direct message": (short_with("channel: C0TEAM", "channel: §D0TEAM"), "direct message"),
    "a channel that is a number": (short_with("channel: C0TEAM", "channel: §123"), "must be a text"),
    "a person for a channel": (_service("    channel: §U0ANN\n"), "not a channel's id"),
    "a group by its handle": (short_with("group: S0TEAM", 'group: §"@team"'), "not a user group's id"),
    "a person for a group": (short_with("group: S0TEAM", "group: §U0ANN"), "not a user group's id"),
    "a person by name": (short_with("group: S0TEAM", "people: [U0ANN, §ann]"), "not a person's id"),
    "people that are one text": (short_with("group: S0TEAM", "people: §U0ANN"), "must be a list"),
    "a person twice": (short_with("  team: {group: S0TEAM}", "  §team: {people: [U0ANN, U0ANN]}"), "listed twice"),
    "a role that nobody can hold": (short_with("  team: {group: S0TEAM}", "  §team: {title: Team}"), "Nobody can hold"),
    "a role with an empty list": (short_with("  team: {group: S0TEAM}", "  §team: {people: []}"), "Nobody can hold"),
}

NAMES = {
    "a service in capitals": (short_with("  payments:", "  §Payments:"), "can't be a name"),
    "a service with a blank": (short_with("  payments:", "  §pay ments:"), "can't be a name"),
    "a service like a release": (short_with("  payments:", "  §r-12:"), "number of a release"),
    "a service like a deployment": (short_with("  payments:", "  §d40:"), "number of a release"),
    "a service that is a number": (short_with("  payments:", "  §12:"), "can't be a name"),
    "a service that is a word of the commands": (short_with("  payments:", "  §help:"), "word of the commands"),
    "an environment that is one, too": (short_with("      production:", "      §to:"), "word of the commands"),
    "a name that is far too long": (short_with("  payments:", f"  §{'x' * 41}:"), "at most 40"),
    "an environment with a slash": (short_with("      production:", "      §eu/west:"), "can't be a name"),
    "a role with an underscore first": (SHORT.replace("  team: {g", "  §_team: {g"), "can't be a name"),
}

REFERENCES = {
    "owners that are no role": (short_with("role: team", "role: §teem"), "did you mean “team”"),
    "a right for an unknown role": (SHORT + "defaults: {rights: {deploy: [§tem]}}\n", "did you mean “team”"),
    "a service's right for an unknown role": (_service("    rights: {launch: §nobody}\n"), "no role called “nobody”"),
    "a right that there is not": (SHORT + "defaults: {rights: {§fly: [team]}}\n", "plan, deploy, roll-back or launch"),
    "a right nearly spelt": (SHORT + "defaults: {rights: {§rollback: [team]}}\n", "did you mean “roll-back”"),
    "a role named twice": (SHORT + "defaults: {rights: {deploy: [team, §team]}}\n", "named twice"),
    "a freeze for an unknown role": (SHORT + "freezes: {rights: [§qa]}\n", "no role called “qa”"),
    "an approval in an unknown environment": (
        _types("    approvals: {§prod: [team]}\n"),
        "did you mean “production”",
    ),
    "an approval by an unknown role": (_types("    approvals: {production: [team, §qa]}\n"), "no role called “qa”"),
    "a quorum of an unknown role": (_types("    approvals: {production: {qa: §2}}\n"), "no role called “qa”"),
    "a checklist before an unknown environment": (
        _types("    checklist_before: [§stagin]\n"),
        "no environment called “stagin”",
    ),
    "an item of an unknown role": (_types("    checklist: [{text: a, owner: §qa}]\n"), "no role called “qa”"),
    "a digest of an unknown service": (
        SHORT + "digests: [{channel: C0A, at: daily 09:00, services: [§payment]}]\n",
        "did you mean “payments”",
    ),
    "an order after an unknown environment": (
        short_with("      production:\n", "      production:\n        after: §stage\n"),
        "no environment of this service",
    ),
    "an environment after itself": (
        short_with("      production:\n", "      production:\n        after: §production\n"),
        "after itself",
    ),
    "an order in a circle": (
        short_with("      production:\n", _TWO.replace("[x]}}}", "[x]}}, after: §production}")),
        "circle",
    ),
    "an environment of another service": (
        example_with("        address: https://www", "        after: [§dev]\n        address: https://www"),
        "no environment of this service",
    ),
}

RULES = {
    "a quorum beyond the people": (
        _types("    approvals: {production: {team: §3}}\n").replace("group: S0TEAM", "people: [U0ANN, U0BOB]"),
        "only 2 people",
    ),
    "a quorum of none": (_types("    approvals: {production: {team: §0}}\n"), "at least 1"),
    "a quorum of very many": (_types("    approvals: {production: {team: §51}}\n"), "at most 50"),
    "a quorum in words": (_types("    approvals: {production: {team: §two}}\n"), "whole number"),
    "a quorum that is true": (_types("    approvals: {production: {team: §true}}\n"), "whole number"),
    "approvals that are a number": (_types("    approvals: {production: §2}\n"), "Name the roles"),
    "approvals without environments": (_types("    §approvals: [team]\n"), "must be a mapping"),
    "a freeze that is neither": (_types("    freeze: §ignores\n"), "blocks or passes"),
    "a freeze nearly spelt": (_types("    freeze: §pass\n"), "did you mean “passes”"),
    "keeps_order in words": (_types("    keeps_order: §perhaps\n"), "true or false"),
    "a checklist that is a text": (_types("    checklist: §notes\n"), "must be a list"),
    "an item that is a number": (_types("    checklist: [§7]\n"), "must be a mapping"),
    "an item without a text": (_types("    checklist: [§{owner: team}]\n"), "missing"),
    "an item that is empty": (_types('    checklist: [§""]\n'), "some text"),
    "an item that is null": (_types("    checklist: [§~]\n"), "nothing here"),
    "an item with a wrong key": (_types("    checklist: [{text: a, §mandatory: no}]\n"), "did you mean “required”"),
    "an item twice": (_types("    checklist: [Notes, §notes]\n"), "same key as number 1"),
    "a key twice": (_types("    checklist: [{key: a, text: x}, §{key: a, text: y}]\n"), "same key as number 1"),
    "too many items": (_types(f"    §checklist: [{', '.join(f'item {n}' for n in range(41))}]\n"), "40 are the most"),
    "an item that is too long": (_types(f"    checklist: [§{'x' * 151}]\n"), "150 is the most"),
    "change types that are empty": (SHORT + "§change_types: {}\n", "at least one"),
    "change types in a list": (SHORT + "§change_types: [feature]\n", "must be a mapping"),
}

PLACES = {
    "no environment at all": (SHORT.partition("    environments")[0] + "    §environments: {}\n", "at least one"),
    "environments left out": (
        SHORT.partition("    environments")[0].replace("  pay", "  §pay") + "    title: x\n",
        "missing",
    ),
    "environments in a list": (
        SHORT.partition("    environments")[0] + "    §environments: [production]\n",
        "must be a mapping",
    ),
    "an environment left empty": (
        SHORT.partition("        deployer")[0].replace("      prod", "      §prod"),
        "nothing",
    ),
    "no deployer": (
        SHORT.partition("        deployer")[0].replace("      prod", "      §prod") + "        after: []\n",
        "missing",
    ),
    "an unknown deployer": (short_with("{command:", "{§kubernetes:"), "no kind of deployer"),
    "a deployer nearly spelt": (short_with("{command:", "{§comand:"), "did you mean “command”"),
    "two deployers": (short_with("        deployer: {", "        §deployer: {other: {}, "), "exactly one"),
    "a deployer without settings": (short_with("{command: {program: [./deploy]}}", "{§command: }"), "nothing here"),
    "a deployer that is a text": (short_with("{command: {program: [./deploy]}}", "§command"), "must be a mapping"),
    "a setting that the deployer lacks": (short_with("{program: [./deploy]}", "{program: [x], timeot: §5m}"), "timeot"),
    "a setting of the wrong kind": (short_with("program: [./deploy]", "program: §./deploy"), "program"),
    "a time-out without sense": (short_with("{program: [./deploy]}", "{program: [x], timeout: §soon}"), "timeout"),
    "a placeholder of nobody's": (
        short_with("[./deploy]", '[./deploy, "{comit}"]').replace("program:", "§program:"),
        "comit",
    ),
    "an address without its scheme": (
        short_with("        deployer", "        address: §pay.example.com\n        deployer"),
        "begins with https://",
    ),
    "an address with a password": (
        short_with("        deployer", "        address: §https://me:secret@pay.example.com\n        deployer"),
        "secrets",
    ),
    "an address with a wrong port": (
        short_with("        deployer", "        address: §https://pay.example.com:99999\n        deployer"),
        "not a web address",
    ),
    "verify that is a file": (
        short_with("        deployer", "        verify: §file:///etc/passwd\n        deployer"),
        "not a web address",
    ),
    "verify without an address": (
        short_with("        deployer", "        §verify: {member: x}\n        deployer"),
        "missing",
    ),
    "verify within no unit": (
        short_with("        deployer", "        verify: {url: https://x.example, within: §30}\n        deployer"),
        "30s, 15m",
    ),
    "verify within no time": (
        short_with("        deployer", "        verify: {url: https://x.example, within: §0s}\n        deployer"),
        "no time at all",
    ),
    "verify within years": (
        short_with("        deployer", "        verify: {url: https://x.example, within: §500d}\n        deployer"),
        "longer than a year",
    ),
    "an order that is a number": (short_with("        deployer", "        after: §1\n        deployer"), "list"),
    "a folder that is not there": (SHORT + "templates: §./no/such/folder\n", "There is no folder"),
}


def _digest(at: str, more: str = "") -> str:
    return SHORT + f"digests:\n  - channel: C0A\n    at: {at}\n{more}"


TIMES = {
    "a digest without a time": (SHORT + "digests: [§{channel: C0A}]\n", "missing"),
    "a digest without a channel": (SHORT + "digests: [§{at: daily 09:00}]\n", "missing"),
    "digests in a mapping": (SHORT + "§digests: {channel: C0A}\n", "must be a list"),
    "a time in words": (_digest("§tomorrow"), "is not a time"),
    "an hour that there is not": (_digest("§mon-fri 25:00"), "not a time of the day"),
    "a minute that there is not": (_digest("§mon-fri 09:75"), "not a time of the day"),
    "a day that there is not": (_digest("§mon-fry 09:00"), "is not a day"),
    "cron with four fields": (_digest("§0 9 * *"), "is not a time"),
    "cron with six fields": (_digest("§0 0 9 * * 1"), "is not a time"),
    "cron with a wrong field": (_digest("§0 99 * * 1"), "cron expression"),
    "cron that never comes": (_digest("§0 9 31 2 *"), "cron expression"),
    "cron in letters": (_digest("§a b c d e"), "cron expression"),
    "a time that is a number": (_digest("§9"), "must be a text"),
    "a time zone by its city": (_digest("daily 09:00", "    timezone: §berlin\n"), "did you mean Europe/Berlin"),
    "a time zone in another case": (_digest("daily 09:00", "    timezone: §europe/berlin\n"), "did you mean Europe/B"),
    "a time zone on the moon": (_digest("daily 09:00", "    timezone: §Moon/Tycho\n"), "no time zone"),
    "a time zone that is a path": (_digest("daily 09:00", "    timezone: §../../etc/passwd\n"), "no time zone"),
    "a default time zone that is none": (SHORT + "defaults: {timezone: §CET+1}\n", "no time zone"),
    "the same digest twice": (
        SHORT + "digests:\n  - {channel: C0A, at: daily 09:00}\n  - §{channel: C0A, at: daily 09:00}\n",
        "same digest as number 1",
    ),
    "a notice without a unit": (SHORT + "freezes: {notices_before: [1h, §30]}\n", "30s, 15m"),
    "a notice with a wrong unit": (SHORT + "freezes: {notices_before: [§3y]}\n", "30s, 15m"),
    "a notice of a negative time": (SHORT + "freezes: {notices_before: [§-1h]}\n", "30s, 15m"),
    "a notice that is a mapping": (SHORT + "freezes: {§notices_before: {a: 1h}}\n", "must be a list"),
    "a notice beyond all bounds": (SHORT + "freezes: {notices_before: [§99999999999d]}\n", "longer than a year"),
}

WRONG = SYNTAX | SHAPE | SLACK_IDS | NAMES | REFERENCES | RULES | PLACES | TIMES
