"""Parsing: what people type, however their phone writes it, becomes exactly one typed command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.people import Person, PersonId
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.train import Answer, TrainId
from handlers.parsing import commands as c
from handlers.parsing import grammar
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint, parse
from handlers.parsing.known import Known, known
from handlers.parsing.words import read
from tests.makers import a_catalogue

FEATURE, HOTFIX = ChangeTypeName("feature"), ChangeTypeName("hotfix")
PAYMENTS, WEB, SEARCH = ServiceName("payments"), ServiceName("Web"), ServiceName("search-api")
STAGING, PRODUCTION, QA = EnvironmentName("staging"), EnvironmentName("production"), EnvironmentName("qa")
KNOWN = Known(
    {
        PAYMENTS: (EnvironmentName("development"), STAGING, PRODUCTION),
        WEB: (STAGING, PRODUCTION),
        SEARCH: (QA, PRODUCTION),
    },
    datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    "Europe/Berlin",
    change_types=(FEATURE, HOTFIX),
)
IN_TWO_HOURS = KNOWN.now + timedelta(hours=2)
MONDAY_SEVEN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def understood(typed: str) -> c.Command | Hint:
    command, _, text = typed.partition(" ")
    return parse(Family(command), text, KNOWN)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/release", c.Help()),
        ("/release help", c.Help()),
        ("/release help me with approve", c.Help()),
        ("/release new", c.NewRelease()),
        ("/release new payments", c.NewRelease(PAYMENTS)),
        ("/release new web 2.4.0", c.NewRelease(WEB, "2.4.0")),
        ("/release new payments 2.4.0 feature/refunds", c.NewRelease(PAYMENTS, "2.4.0", "feature/refunds")),
        ("/release list", c.ListReleases()),
        ("/release list mine", c.ListReleases(None, "mine")),
        ("/release list all payments", c.ListReleases(PAYMENTS, "all")),
        ("/release list Search-API open", c.ListReleases(SEARCH, "open")),
        ("/release show R-12", c.ShowRelease("R-12")),
        ("/release show r12", c.ShowRelease("R-12")),
        ("/release show 12", c.ShowRelease("R-12")),
        ("/release show payments", c.ShowRelease(PAYMENTS)),
        ("/release show WEB", c.ShowRelease(WEB)),
        ("/RELEASE SHOW R-12".replace("/RELEASE", "/release"), c.ShowRelease("R-12")),
        ("/release why R-12", c.WhyNot("R-12")),
        ("/release why R-12 production", c.WhyNot("R-12", PRODUCTION)),
        ("/release why payments in Production", c.WhyNot(PAYMENTS, PRODUCTION)),
        ("/release build R-12 1a2b3c4", c.Build("R-12", "1a2b3c4")),
        ("/release build R-12 main sha256:ab", c.Build("R-12", "main", "sha256:ab")),
        ("/release build R-12 main irreversible drops a column", c.Build("R-12", "main", None, "drops a column")),
        ('/release build R-12 main sha256:ab irreversible "no way"', c.Build("R-12", "main", "sha256:ab", "no way")),
        ("/release checklist 12", c.OpenChecklist("R-12")),
        ("/release approve R-12", c.SayYes("R-12")),
        ("/release approve R-12 for production", c.SayYes("R-12", PRODUCTION)),
        ("/release reject R-12 it burns", c.SayNo("R-12", "it burns")),
        ('/release reject R-12 "it burns"', c.SayNo("R-12", "it burns")),
        ("/release reject R-12 “it burns”", c.SayNo("R-12", "it burns")),
        ('/release reject R-12 "it" burns "now"', c.SayNo("R-12", '"it" burns "now"')),
        ("/release reject R-12 a &lt; b &amp;&amp; c", c.SayNo("R-12", "a < b && c")),
        ("/release reject R-12 ask <@U0BEN|ben> in <#C1|ops>", c.SayNo("R-12", "ask @ben in #ops")),
        (
            "/release reject R-12 see <https://x.io/a?b=1&amp;c=2>",
            c.SayNo("R-12", "see https://x.io/a?b=1&c=2"),
        ),
        ("/release withdraw R-12", c.TakeBack("R-12")),
        ("/deploy lock payments production it moves", c.LockIt(PAYMENTS, PRODUCTION, "it moves")),
        ("/deploy lock payments in production 2h it moves", c.LockIt(PAYMENTS, PRODUCTION, "it moves", IN_TWO_HOURS)),
        ("/deploy lock payments production for 2 hours it", c.LockIt(PAYMENTS, PRODUCTION, "it", IN_TWO_HOURS)),
        (
            "/deploy lock payments production until mon 07:00 it moves",
            c.LockIt(PAYMENTS, PRODUCTION, "it moves", MONDAY_SEVEN),
        ),
        (
            "/deploy lock payments production for R-12 2h it moves",
            c.LockIt(PAYMENTS, PRODUCTION, "it moves", IN_TWO_HOURS, ReleaseId(12)),
        ),
        (
            "/deploy lock payments production take over 2h for r12 it moves",
            c.LockIt(PAYMENTS, PRODUCTION, "it moves", IN_TWO_HOURS, ReleaseId(12), take_over=True),
        ),
        (
            "/deploy lock payments production for the migration",
            c.LockIt(PAYMENTS, PRODUCTION, "for the migration"),
        ),
        (
            "/deploy lock payments production take two of the migration",
            c.LockIt(PAYMENTS, PRODUCTION, "take two of the migration"),
        ),
        ("/deploy lock payments production 2 tables move", c.LockIt(PAYMENTS, PRODUCTION, "2 tables move")),
        ("/deploy unlock payments production", c.UnlockIt(PAYMENTS, PRODUCTION)),
        ("/deploy unlock payments production it is done", c.UnlockIt(PAYMENTS, PRODUCTION, "it is done")),
        ("/release launch R-12", c.LaunchIt("R-12")),
        ("/release cancel R-12 the customer left", c.CancelIt("R-12", "the customer left")),
        ("/release edit R-12", c.EditIt("R-12")),
        ("/release digest", c.TellDigest()),
        ("/release digest here", c.TellDigest(here=True)),
        ("/release audit R-12", c.ShowEvidence("R-12")),
        ("/deploy", c.Help()),
        ("/deploy R-12 to production", c.PreviewDeploy("R-12", PRODUCTION)),
        ("/deploy r12 TO Staging", c.PreviewDeploy("R-12", STAGING)),
        ("/deploy payments to production", c.PreviewDeploy(PAYMENTS, PRODUCTION)),
        ("/deploy R\N{NON-BREAKING HYPHEN}12 to production", c.PreviewDeploy("R-12", PRODUCTION)),
        ("/deploy R\N{EN DASH}12\N{NO-BREAK SPACE}to   production", c.PreviewDeploy("R-12", PRODUCTION)),
        ("/deploy confirm R-12 to production", c.StartDeploy("R-12", PRODUCTION)),
        ("/deploy status", c.ShowStatus()),
        ("/deploy status payments", c.ShowStatus(PAYMENTS)),
        ("/deploy cancel D-40", c.StopDeploy(DeploymentId(40))),
        (
            "/deploy break-glass R-12 to production checkout is down",
            c.GoPastTheGate("R-12", PRODUCTION, "checkout is down"),
        ),
        (
            "/deploy break-glass confirm 12 to production confirm that it burns",
            c.GoPastTheGate("R-12", PRODUCTION, "confirm that it burns", confirmed=True),
        ),
        ("/deploy review D-40 the alarm came late", c.SayWhatWasLearned(DeploymentId(40), "the alarm came late")),
        ("/deploy review d40 ok", c.SayWhatWasLearned(DeploymentId(40), "ok")),
        ("/deploy cancel d40", c.StopDeploy(DeploymentId(40))),
        ("/deploy cancel 40", c.StopDeploy(DeploymentId(40))),
        ("/deploy train R-12 R-13 to production", c.PreviewTrain(("R-12", "R-13"), PRODUCTION)),
        ("/deploy train r12, payments and 14 to Production", c.PreviewTrain(("R-12", PAYMENTS, "R-14"), PRODUCTION)),
        ("/deploy train confirm R-12 R-13 to production", c.StartTrain(("R-12", "R-13"), PRODUCTION)),
        ("/deploy train T-1", c.ShowTrain(TrainId(1))),
        ("/deploy train t1 go on", c.SteerTrain(TrainId(1), Answer.GO_ON)),
        ("/deploy train T-1 Try  Again", c.SteerTrain(TrainId(1), Answer.TRY_AGAIN)),
        ("/deploy train T-1 stop", c.SteerTrain(TrainId(1), Answer.STOP)),
        ("/deploy train T-1 roll back", c.SteerTrain(TrainId(1), Answer.ROLL_BACK)),
        ("/rollback", c.Help()),
        ("/rollback payments", c.GoBack(PAYMENTS)),
        ("/rollback payments in production", c.GoBack(PAYMENTS, PRODUCTION)),
        ("/rollback payments to 2.3.9", c.GoBack(PAYMENTS, None, "2.3.9")),
        ("/rollback payments to 2.3.9 in production", c.GoBack(PAYMENTS, PRODUCTION, "2.3.9")),
        (
            "/rollback payments in production to 2.3.9 checkout is slow",
            c.GoBack(PAYMENTS, PRODUCTION, "2.3.9", "checkout is slow"),
        ),
        ("/rollback culprit V-3 1a2b3c4 it burns", c.Blame("V-3", ("1a2b3c4",), "it burns")),
        (
            "/rollback culprit payments 1A2B3C4d 5e6f7a8b Refunds go out twice",
            c.Blame(PAYMENTS, ("1a2b3c4d", "5e6f7a8b"), "Refunds go out twice"),
        ),
        (f"/rollback culprit v3 {'deadbeef' * 5} faceless bug", c.Blame("V-3", ("deadbeef" * 5,), "faceless bug")),
        ("/rollback lift V-3 it was the disk", c.LetBack("V-3", None, "it was the disk")),
        ("/rollback lift web with mend/refunds counted now", c.LetBack(WEB, "mend/refunds", "counted now")),
        ("/rollback payments checkout is slow", c.GoBack(PAYMENTS, reason="checkout is slow")),
        ("/rollback payments now it burns", c.GoBack(PAYMENTS, reason="it burns", now=True)),
        (
            "/rollback payments in production to D-31 now it burns",
            c.GoBack(PAYMENTS, PRODUCTION, "D-31", "it burns", now=True),
        ),
        ("/freeze", c.Help()),
        ("/freeze list", c.ListFreezes()),
        (
            "/freeze start production until mon 07:00 Black Friday",
            c.DeclareFreeze(MONDAY_SEVEN, "Black Friday", frozenset({PRODUCTION})),
        ),
        (  # wide digits and colons, and Arabic digits: read as a reason they would end the freeze at midnight
            "/freeze start production until mon \uff10\uff17\uff1a\uff10\uff10 Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", frozenset({PRODUCTION})),
        ),
        (
            "/freeze start production until mon \u0660\u0667:\u0660\u0660 Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", frozenset({PRODUCTION})),
        ),
        (
            "/release reject R-12 \U0001f469\u200d\U0001f4bb says “no”",
            c.SayNo("R-12", "\U0001f469\u200d\U0001f4bb says “no”"),
        ),
        ("/release reject R-12 \uff12 of \uff13\x07 fail", c.SayNo("R-12", "\uff12 of \uff13 fail")),
        ("/release show \u200fR-12\u200f", c.ShowRelease("R-12")),
        (
            "/freeze start production until mon 07:00 for payments Black Friday",
            c.DeclareFreeze(MONDAY_SEVEN, "Black Friday", frozenset({PRODUCTION}), frozenset({PAYMENTS})),
        ),
        (
            "/freeze start production for payments and web until mon 07:00 Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", frozenset({PRODUCTION}), frozenset({PAYMENTS, WEB})),
        ),
        (
            "/freeze start staging, production until mon 07:00 for payments, web, and search-api Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", frozenset({STAGING, PRODUCTION}), frozenset({PAYMENTS, WEB, SEARCH})),
        ),
        (
            "/freeze start staging,production until mon 07:00 for payments,web Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", frozenset({STAGING, PRODUCTION}), frozenset({PAYMENTS, WEB})),
        ),
        ("/freeze start all until mon 07:00 Sale", c.DeclareFreeze(MONDAY_SEVEN, "Sale")),
        (
            "/freeze start payments until mon 07:00 Moving house",
            c.DeclareFreeze(MONDAY_SEVEN, "Moving house", frozenset(), frozenset({PAYMENTS})),
        ),
        (
            '/freeze start production until "mon 07:00" for the sale',
            c.DeclareFreeze(MONDAY_SEVEN, "for the sale", frozenset({PRODUCTION})),
        ),
        (
            "/freeze start production from fri 18:00 until mon 07:00 Weekend",
            c.DeclareFreeze(
                MONDAY_SEVEN,
                "Weekend",
                frozenset({PRODUCTION}),
                frozenset(),
                datetime(2026, 11, 27, 17, 0, tzinfo=UTC),
            ),
        ),
        (
            "/freeze start production feature soft until mon 07:00 Sale",
            c.DeclareFreeze(
                MONDAY_SEVEN, "Sale", frozenset({PRODUCTION}), change_types=frozenset({FEATURE}), hard=False
            ),
        ),
        (
            "/freeze start soft Production Feature and HOTFIX for payments until mon 07:00 Sale",
            c.DeclareFreeze(
                MONDAY_SEVEN,
                "Sale",
                frozenset({PRODUCTION}),
                frozenset({PAYMENTS}),
                change_types=frozenset({FEATURE, HOTFIX}),
                hard=False,
            ),
        ),
        (
            "/freeze start production hard until mon 07:00 soft launch of refunds",
            c.DeclareFreeze(MONDAY_SEVEN, "soft launch of refunds", frozenset({PRODUCTION})),
        ),
        (
            "/freeze start feature until mon 07:00 Sale",
            c.DeclareFreeze(MONDAY_SEVEN, "Sale", change_types=frozenset({FEATURE})),
        ),
        ("/freeze except R-12 the fix is needed", c.AskException("R-12", "the fix is needed")),
        ("/freeze except payments the fix is needed", c.AskException(PAYMENTS, "the fix is needed")),
        ("/freeze grant X-4", c.GrantException(ExceptionId(4))),
        ("/freeze grant x4 only tonight", c.GrantException(ExceptionId(4), "only tonight")),
        ("/freeze refuse 4 it can wait", c.RefuseException(ExceptionId(4), "it can wait")),
        ("/freeze end F-3", c.Thaw(FreezeId(3))),
        ("/freeze end 3", c.Thaw(FreezeId(3))),
        ("/freeze extend F-3 until mon 07:00", c.Prolong(FreezeId(3), MONDAY_SEVEN)),
        ("/freeze extend f3 to mon 07:00", c.Prolong(FreezeId(3), MONDAY_SEVEN)),
    ],
)
def test_a_line_is_understood(typed, meant):
    assert understood(typed) == meant


def test_a_domain_name_that_slack_made_a_link_is_what_was_typed():
    dotted = Known({ServiceName("shop.example.com"): (PRODUCTION,)}, KNOWN.now)
    typed = "<http://shop.example.com|shop.example.com> to production"
    assert parse(Family.DEPLOY, typed, dotted) == c.PreviewDeploy("shop.example.com", PRODUCTION)


@pytest.mark.parametrize("usage", grammar.USAGES, ids=lambda usage: usage.form)
def test_every_example_of_the_help_works_as_it_stands(usage):
    as_slack_sends_it = usage.example.replace("@omar", "<@U0OMAR|omar>")
    assert not isinstance(understood(as_slack_sends_it), Hint)


def test_an_environment_must_be_one_of_the_service_that_is_rolled_back():
    found = understood("/rollback web in development")
    assert isinstance(found, Hint)
    assert "Web has no environment development" in str(found.why)


def test_what_is_known_comes_from_the_catalogue_and_the_typist():
    there = known(a_catalogue(), Person(PersonId("U0BEN"), "Ben", tz="America/New_York"), KNOWN.now)
    assert there.services == {"payments": ("staging", "production")}
    assert there.tz.key == "America/New_York"


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "\0", "Europe"])
def test_an_unknown_time_zone_is_read_as_utc(zone):
    assert Known({}, KNOWN.now, zone).tz.key == "UTC"


def test_words_remember_how_they_were_typed():
    line = read('reject  R\N{EM DASH}12 "two words"  it\N{RIGHT SINGLE QUOTATION MARK}s <mailto:a@b.c|a@b.c>')
    assert [each.text for each in line.words] == ["reject", "R-12", "two words", "it's", "a@b.c"]
    assert line.since(3) == "it\N{RIGHT SINGLE QUOTATION MARK}s a@b.c"
    assert line.since(9) == ""


@pytest.mark.parametrize(
    ("token", "seen"),
    [
        ("<@U1>", "@U1"),
        ("<!here>", "@here"),
        ("<!subteam^S1|@qa>", "@qa"),
        ("<!subteam^S1>", "@subteam"),
        ("<https://x.io>", "https://x.io"),
        ("<reason>", "<reason>"),
        ("&lt;reason&gt;", "<reason>"),
        ("&amp;lt;", "&lt;"),
        ("<>", "<>"),
    ],
)
def test_slacks_tokens_are_read_as_what_people_saw(token, seen):
    assert read(token).words[0].text == seen
