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


_FOLLOWS = "    repository: acme/payments\n    candidate_from: §"

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
    "a branch under another word": (_service("    §branch: main\n"), "did you mean “candidate_from”"),
    "a branch of no repository": (_service("    candidate_from: §main\n"), "Name it under “repository”"),
    "a branch of a local repository": (
        _service("    repository: ./code\n    candidate_from: §main\n"),
        "Nobody tells of pushes to a repository on this machine",
    ),
    "a branch with its whole name": (_service(_FOLLOWS + "refs/heads/main\n"), "without “refs/heads/”: “main”"),
    "a branch with a blank": (_service(_FOLLOWS + "the main one\n"), "can't be a branch"),
    "a branch with two dots": (_service(_FOLLOWS + "a..b\n"), "can't be a branch"),
    "a branch that ends with a slash": (_service(_FOLLOWS + "release/\n"), "can't be a branch"),
    "a branch with another word in braces": (_service(_FOLLOWS + "release/{name}\n"), "is {version}"),
    "a branch that is a list": (
        _service("    repository: acme/payments\n    §candidate_from: [main]\n"),
        "must be a text",
    ),
    "a key that is nothing like ours": (_service("    §flavour: sweet\n"), "there can be candidate_from, channel"),
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
    "a right that there is not": (
        SHORT + "defaults: {rights: {§fly: [team]}}\n",
        "plan, deploy, roll-back, launch or break-glass",
    ),
    "a right nearly spelt": (SHORT + "defaults: {rights: {§rollback: [team]}}\n", "did you mean “roll-back”"),
    "a role named twice": (SHORT + "defaults: {rights: {deploy: [team, §team]}}\n", "named twice"),
    "a review by an unknown role": (SHORT + "break_glass: {reviewed_by: §tem}\n", "did you mean “team”"),
    "a review within no time": (SHORT + "break_glass: {within: §0d}\n", "0d"),
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
    "a freeze that is neither": (_types("    freeze: §ignores\n"), "blocks, acknowledge or passes"),
    "a freeze nearly spelt": (_types("    freeze: §pass\n"), "did you mean “passes”"),
    "a freeze that is to be confirmed": (_types("    freeze: §acknowledged\n"), "did you mean “acknowledge”"),
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


def _production(text: str) -> str:
    return SHORT + f"        {text}\n"


HOURS = {
    "hours in words": (_production("hours: §office hours"), "is not a span of hours"),
    "hours without an end": (_production("hours: §mon-fri 09:00"), "is not a span of hours"),
    "hours of a day that there is not": (_production("hours: §mon-fry 09:00-16:00"), "“fry” is not a day"),
    "hours beyond the day": (_production("hours: §daily 09:00-25:00"), "not a time of the day"),
    "hours that begin at the day's end": (_production("hours: §daily 24:00-06:00"), "not a time of the day"),
    "hours of no length": (_production("hours: §daily 09:00-9:00"), "the whole day is 00:00-24:00"),
    "two spans of hours in one text": (_production("hours: §mon 09:00-12:00, tue 09:00-16:00"), "make it a list"),
    "one of several hours": (_production("hours: [mon 09:00-12:00, §tue]"), "is not a span of hours"),
    "no hours at all": (_production("§hours: []"), "at least one"),
    "hours that are a number": (_production("hours: §9"), "Write the hours as a text"),
    "hours that are left empty": (_production("§hours:"), "nothing here"),
    "hours without their spans": (_production("§hours: {timezone: Europe/Berlin}"), "This is missing. When:"),
    "hours in a zone on the moon": (_production("hours: {at: daily 09:00-16:00, timezone: §Moon}"), "no time zone"),
    "hours as other tools call them": (_production("§windows: daily 09:00-16:00"), "did you mean “hours”"),
}

BAKE = {
    "a bake time without a unit": (SHORT + "defaults: {bake: §30}\n", "30s, 15m"),
    "a bake time of years": (SHORT + "defaults: {bake: §500d}\n", "longer than a year"),
    "a bake time as others call it": (SHORT + "defaults: {§soak: 1d}\n", "did you mean “bake”"),
    "bake time where nothing comes before": (_production("bake: §1d"), "Nothing comes before “production”"),
    "a change's bake time where nothing comes before": (
        _types("    bake: {production: §1d}\n"),
        "Nothing comes before “production”",
    ),
    "bake time in an unknown environment": (_types("    bake: {prod: §1d}\n"), "did you mean “production”"),
    "bake time of a change in one environment without a unit": (_types("    bake: {production: §1}\n"), "30s, 15m"),
    "bake time in a list": (_types("    §bake: [1d]\n"), "This is not a duration"),
    "bake time in any order": (_types("    keeps_order: false\n    bake: §1h\n"), "keeps_order: false"),
}

CONFIRMING = {
    "two_people of an environment in words": (_production("two_people: §maybe"), "true or false"),
    "an approver who may confirm in words": (_types("    approver_may_confirm: §seldom\n"), "true or false"),
    "a right to confirm that there is not": (_types("    §owner_may_confirm: true\n"), "may_confirm”"),
    "approvals that last for no unit": (_types("    approvals_last: §14\n"), "30s, 15m"),
    "approvals that are over before the warning": (
        _types("    approvals_last: §12h\n"),
        "a warning comes 1 day before",
    ),
    "approvals that are over at the warning": (
        _types("    approvals_last: §2d\n") + "reminders: {before_expiry: 48h}\n",
        "let them count longer",
    ),
    "shipping itself to an unknown environment": (_types("    ships_itself: [§prod]\n"), "did you mean “production”"),
    "shipping itself everywhere": (_types("    ships_itself: §true\n"), "must be a list"),
    "shipping itself by two people": (
        _types("    two_people: true\n    ships_itself: [§production]\n"),
        "by itself and by two people at once",
    ),
    "shipping itself where all ask for two people": (
        _types("    ships_itself: §production\n") + "defaults: {two_people: true}\n",
        "Every service asks for two people in “production”",
    ),
    "shipping itself as others call it": (_types("    §auto_deploy: [production]\n"), "did you mean “ships_itself”"),
    "promotion in another word": (_production("promote: §always"), "it can be offer, itself or no"),
    "promotion by itself and by two people": (
        _production("two_people: true\n        promote: §itself"),
        "takes two people in “production”",
    ),
    "promotion by itself where all kinds of change take two people": (
        _production("promote: §itself") + "change_types: {feature: {two_people: true}}\n",
        "nothing is brought there by itself",
    ),
    "promotion as others call it": (_production("§auto_promote: true"), "did you mean “promote”"),
    "any_hour in words": (_types("    any_hour: §often\n"), "true or false"),
}

ITEMS = {
    "a due time that is a day": (_types("    checklist: [{text: a, due: §2026-01-02}]\n"), "30s, 15m"),
    "a link that is no address": (_types("    checklist: [{text: a, link: §wiki}]\n"), "begins with https://"),
    "a link as others call it": (_types("    checklist: [{text: a, §url: https://x.example}]\n"), "mean “link”"),
    "a note that is too long": (_types(f"    checklist: [{{text: a, note: §{'x' * 301}}}]\n"), "300 is the most"),
    "a check that is a number": (_types("    checklist: [{text: a, check: §7}]\n"), 'in quotes: "7"'),
    "a check that is left empty": (_types("    checklist:\n      - text: a\n        §check:\n"), "nothing here"),
    "reopens in words": (_types("    checklist: [{text: a, reopens: §perhaps}]\n"), "true or false"),
    "a change type's line for others": (_types("    checklist: [{text: a, §only_for: [feature]}]\n"), "unknown here"),
    "a service's line of an unknown role": (
        _service("    checklist: [{text: a, owner: §qa}]\n"),
        "no role called “qa”",
    ),
    "a service's line for an unknown change": (
        _service("    checklist: [{text: a, only_for: [§fature]}]\n"),
        "did you mean “feature”",
    ),
    "a service's line for a change that the file lacks": (
        _types("    title: Feature\n").replace(
            "  payments:\n", "  payments:\n    checklist: [{text: a, only_for: §hotfix}]\n"
        ),
        "no change type called “hotfix”",
    ),
    "a service's line twice": (_service("    checklist: [Scan it, §scan it]\n"), "same key as number 1"),
    "a service's line that the change type has": (
        _types("    checklist: [{key: scan, text: Scanned}]\n").replace(
            "  payments:\n", "  payments:\n    checklist: [A line, §{key: scan, text: It is scanned}]\n"
        ),
        "“feature” has a line with the same key (scan)",
    ),
    "a service's checklist that is a text": (_service("    checklist: §notes\n"), "must be a list"),
    "too many lines of service and change type together": (
        _types(f"    checklist: [{', '.join(f'item {n}' for n in range(30))}]\n").replace(
            "  payments:\n", f"  payments:\n    §checklist: [{', '.join(f'line {n}' for n in range(11))}]\n"
        ),
        "there are 41 here",
    ),
}


def _recurring(**instead: str) -> str:
    lines = {
        "reason": "Nobody is here",
        "starts": "2026-01-02 17:00",
        "ends": "2026-01-05 07:00",
        "rule": "FREQ=WEEKLY",
    }
    told = "".join(f"      {key}: {value}\n" for key, value in {**lines, **instead}.items())
    return f"{SHORT}freezes:\n  recurring:\n    weekends:\n{told}"


def _rule(rule: str) -> str:
    return _recurring(rule=f"§{rule}", ends="2026-01-02 18:00")


def _without(key: str) -> str:
    return "".join(line for line in _recurring().splitlines(keepends=True) if not line.startswith(f"      {key}:"))


_AT_GITHUB = "    repository: acme/payments\n"

TAGS = {
    "a protection rule of nobody's": (_place("        protection_rule: §gates\n"), "did you mean “gate”"),
    "a gate that asks about another commit than the one that is deployed": (
        SHORT.replace("command: {program: [./deploy]}", "github-actions: {repository: acme/payments, workflow: d.yml}")
        + "        protection_rule: §gate\n",
        "deploys a commit that it is given",
    ),
    "a tag without a repository": (_service("    tag: §'v{version}'\n"), "needs the “repository”"),
    "a tag in a repository on this machine": (
        _service("    repository: ./payments\n    tag: §'v{version}'\n"),
        "at GitHub only",
    ),
    "a tag that is the same for all versions": (
        _service(_AT_GITHUB + "    tag: {name: §latest}\n"),
        "needs “{version}” in it",
    ),
    "a tag of something that isn't known": (
        _service(_AT_GITHUB + "    tag: {name: §'{version}-{commit}'}\n"),
        "Only “{version}” and “{service}”",
    ),
    "a tag that git doesn't take": (
        _service(_AT_GITHUB + "    tag: {name: §'v {version}'}\n"),
        "can't be the name of a tag",
    ),
    "a tag at an environment of nobody's": (
        _service(_AT_GITHUB + "    tag: {environment: §prodction}\n"),
        "no environment of this service called “prodction”; did you mean “production”",
    ),
    "a tag with a word of nobody's": (_service(_AT_GITHUB + "    tag: {§notes: true}\n"), "unknown here"),
    "the same tags for two services": (
        _service(_AT_GITHUB + "    tag: 'v{version}'\n") + "  refunds:\n    repository: Acme/Payments\n    §tag: {}\n"
        "    environments: {production: {deployer: {command: {program: [x]}}}}\n",
        "“payments” has the same tags",
    ),
}

PULL_REQUESTS = {
    "marks without a repository": (_service("    pull_requests: §production\n"), "of which “repository”"),
    "marks in a repository on this machine": (
        _service("    repository: ./payments\n    pull_requests: §production\n"),
        "at GitHub only",
    ),
    "marks of an environment of nobody's": (
        _service(_AT_GITHUB + "    pull_requests: [§prodction]\n"),
        "did you mean “production”",
    ),
    "marks of an environment of nobody's, with settings": (
        _service(_AT_GITHUB + "    pull_requests: {environments: §prodction}\n"),
        "did you mean “production”",
    ),
    "marks of no environment": (_service(_AT_GITHUB + "    pull_requests: {§environments: []}\n"), "at least one"),
    "marks at a branch in which something is filled in": (
        _service(_AT_GITHUB + "    pull_requests: {environments: production, branch: §'release/{version}'}\n"),
        "Nothing is filled in here",
    ),
}

RECURRING = {
    "a moment in words": (_recurring(starts="§friday"), "is not a moment"),
    "a moment with parts": (_recurring(starts="{day: 1}").replace("starts", "§starts"), "This is not a moment"),
    "a moment with seconds": (_recurring(starts="§2026-01-02 17:00:00"), "is not a moment"),
    "a moment in a zone": (_recurring(starts='§"2026-01-02T17:00Z"'), "is not a moment"),
    "a day that no calendar has": (_recurring(starts="§2026-02-30 17:00"), "no such day"),
    "an hour that no day has": (_recurring(ends="§2026-01-05 24:00"), "no such time"),
    "a year that is a slip": (_recurring(starts="§2206-01-02 17:00"), "from 2000 to 2100"),
    "a freeze that ends before it begins": (_recurring(ends="§2026-01-01 07:00"), "ends before it begins"),
    "a freeze of no length": (_recurring(ends="§2026-01-02T17:00"), "ends before it begins"),
    "a recurring freeze without a reason": (
        _without("reason").replace("weekends", "§weekends"),
        "This is missing. Why",
    ),
    "a recurring freeze without a rule": (_without("rule").replace("weekends", "§weekends"), "This is missing. How it"),
    "a recurring freeze without its end": (_without("ends").replace("weekends", "§weekends"), "This is missing. When"),
    "a recurring freeze in capitals": (_recurring().replace("weekends", "§Weekends"), "can't be a name"),
    "recurring freezes in a list": (SHORT + "freezes: {§recurring: [weekends]}\n", "must be a mapping"),
    "a recurring freeze as a text": (SHORT + "freezes: {recurring: {weekends: §FREQ=WEEKLY}}\n", "must be a mapping"),
    "a rule in words": (_rule("every week"), "no rule of recurrence"),
    "a rule that is cron": (_rule("0 17 * * 5"), "no rule of recurrence"),
    "a rule without how often": (_rule("BYDAY=FR"), "how often"),
    "a rule that is too fine": (_rule("FREQ=HOURLY"), "The finest is FREQ=DAILY"),
    "a rule of a frequency of its own": (_rule("FREQ=FORTNIGHTLY"), "FREQ is one of DAILY"),
    "a rule with its own hour": (_rule("FREQ=DAILY;BYHOUR=9"), "that of “starts”"),
    "a rule with a part twice": (_rule("FREQ=DAILY;FREQ=WEEKLY"), "twice"),
    "a rule with a slip in a part": (_rule("FREQ=WEEKLY;BYDAYS=FR"), "did you mean BYDAY"),
    "a rule with a day of its own": (_rule("FREQ=WEEKLY;BYDAY=FRI"), "days are MO"),
    "a rule with a 32nd": (_rule("FREQ=MONTHLY;BYMONTHDAY=32"), "numbers from -31 to 31"),
    "a rule with a month from the end": (_rule("FREQ=YEARLY;BYMONTH=-1"), "numbers from 1 to 12"),
    "a rule after no time": (_rule("FREQ=DAILY;INTERVAL=0"), "a number from 1"),
    "a rule of no times": (_rule("FREQ=DAILY;COUNT=0"), "a number from 1"),
    "a rule with two ends": (_rule("FREQ=DAILY;COUNT=3;UNTIL=20270101"), "can't have both"),
    "a rule until no day": (_rule("FREQ=DAILY;UNTIL=20270231"), "UNTIL is a day"),
    "a rule until for ever": (_rule("FREQ=DAILY;UNTIL=99991231T235959Z"), "from 2000 to 2100"),
    "a rule with a second Friday of the week": (_rule("FREQ=WEEKLY;BYDAY=2FR"), "FREQ=MONTHLY or FREQ=YEARLY"),
    "a rule that chooses among nothing": (_rule("FREQ=MONTHLY;BYSETPOS=1"), "say which ones"),
    "a rule that never comes": (_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never comes"),
    "a rule that is over before it begins": (_rule("FREQ=WEEKLY;UNTIL=20251231"), "over before it comes"),
    "a rule that comes first on another day": (_rule("FREQ=WEEKLY;BYDAY=SA"), "first on Sat 2026-01-03"),
    "a freeze that overlaps itself": (_recurring(rule="FREQ=DAILY", ends="§2026-01-05 07:00"), "overlap itself"),
    "a freeze that overlaps itself in short months": (
        _recurring(rule="FREQ=MONTHLY", ends="§2026-01-30 18:00"),
        "begins after 28 days",
    ),
    "a recurring freeze of an unknown owner": (_recurring(owner="§ops"), "no role called “ops”"),
    "a recurring freeze of an unknown service": (_recurring(services="[§payment]"), "did you mean “payments”"),
    "a recurring freeze of an unknown environment": (_recurring(environments="§prod"), "did you mean “production”"),
    "a recurring freeze of an unknown change": (_recurring(change_types="[§feat]"), "did you mean “feature”"),
    "a recurring freeze of an environment elsewhere": (
        _recurring(services="[other]", environments="[production]")
        .replace("      env", "      §env")
        .replace(
            "  payments:\n", "  other: {environments: {dev: {deployer: {command: {program: [x]}}}}}\n  payments:\n"
        ),
        "it would freeze nothing",
    ),
    "a hard freeze, said so": (_recurring().replace("weekends:\n", "weekends:\n      §hard: true\n"), "mean “soft”"),
    "a recurring freeze in a zone on the moon": (_recurring(timezone="§Moon/Tycho"), "no time zone"),
}


def _calendar(text: str) -> str:
    return f"{SHORT}freezes:\n  calendars:\n    holidays:\n      {text}\n"


CALENDARS = {
    "a calendar that is nowhere": (
        _calendar("soft: true").replace("holidays", "§holidays"),
        "Say where this calendar is",
    ),
    "a calendar that is in two places": (
        _calendar("address: https://x.example/a.ics\n      file: §./a.ics"),
        "only one of the two",
    ),
    "a calendar at no address": (_calendar("address: §calendar.example.com"), "begins with https://"),
    "a calendar as calendars call it": (_calendar("address: §webcal://x.example/a.ics"), "Write https://"),
    "a calendar behind a password": (_calendar("address: §https://me:pw@x.example/a.ics"), "secrets"),
    "a calendar whose file is not there": (_calendar("file: §./none.ics"), "There is no file"),
    "a calendar whose file is a folder": (_calendar("file: §."), "is a folder"),
    "a calendar of a person whom nobody knows": (_calendar("file: §~nobody-of-that-name/a.ics"), "There is no file"),
    "a calendar with a name that no file can have": (_calendar(f"file: §{'x' * 300}.ics"), "There is no file"),
    "a calendar with a NUL in its name": (_calendar('file: §"a\\0.ics"'), "control characters"),
    "a calendar of an unknown owner": (_calendar("{address: https://x.example, owner: §ops}"), "no role called “ops”"),
    "a calendar with a rule": (_calendar("{address: https://x.example, §rule: FREQ=DAILY}"), "unknown here"),
    "a calendar that is called like a freeze": (
        _recurring() + "  calendars:\n    §weekends: {address: https://x.example/a.ics}\n",
        "tell them apart",
    ),
}

WAITING = {
    "an exception of no unit": (SHORT + "freezes: {exceptions: {lasts: §1}}\n", "30s, 15m"),
    "a budget below nothing": (SHORT + "freezes: {exceptions: {budget: §-1}}\n", "at least 0"),
    "a budget in words": (SHORT + "freezes: {exceptions: {budget: §few}}\n", "whole number"),
    "a budget's time without a budget": (SHORT + "freezes: {exceptions: {per: §30d}}\n", "there is none"),
    "a budget as others call it": (SHORT + "freezes: {exceptions: {§limit: 2}}\n", "did you mean “budget”"),
    "a reminder without a unit": (SHORT + "reminders: {before_target: §1}\n", "30s, 15m"),
    "a reminder of nobody's": (SHORT + "reminders: {§after_target: 1d}\n", "unknown here"),
    "a lock that lasts longer than any may": (SHORT + "§locks: {lasts: 2d, longest: 1d}\n", "make “longest” longer"),
    "a lock of nobody's": (SHORT + "locks: {§shortest: 1d}\n", "unknown here"),
    "quiet hours without an end": (SHORT + "quiet_hours: §daily 19:00\n", "mon-fri 09:00-16:00"),
    "reminders in a list": (SHORT + "§reminders: [1d]\n", "must be a mapping"),
    "a folder of a person whom nobody knows": (SHORT + "templates: §~nobody-of-that-name/x\n", "There is no folder"),
}


def _watched(watch: str, metrics: str = "{url: http://localhost:9090}") -> str:
    return _place(f"        watch: {{{watch}}}\n") + f"metrics: {metrics}\n"


def _measured(metric: str) -> str:
    return _watched(f"lasts: 10m, metrics: {{errors: {{{metric}}}}}")


WATCHES = {
    "a watch without an end": (_place("        §watch: {health: http://localhost}\n"), "How long"),
    "a watch over nothing": (_place("        §watch: {lasts: 10m}\n"), "nothing to look at"),
    "a watch whose metrics are nowhere": (
        _place("        watch: {lasts: 10m, §metrics: {errors: {query: up}}}\n"),
        "Nothing says where metrics are read",
    ),
    "a watch that is over at once": (_watched("lasts: §10s, health: http://localhost"), "before the second look"),
    "a watch of too many looks": (_watched("lasts: §2d, health: http://localhost"), "Look less often"),
    "a watch that could never fail": (
        _watched("lasts: 1m, health: {url: http://localhost, lasting: §9}"),
        "could never fail",
    ),
    "a watch that does something else": (
        _watched("lasts: 1m, health: http://localhost, otherwise: §rollback"),
        "did you mean “roll-back”",
    ),
    "a health address that is none": (_watched("lasts: 1m, health: §localhost"), "not a web address"),
    "a metric called health": (
        _watched("lasts: 10m, metrics: {§health: {query: up}}"),
        "what the health address is called",
    ),
    "a metric without a query": (_watched("lasts: 10m, metrics: {§errors: {above: 1}}"), "missing"),
    "a query of nothing": (_measured("query: §' '"), "some text"),
    "a query that could be broken out of": (_measured("query: §'a{b={service}}'"), "into double quotes"),
    "a query of something unknown": (_measured("query: §'a{b=\"{region}\"}'"), "Nothing can be filled in"),
    "a limit in words": (_measured("query: up, above: §high"), "must be a number"),
    "a limit that is none": (_measured("query: up, above: §.nan"), "must be a number"),
    "limits that leave no room": (
        _watched("lasts: 10m, metrics: {§errors: {query: up, above: 1, below: 2}}"),
        "Every value would be bad",
    ),
    "no sigma": (_measured("query: up, z_score: §0"), "more than 0"),
    "hours before that nobody compares": (_measured("query: up, above: 1, against: §1h"), "nothing is compared"),
    "a metric as others call its query": (_measured("§promql: up"), "did you mean “query”"),
    "a secret in the file": (
        _watched("lasts: 1m, health: http://localhost", "{url: http://localhost, bearer: §eyJ.x.y}"),
        "name of an environment variable",
    ),
    "a password in the address of the metrics": (
        _watched("lasts: 1m, health: http://localhost", "{url: §http://me:secret@localhost}"),
        "secrets don't belong",
    ),
}

WRONG = (
    SYNTAX
    | SHAPE
    | SLACK_IDS
    | NAMES
    | REFERENCES
    | RULES
    | PLACES
    | TIMES
    | HOURS
    | BAKE
    | CONFIRMING
    | ITEMS
    | TAGS
    | PULL_REQUESTS
    | RECURRING
    | CALENDARS
    | WAITING
    | WATCHES
)
