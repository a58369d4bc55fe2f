"""What the pages about the deployers at GitHub show can be copied: catalogues and workflows are read as they stand."""

from __future__ import annotations

import re
import textwrap

import pytest
from ruamel.yaml import YAML

from bot.rules.policy import DeployerChoice
from integrations.deployers.github_actions import NEEDS as OF_ACTIONS
from integrations.deployers.github_deployments import NEEDS as OF_DEPLOYMENTS
from integrations.deployers.github_deployments import PLEASE_STOP
from integrations.deployers.github_settings import PLACEHOLDERS, read_actions, read_deployments
from integrations.deployers.github_workflow import declared_in, lacks
from integrations.deployers.kinds import KINDS
from integrations.github.errors import permission
from tests.catalogue.texts import SHORT, loaded
from tests.github.workshop import PAGES, WORKFLOW, excerpts

KINDS_HERE = {"github-actions": read_actions, "github-deployments": read_deployments}


def page(kind):
    return (PAGES / f"{kind}.md").read_text("utf-8")


def shown(kind):
    """The settings that the page of that kind shows."""
    text = next(each for each in excerpts(f"{kind}.md") if each.startswith("deployer:"))
    before = "        deployer: {command: {program: [./deploy]}}\n"
    choice = loaded(SHORT.replace(before, textwrap.indent(text, " " * 8))).services["payments"].environments[0].deployer
    assert choice.kind == kind
    return choice


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_the_catalogue_that_a_page_shows_can_be_copied(kind):
    assert isinstance(shown(kind), DeployerChoice)
    KINDS_HERE[kind](shown(kind).settings)


def test_the_workflow_that_the_page_shows_fits_the_catalogue_beside_it():
    assert list(lacks(declared_in(WORKFLOW), read_actions(shown("github-actions").settings))) == []


def test_the_workflow_that_listens_deploys_the_announced_commit_and_says_how_it_ends():
    text = next(each for each in excerpts("github-deployments.md") if each.startswith("name:"))
    job = YAML(typ="safe", pure=True).load(text)["jobs"]["deploy"]
    refs = [each["with"]["ref"] for each in job["steps"] if "with" in each]
    said = re.findall(r"state=(\w+)", text)
    assert refs == ["${{ github.event.deployment.sha }}"]
    assert said == ["in_progress", "success", "failure"]


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_every_setting_and_every_placeholder_has_its_words(kind):
    [complaint] = [each for each in KINDS[kind]({"nonsense": 1}) if "it knows" in each]
    known = re.split(r", | and ", complaint.partition("it knows ")[2].rstrip("."))
    listed = re.findall(r"^\| `(\w+)` \|", page(kind), re.MULTILINE)
    assert set(known) <= set(listed)
    assert all(f"`{{{each}}}`" in page(kind) for each in PLACEHOLDERS)


@pytest.mark.parametrize(("kind", "needs"), [("github-actions", OF_ACTIONS), ("github-deployments", OF_DEPLOYMENTS)])
def test_the_permissions_are_those_that_doctor_asks_for(kind, needs):
    assert all(permission(name, level) in page(kind) for name, level in needs.items())


def test_the_status_that_asks_to_stop_reads_as_the_page_says():
    assert PLEASE_STOP in page("github-deployments")
