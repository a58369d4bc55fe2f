"""The source of the demo's service, as it is in one commit: a page that customers see."""

from __future__ import annotations

from dataclasses import dataclass

README = """# payments

Shows customers their payments. `service.py` draws the page; `migrations/` holds what the database needs, in order.
"""

MIGRATIONS = {
    "0001_payments": "CREATE TABLE payment (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL, shop TEXT NOT NULL);\n",
    "0002_time_zone": "ALTER TABLE payment ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';\n",
    "0003_refunds": (
        "CREATE TABLE refund (id INTEGER PRIMARY KEY, payment INTEGER NOT NULL REFERENCES payment (id),\n"
        "                     cents INTEGER NOT NULL, paid_out_at TEXT);\n"
    ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What distinguishes the page of one commit from that of another."""

    colour: str
    headline: str
    features: tuple[str, ...]
    amount: str = "€ {:.2f}"
    refunds: bool = False
    broken: bool = False


def service(look: Look) -> str:
    """The text of `service.py`."""
    text = (
        _SERVICE.replace("@colour@", repr(look.colour))
        .replace("@headline@", repr(look.headline))
        .replace("@features@", "[\n" + "".join(f"    {each!r},\n" for each in look.features) + "]")
        .replace("@amount@", repr(look.amount))
        .replace(
            "@refunds@", repr([("Refund: coffee beans", 19.9), ("Refund: bicycle bell", 7.25)] if look.refunds else [])
        )
    )
    # A slip that happens in a hurry: a bracket is lost, and nothing can read the file any more.
    return (
        text.replace("    return rows(PAYMENTS) + rows(", "    return rows(PAYMENTS + rows(") if look.broken else text
    )


_SERVICE = '''"""Payments: the page that customers see."""

from html import escape
from string import Template

COLOUR = @colour@
HEADLINE = @headline@
FEATURES = @features@
AMOUNT = @amount@
PAYMENTS = [("Coffee beans", 19.9), ("Train to Lisbon", 84.0), ("Bicycle bell", 7.25), ("Evening concert", 42.5)]
REFUNDS = @refunds@


def rows(items, sign=""):
    """Lines of the list, each with its amount."""
    return "".join(f"<li><span>{name}</span><b>{sign}{AMOUNT.format(value)}</b></li>" for name, value in items)


def account():
    """What was paid, and what came back."""
    return rows(PAYMENTS) + rows(REFUNDS, sign="+ ")


def page(version, commit, environment):
    """The page, for one environment."""
    return PAGE.substitute(
        colour=COLOUR,
        headline=HEADLINE,
        version=escape(version),
        commit=escape(commit),
        short=escape(commit[:7]),
        environment=escape(environment),
        account=account(),
        features="".join(f"<li>{feature}</li>" for feature in FEATURES),
    )


PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Payments $version · $environment</title>
<style>
  :root { --brand: $colour; color-scheme: light dark; }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
         font: 16px/1.5 system-ui, sans-serif; color: #1c2430;
         background: linear-gradient(160deg, color-mix(in srgb, var(--brand) 16%, #fff), #fff 60%); }
  main { width: min(30rem, 100%); background: #fff; border-radius: 1.25rem; overflow: hidden;
         box-shadow: 0 1px 2px #0001, 0 1.5rem 3rem -1rem color-mix(in srgb, var(--brand) 45%, transparent); }
  header { background: var(--brand); color: #fff; padding: 1.5rem 1.75rem 1.75rem; }
  header p { margin: 0; display: flex; justify-content: space-between; align-items: center; font-weight: 600; }
  .place { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; padding: .2rem .7rem;
           border-radius: 1rem; background: #ffffff2e; }
  h1 { margin: 1.25rem 0 0; font-size: 3.25rem; line-height: 1; letter-spacing: -.03em; }
  code { font: .85rem ui-monospace, monospace; opacity: .85; }
  section { padding: 1.25rem 1.75rem; }
  h2 { margin: 0 0 .5rem; font-size: .8rem; font-weight: 600; color: #5b6472; }
  ul { margin: 0; padding: 0; list-style: none; }
  .account li { display: flex; justify-content: space-between; padding: .45rem 0; border-bottom: 1px solid #0001; }
  .account li:last-child { border: 0; }
  .account b { font-variant-numeric: tabular-nums; }
  .new { background: color-mix(in srgb, var(--brand) 7%, #fff); }
  .new li { padding: .15rem 0 .15rem 1.4rem; position: relative; }
  .new li::before { content: "✓"; position: absolute; left: 0; color: var(--brand); font-weight: 700; }
  @media (prefers-color-scheme: dark) {
    body { color: #e8ecf2;
           background: linear-gradient(160deg, color-mix(in srgb, var(--brand) 35%, #11151b), #11151b 60%); }
    main { background: #1b212a; } h2 { color: #9aa5b5; } .account li { border-color: #fff2; }
    .new { background: color-mix(in srgb, var(--brand) 18%, #1b212a); }
    .new li::before { color: color-mix(in srgb, var(--brand) 45%, #fff); }
  }
</style>
<main>
  <header>
    <p>Payments <span class="place">$environment</span></p>
    <h1>$version</h1>
    <code title="$commit">$short</code>
  </header>
  <section class="account"><h2>Your account</h2><ul>$account</ul></section>
  <section class="new"><h2>$headline</h2><ul>$features</ul></section>
</main>
<script>
  // Another version is there: show it.
  setInterval(async () => {
    try {
      const there = await (await fetch("/version", {cache: "no-store"})).json();
      if (there.commit && there.commit !== "$commit") location.reload();
    } catch { /* it is being restarted; the next look will tell */ }
  }, 1500);
</script>
</html>
""")
'''
