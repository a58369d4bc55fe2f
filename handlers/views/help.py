"""Help: a short page for each command, with examples that work as they stand."""

from __future__ import annotations

from types import MappingProxyType

from handlers.parsing import grammar
from handlers.parsing.grammar import Family, Usage
from handlers.views.blocks import Said, context, header, message, section
from handlers.views.text import INDENT, Mrkdwn, Pen, all_of

_ABOUT = MappingProxyType(
    {
        Family.RELEASE: "plans releases, collects approvals, and shows what each of them waits for.",
        Family.DEPLOY: "brings a release to an environment: first a preview, then a typed confirmation.",
        Family.ROLLBACK: "brings back the last version that was good. No freeze and no missing approval stops it.",
        Family.FREEZE: "keeps environments still for a while, and tells everybody concerned.",
    }
)
_EACH = 5


def help_page(family: Family, pen: Pen) -> Said:
    """What can be typed, what it does, and an example."""
    about = Mrkdwn(f"{pen.command(family)} {_ABOUT[family]}")
    blocks = [header(f"{pen.names.here(family)} help"), section(about)]
    usages = grammar.of(family)
    blocks += [
        section("\n".join(_line(each, pen) for each in usages[start : start + _EACH]))
        for start in range(0, len(usages), _EACH)
    ]
    others = all_of(pen.command(f"{each} help") for each in Family if each is not family)
    numbers = f"{pen.command('R-12')}, {pen.command('r12')} and {pen.command('12')} mean the same"
    services = "a service's name means its open release"
    blocks.append(context(f"{numbers}; {services}.  ·  Times are in your own time zone.  ·  See also {others}."))
    return message(about, blocks)


def _line(usage: Usage, pen: Pen) -> str:
    example = "" if usage.example == usage.form else f"\n{INDENT}for example {pen.command(usage.example)}"
    return f"{pen.command(usage.form)}  {usage.does}{example}"
