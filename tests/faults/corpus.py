"""The corpus: what people type that is wrong, by the way in which it is. Nothing of it may change anything.

R-1 is planned (payments 2.4.0, with a candidate); the catalogue has payments (staging, production) and storefront
(production). Maya, who types, may do everything but approve.
"""

from __future__ import annotations

from types import MappingProxyType

LONG = "x" * 40_000
RLO, LRI, PDI = "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
RLM, ZWSP, NBSP = "\N{RIGHT-TO-LEFT MARK}", "\N{ZERO WIDTH SPACE}", "\N{NO-BREAK SPACE}"

MISSING_WORDS = """
/release show
/release why
/release build
/release build R-1
/release build main
/release checklist
/release approve
/release reject
/release reject R-1
/release reject because it burns
/release withdraw
/release launch
/release cancel
/release cancel R-1
/release cancel because nobody wants it
/release edit
/release audit
/deploy R-1
/deploy R-1 to
/deploy to production
/deploy to
/deploy production
/deploy confirm
/deploy confirm R-1
/deploy confirm to production
/deploy confirm R-1 to
/deploy confirm production
/deploy cancel
/rollback production
/rollback now
/rollback now it burns
/rollback payments now
/rollback payments in
/rollback payments in production now
/rollback payments to
/rollback payments in production to
/rollback in production
/rollback to 2.3.9
/freeze start
/freeze start production
/freeze start production until
/freeze start production until tomorrow
/freeze start production until mon 07:00
/freeze start until mon 07:00 Sale
/freeze start production mon 07:00 Sale
/freeze start production for payments
/freeze start production from mon 07:00 Sale
/freeze end
/freeze extend
/freeze extend F-3
/freeze extend F-3 until
/freeze extend until mon 07:00
/freeze except R-1
/freeze except because it is urgent
/freeze grant
/freeze refuse
/freeze refuse X-3
/deploy break-glass
/deploy break-glass R-1
/deploy break-glass R-1 to production
/deploy break-glass confirm
/deploy break-glass because it burns
/deploy review
/deploy review D-1
/freeze refuse because it can wait
"""

WRONG_ORDER = """
/release R-1 show
/release R-1
/release payments
/release 2.4.0 payments new
/release new 2.4.0 payments main
/release new main payments 2.4.0
/release production why R-1
/release why production R-1
/release why staging
/release build main R-1
/release build 1a2b3c4 R-1
/release reject it burns R-1
/release R-1 reject it burns
/release R-1 approve
/release approve production R-1
/release cancel nobody wants it R-1
/release mine list open storefront payments
/deploy to production R-1
/deploy production R-1
/deploy R-1 production
/deploy production to R-1
/deploy R-1 to production please
/deploy R-1 confirm to production
/deploy R-1 to production confirm
/deploy R-1 to confirm production
/deploy confirm production R-1
/deploy D-40 cancel
/deploy payments status
/rollback now payments it burns
/rollback production payments
/rollback to 2.3.9 payments
/freeze production until mon 07:00 Sale
/freeze until mon 07:00 production Sale
/freeze start until mon 07:00 for payments Sale
/freeze start mon 07:00 production Sale
/freeze start Sale production until mon 07:00
/freeze F-3 end
/freeze R-1 except it is urgent
/freeze it is urgent except R-1
/freeze X-3 grant
/freeze until mon 07:00 extend F-3
/freeze extend until mon 07:00 F-3
"""

UNKNOWN_THINGS = """
/release new payment 2.4.0 main
/release new billing 2.4.0 main
/release new payments/storefront 2.4.0 main
/release new production 2.4.0 main
/release list everything
/release list billing
/release list mine mine
/release show R-99
/release show 99
/release show billing
/release show storefront
/release show F-1
/release show D-1
/release show production
/release why R-99 production
/release why R-1 prod
/release why R-1 qa
/release why R-1 production staging
/release why billing
/release build R-99 main
/release checklist R-99
/release checklist storefront
/release approve R-99
/release approve R-1 moon
/release approve R-1 production twice
/release reject R-99 it burns
/release withdraw R-99
/release launch R-99
/release launch R-1
/release cancel R-99 nobody wants it
/release edit R-99
/release audit R-99
/release audit storefront
/release digest there
/release digest here please
/release lunch R-1
/release depoly R-1
/release confirm R-1 to production
/release start
/release frobnicate
/release sudo approve R-1
/deploy R-99 to production
/deploy R-1 to prodution
/deploy R-1 to prod
/deploy R-1 to qa
/deploy R-1 to payments
/deploy R-1 at production
/deploy billing to production
/deploy storefront to production
/deploy storefront to staging
/deploy confirm R-99 to production
/deploy confirm R-1 to production
/deploy confirm storefront to production
/deploy confirm R-1 to moon
/deploy status billing
/deploy status payments storefront
/deploy cancel R-1
/deploy cancel D-99
/deploy cancel payments
/deploy everything to everywhere
/deploy lock
/rollback billing
/rollback payments
/rollback storefront in staging
/rollback payments in moon
/rollback payments to 9.9.9
/rollback payments in production to 9.9.9
/rollback payments in production to 9.9.9 now it burns
/rollback payments now it burns
/rollback payments now now
/rollback R-1
/rollback R-1 now it burns
/rollback D-1
/freeze start moon until mon 07:00 Sale
/freeze start produktion until mon 07:00 Sale
/freeze start production until mon 07:00 for paymets Sale
/freeze start production, moon until mon 07:00 Sale
/freeze list production
/freeze end F-99
/freeze end R-1
/freeze end Sale
/freeze end all
/freeze extend F-99 until mon 07:00
/freeze extend Sale until mon 07:00
/freeze except
/freeze except R-1 nothing is frozen
/freeze except R-99 it is urgent
/freeze except billing it is urgent
/freeze except production it is urgent
/deploy break-glass R-99 to production it burns, and this mends it
/deploy break-glass R-1 to moon it burns, and this mends it
/deploy review D-99 the alarm came late
/deploy review R-1 the alarm came late
/freeze grant X-99
/freeze grant R-1
/freeze grant all
/freeze refuse X-99 it can wait
/freeze start production soft hard until mon 07:00 Sale
/freeze start production featrue until mon 07:00 Sale
/freeze start soft until mon 07:00 Sale
/freeze thaw
"""

NUMBERS = """
/release show R-0
/release show 0
/release show -1
/release show R--1
/release show R-1.5
/release show R-1e3
/release show R-0x1
/release show R-999999999999999999999
/release show 999999999999999999999
/release show R-9223372036854775807
/release show R-9223372036854775808
/release show R-999999999
/release show R-2147483648
/release show R-١٢
/release show R-²
/release show R-①
/release show R-Ⅻ
/release show R-NaN
/release show R-inf
/release show R-1,R-2
/release show R-1 R-2
/release show R-+1
/release show R-
/release show R
/release show #1
/release build R-999999999999999999999 main
/release approve R-999999999999999999999
/release reject R-0 it burns
/release cancel R-0 nobody wants it
/release withdraw R-0
/release launch R-0
/release checklist R-0
/release edit R-0
/release audit R-0
/deploy R-0 to production
/deploy R-999999999999999999999 to production
/deploy confirm R-0 to production
/deploy confirm R-999999999999999999999 to production
/deploy cancel D-0
/deploy cancel -1
/deploy cancel D-999999999999999999999
/deploy cancel D-999999999
/deploy cancel D-٣
/deploy cancel D-1.5
/rollback payments to D-0
/rollback payments to D-999999999999999999999
/rollback payments to D-999999999999999999999 now it burns
/rollback payments to -1
/freeze end F-0
/freeze end F-999999999999999999999
/freeze end F-999999999
/freeze end F-٣
/freeze extend F-0 until mon 07:00
/deploy review D-0 the alarm came late
/deploy review D-999999999999999999999 the alarm came late
/freeze grant X-0
/freeze grant X-999999999
/freeze grant X-999999999999999999999
/freeze refuse X-٣ it can wait
/freeze extend F-999999999999999999999 until mon 07:00
"""

TIMES = """
/freeze start production until 25:00 Sale
/freeze start production until 24:00 Sale
/freeze start production until 12:60 Sale
/freeze start production until mon 7 Sale
/freeze start production until mon 99:99 Sale
/freeze start production until yesterday Sale
/freeze start production until 2020-01-01 Sale
/freeze start production until 2026-02-30 Sale
/freeze start production until 2026-13-01 Sale
/freeze start production until 2027-02-29 12:00 Sale
/freeze start production until 9999-12-31 Sale
/freeze start production until 9999-12-31 23:59 Sale
/freeze start production until 10000-01-01 Sale
/freeze start production until 0000-00-00 Sale
/freeze start production until 0001-01-01 Sale
/freeze start production until 2027-03-28 02:30 Sale
/freeze start production from 2027-03-28 02:30 until 2027-03-29 Sale
/freeze start production until 12/01/2027 Sale
/freeze start production until 1.2.2027 Sale
/freeze start production until never Sale
/freeze start production until forever
/freeze start production until now Sale
/freeze start production until 0h Sale
/freeze start production until 0m Sale
/freeze start production until -2h Sale
/freeze start production until 2 Sale
/freeze start production until 2x Sale
/freeze start production until 99999d Sale
/freeze start production until 999w Sale
/freeze start production until 9999d Sale
/freeze start production until 99999999999999999999h Sale
/freeze start production until in a hundred years Sale
/freeze start production until a year ago Sale
/freeze start production until the end of time Sale
/freeze start production until montag 07:00 Sale
/freeze start production until 1e9 Sale
/freeze start production until ∞ Sale
/freeze start production until P1D Sale
/freeze start production until "" Sale
/freeze start production until "mon 07:00 and then" Sale
/freeze start production from mon 07:00 until fri 07:00 2020 Sale
/freeze start production from 2027-01-05 until 2027-01-04 Sale
/freeze start production from 2h until 1h Sale
/freeze start production from never until mon 07:00 Sale
/freeze extend F-1 until yesterday
/freeze extend F-1 until 2027-03-28 02:30
/freeze extend F-1 until 9999-12-31
/freeze extend F-1 until soon
/freeze extend F-1 until mon 07:00 please
"""

REFS = """
/release build R-1 ../../etc/passwd
/release build R-1 /etc/passwd
/release build R-1 ..
/release build R-1 .
/release build R-1 -
/release build R-1 --
/release build R-1 -x
/release build R-1 --help
/release build R-1 --upload-pack=touch${IFS}/tmp/pwned
/release build R-1 --output=/tmp/pwned
/release build R-1 -c core.pager=id
/release build R-1 main..HEAD
/release build R-1 main...HEAD
/release build R-1 main~1
/release build R-1 main^
/release build R-1 main^{tree}
/release build R-1 main^{/One}
/release build R-1 :/One
/release build R-1 HEAD:app.txt
/release build R-1 main@{0}
/release build R-1 @{-1}
/release build R-1 @
/release build R-1 refs/heads/*
/release build R-1 ma?n
/release build R-1 [m]ain
/release build R-1 ^main
/release build R-1 main.lock
/release build R-1 main/
/release build R-1 ma\\in
/release build R-1 $(id)
/release build R-1 `id`
/release build R-1 ;id
/release build R-1 main;id
/release build R-1 main|id
/release build R-1 main&&id
/release build R-1 file:///etc/passwd
/release build R-1 ext::sh
/release build R-1 https://example.com/evil.git
/release build R-1 0000000000000000000000000000000000000000
/release build R-1 deadbeef
/release build R-1 1a2b3c4
/release build R-1 fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
/release build R-1 1
/release build R-1 MAIN
/release build R-1 main extra words
/release build R-1 main sha256:xyz
/release build R-1 main sha256:
/release build R-1 main latest
/release build R-1 main ../../x
/release build R-1 <commit>
/release build R-1 {commit}
/release build R-1 %s%s%n
/release build R-1 ветка
/release build R-1 🚀
/release new payments 2.5.0 ../../etc/passwd
/release new payments 2.5.0 --help
/release new payments 2.5.0 nowhere
/release new payments 2.5.0 <commit>
/release new payments ../../etc main
/release new payments --help main
/release new payments -1 main
/release new payments 2.5.0; main
/release new payments {version} main
/release new payments <version> main
/release new payments v2.5.0/../../x main
/release new payments 2,5,0 main
/release new payments 2.5.0🚀 main
/release new payments 2.4.0 main
/release new payments 2.5.0 main and more
"""

INJECTIONS = """
/release {{7*7}}
/release {{ config }}
/release {% for x in y %}
/release {who}
/release {0}
/release {}
/release { }
/release %(who)s
/release ${who}
/release %s %d %n
/release show {{7*7}}
/release show {who}
/release show {typed}
/release show {0.__class__}
/release show {{{{
/release show }}}}
/release why R-1 {environment}
/release build {release} {commit}
/release reject {who} {why}
/release list {service}
/deploy {release} to {environment}
/deploy R-1 to {{7*7}}
/deploy cancel {deployment}
/deploy status {service}
/rollback {service}
/rollback {{7*7}} now it burns
/rollback payments to {version}
/freeze start {environment} until mon 07:00 Sale
/freeze start production until {time} Sale
/freeze end {freeze}
/release '; DROP TABLE releases; --
/release show 1 OR 1=1
/release show 1' OR '1'='1
/release show R-1'--
/release show R-1;
/release list '; DELETE FROM audit; --
/deploy R-1 to production'; --
/deploy status payments'; DROP TABLE deployments; --
/rollback payments'; --
/freeze end 1 OR 1=1
/release *bold* _italics_ ~gone~ `code`
/release show ```rm -rf /```
/release show `R-1`
/release show *R-1*
/release show R-1` and more
/release > quoted
/release show > R-1
/release <b>show</b> R-1
/release show <script>alert(1)</script>
/release show <img src=x onerror=alert(1)>
/release show &amp;lt;b&amp;gt;
/release show &lt;!channel&gt;
/release show &#60;!channel&#62;
/release show <!channel>
/release show <!here>
/release show <!everyone>
/release show <!subteam^S0QA>
/release show <!date^0^{date}|never>
/release show <@U0MAYA>
/release show <#C0PAYMENTS>
/release show <https://evil.example|R-1>
/release show [R-1](https://evil.example)
/release show https://evil.example/R-1
/release @channel
/release show @channel
/release show @here
/release show @everyone
/release show @omar
/release why @qa
/release list @omar
/release approve @omar
/deploy @channel
/deploy @channel to production
/deploy R-1 to @channel
/deploy R-1 to @here
/deploy confirm @omar to production
/deploy status @everyone
/rollback @channel
/rollback payments in @here
/freeze start @channel until mon 07:00 Sale
/freeze start production until @here Sale
/freeze end @everyone
/release show #payments
/release show javascript:alert(1)
/release show \\u202eR-1
/release show \\x00
/release show null
/release show undefined
/release show true
/release show __proto__
/release show __class__
/release show ../../../R-1
/release show C:\\\\Windows
/release show "R-1
/release show R-1"
/release show "R-1" "R-2"
/release show "
/release show ""
/release show "   "
/release show ''
/release "show R-1"
/release show 'R-1'
/release \\
/release /
/release /release
/release /release frobnicate R-1
/release -
/release --
/release --help
/release -h
/release .
/release ...
/release !
/release =1+1
/release @SUM(1+1)
"""

CHARACTERS = (
    "/release 🚀",
    "/release 🚀 🚀 🚀",
    "/release show 🚀",
    "/release show R-🚀",
    "/release show 👩‍👩‍👧‍👦",
    "/release show :rocket:",
    "/release show R\N{COMBINING ACUTE ACCENT}-1",
    "/release shоw R-1",  # noqa: RUF001 - a Cyrillic o
    "/release ѕhow R-1",  # noqa: RUF001 - a Cyrillic s
    "/release zeigen R-1",
    "/release показать R-1",
    "/release 显示 R-1",
    "/release عرض R-1",
    f"/release show {RLO}1-R",
    f"/release {RLO}wohs R-1",
    f"/release show R-99{RLO}",
    f"/deploy R-1 to {RLO}noitcudorp",
    f"/freeze end {RLO}3-F",
    "/release show \x1b[31mR-1\x1b[0m",
    "/release show R-99\x07",
    "/release show R\x7f-99",
    "/release show \x01\x02\x03R-99",
    "/release show R-1\x85R-2",
    "/release show R-99\x00\x00",
    "/release show \ufffd",
    "/release show \uffff",
    "/release show \U000e0041\U000e0042",
    "/release show “R-99”",
    "/release show ‘R-1’",  # noqa: RUF001 - a phone's quotes
    "/release show «R-99»",
    "/release show „R-99“",
    "/release show “R-1",
    "/release reject “R-1” “”",
    "/release cancel “” R-1",
    f"/release show{NBSP}R-99",
    f"/release sh{ZWSP}ow R-99",
    "/release show\tR-99\tR-98",
    "/release show R-1\nR-2",
    "/release show R-1\r\n/deploy confirm R-1 to production",
    "/release reject\nR-99\nline one\nline two",
    "/deploy R—1 to moon",
    "/deploy R−99 to production",  # noqa: RUF001 - a minus
    "/deploy R-1 → production",
    "/deploy R-1 ➡️ production",
    "/deploy R-1 to prоduction",  # noqa: RUF001 - a Cyrillic o
    "/rollback pаyments now it burns",  # noqa: RUF001 - a Cyrillic a
    "/rollback Pαyments",  # noqa: RUF001 - a Greek alpha
    "/freeze start productıon until mon 07:00 Sale",  # noqa: RUF001 - a dotless i
    "/freeze start production until “”",
    "/release show ﷽﷽﷽﷽",
    "/release show Z̸̡̛͙̹͕̤̈́a̷͙̔̈l̶̘̀g̵̼̈́o̸̙̕",
)

HUGE = (
    f"/release {LONG}",
    f"/release show {LONG}",
    f"/release show R-{'9' * 39_000}",
    f"/release why R-1 {LONG}",
    f"/release build R-1 {LONG}",
    f"/release build R-1 main {LONG}",
    f"/release new payments {LONG} main",
    f"/release new payments 2.5.0 {LONG}",
    f"/release new {LONG}",
    f"/release list {LONG}",
    f"/release approve R-1 {LONG}",
    f"/release reject R-99 {LONG}",
    f"/release reject {LONG}",
    f"/release cancel R-99 {LONG}",
    f"/release {'show ' * 8000}",
    f"/release show {'R-1 ' * 8000}",
    f"/release show {'@omar ' * 6000}",
    f"/release show {'&' * 39_000}",
    f"/release show {'<' * 39_000}",
    f"/release show {'`' * 39_000}",
    f"/release show {'{' * 39_000}",
    f"/release show {'🚀' * 19_000}",
    f"/release show {'“' * 39_000}",
    f"/release {'a ' * 20_000}",
    f"/deploy {LONG}",
    f"/deploy {LONG} to production",
    f"/deploy R-1 to {LONG}",
    f"/deploy confirm R-1 to {LONG}",
    f"/deploy confirm {'R-1 to production ' * 2000}",
    f"/deploy cancel D-{'1' * 39_000}",
    f"/deploy status {LONG}",
    f"/rollback {LONG}",
    f"/rollback payments in {LONG}",
    f"/rollback payments to {LONG}",
    f"/rollback payments to {LONG} now it burns",
    f"/rollback payments now {LONG}",
    f"/freeze {LONG}",
    f"/freeze start {LONG} until mon 07:00 Sale",
    f"/freeze start {'production ' * 3000}",
    f"/freeze start {'production,' * 3000}moon until mon 07:00 Sale",
    f"/freeze start production until {LONG} Sale",
    f"/freeze start production until {'mon ' * 8000}",
    f"/freeze start production until {'9' * 39_000}h Sale",
    f"/freeze end F-{'9' * 39_000}",
    f"/freeze extend F-1 until {LONG}",
)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(each for each in text.split("\n") if each)


GROUPS = MappingProxyType(
    {
        "missing words": _lines(MISSING_WORDS),
        "wrong order": _lines(WRONG_ORDER),
        "unknown things": _lines(UNKNOWN_THINGS),
        "numbers": _lines(NUMBERS),
        "times": _lines(TIMES),
        "refs": _lines(REFS),
        "injections": _lines(INJECTIONS),
        "characters": CHARACTERS,
        "huge": HUGE,
    }
)

SHOWS_R_1 = (
    "/release show ١",  # noqa: RUF001 - an Arabic digit
    "/release show R-１",  # noqa: RUF001 - a wide digit
    "/release ｓｈｏｗ Ｒ－１",  # noqa: RUF001 - wide letters
    f"/release {LRI}show{PDI} R-1",
    f"/release show {RLM}R-1{RLM}",
    f"/release sh{ZWSP}ow{NBSP}R-1",
    "/release show R\N{NON-BREAKING HYPHEN}1",
    "/release show “R-1”",
    "/release\tSHOW\n  r1,",
    "/release show \x07R-1\x00",
)
"""What phones, other keyboards and copied texts make of `/release show R-1`: nothing is wrong with it."""

RIGHT = (
    "/release new payments 2.5.0 nowhere",
    "/release list payments mine",
    "/release show R-99",
    "/release why R-99 production",
    "/release build R-99 1a2b3c4",
    "/release checklist R-99",
    "/release approve R-99 production",
    "/release reject R-99 refunds go out twice",
    "/release withdraw R-99",
    "/release launch R-99",
    "/release cancel R-99 superseded by R-98",
    "/release edit R-99",
    "/release digest",
    "/release audit R-99",
    "/deploy R-99 to production",
    "/deploy confirm R-99 to production",
    "/deploy status payments",
    "/deploy cancel D-99",
    "/rollback payments in production to 9.9.9 checkout is slow",
    "/rollback payments now checkout is down",
    "/freeze list",
    "/freeze end F-99",
    "/freeze extend F-99 until tue 12:00",
)
"""Right in form, and about things that aren't there: however they are mistyped, nothing can come of it."""
