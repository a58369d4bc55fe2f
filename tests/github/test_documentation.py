"""What docs/integrations/github.md says: its excerpt loads, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.ports import CodeHostError
from bot.settings import KNOWN, Settings, read
from bot.verbs.in_between import SHOWN, WITHIN
from integrations.code_hosts.chosen import SET_UP, ChosenCodeHost
from integrations.code_hosts.github_history import MOST
from integrations.github.api import LARGEST_KEPT, PAUSES, VERSION
from integrations.github.checkup import NEEDS
from integrations.github.client import PATIENCE
from integrations.github.limits import PATIENCE as PAUSE
from integrations.github.places import at_github
from tests.catalogue.texts import SHORT, loaded
from tests.github.keys import new_keys
from tests.twins import FakeCodeHost

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/integrations/github.md").read_text()


def test_the_excerpt_loads_and_both_repositories_are_at_github():
    (excerpt,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    catalogue = loaded(SHORT.partition("services:")[0] + excerpt)

    found = {name: at_github(each.repository or "", "github.com") for name, each in catalogue.services.items()}
    assert found == {"payments": "acme/payments", "storefront": "acme/storefront"}


def test_every_setting_on_the_page_is_one_and_no_other_of_github_is_left_out():
    on_it = set(re.findall(r"SLIPWAY_GITHUB_\w+", PAGE))

    assert on_it == {each for each in KNOWN if each.startswith("SLIPWAY_GITHUB_")} - {"SLIPWAY_GITHUB_WEBHOOK_SECRET"}


def test_what_is_exported_on_the_page_can_be_set(tmp_path):
    (tmp_path / "github.pem").write_text(new_keys().private)
    told = [dict(re.findall(r"(SLIPWAY_\w+)=(\S+)", line)) for line in PAGE.splitlines() if line.startswith("$ export")]
    assert len(told) == 3
    for each in told:
        there = {
            name: value.replace("/etc/slipway", str(tmp_path)).replace("…", "0" * 30) for name, value in each.items()
        }
        settings = read(there, slack=False)
        assert isinstance(settings, Settings), settings
        assert settings.uses_github == ("SLIPWAY_GITHUB_API" not in each)


def test_the_permissions_are_those_that_the_doctor_looks_for():
    rows = re.findall(r"^\| (\w[\w ]+) \| (read|write)\b", PAGE, re.MULTILINE)

    assert {(name.lower().replace(" ", "_"), level) for name, level in rows} == {*NEEDS.items(), ("metadata", "read")}


def test_the_numbers_are_those_of_the_code():
    for said in (
        f"up to {MOST:,} is read",
        f"at most {SHOWN}, and never again",
        f"answers up to {LARGEST_KEPT // 1024} KB",
        f"waited for {PATIENCE.seconds} seconds",
        f"`{VERSION}`",
    ):
        assert said in PAGE
    assert (PAUSE.seconds, WITHIN.seconds, len(PAUSES)) == (10, 2, 2), "the page says ten, two and twice"


def test_the_page_that_an_error_leads_to_is_there():
    with pytest.raises(CodeHostError) as error:
        ChosenCodeHost(FakeCodeHost()).at("acme/payments")
    assert SET_UP in str(error.value)
    page = re.search(r"docs/\S+\.md", SET_UP)
    assert page
    assert (ROOT / page[0]).is_file()
