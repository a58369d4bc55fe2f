"""What the pages on the catalogue show can be copied: every excerpt is read as a part of a whole."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.catalogue.file import CatalogueFile
from bot.catalogue.schema import known_at
from tests.catalogue.texts import EXAMPLE, loaded

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "catalogue.md").read_text()
PAGES = PAGE + (DOCS / "integrations/prometheus.md").read_text()
EXCERPTS = [each for each in re.findall(r"```yaml\n(.*?)```", PAGES, re.DOTALL) if not each.startswith(" ")]


def test_the_shortest_one_is_enough():
    assert EXCERPTS[0].startswith("version: 1")
    assert list(loaded(EXCERPTS[0]).services) == ["payments"]


@pytest.mark.parametrize("excerpt", EXCERPTS[1:], ids=lambda each: each.split("\n")[0])
def test_each_excerpt_fits_into_the_example(excerpt, tmp_path):
    sections = re.findall(r"^(\w+):", excerpt, re.MULTILINE)
    assert set(sections) <= set(CatalogueFile.model_fields)
    text = EXAMPLE.read_text()
    # The excerpt's sections take the example's place, but for people and things that others of them name.
    for section in sections:
        if section in {"roles", "services"}:
            continue
        text = re.sub(rf"^{section}:.*?(?=^\w|\Z)", "", text, flags=re.DOTALL | re.MULTILINE)
    for section in ("roles", "services"):
        body = re.search(rf"^{section}:\n(.*?)(?=^\w|\Z)", excerpt, re.DOTALL | re.MULTILINE)
        if body:
            name = re.match(r"  (\S+):", body[1])
            assert name
            text = re.sub(
                rf"^  {name[1]}:\n(?:   .*\n|\n)*", body[1].rstrip() + "\n", text, count=1, flags=re.MULTILINE
            )
            excerpt = excerpt.replace(body[0], "")
    (tmp_path / "templates").mkdir()
    shutil.copy(EXAMPLE.with_name("holidays.ics"), tmp_path)
    loaded(text + "\n" + excerpt, base=tmp_path)


def test_everything_that_can_be_written_is_on_the_page():
    change, service, freezes = ("change_types", "x"), ("services", "x"), ("freezes",)
    for path in (
        (),
        change,
        (*change, "checklist", 0),
        service,
        (*service, "checklist", 0),
        (*service, "tag"),
        (*service, "pull_requests"),
        (*service, "environments", "x"),
        (*service, "environments", "x", "hours"),
        (*service, "environments", "x", "watch"),
        (*service, "environments", "x", "watch", "health"),
        (*service, "environments", "x", "watch", "metrics", "x"),
        ("metrics",),
        ("defaults",),
        freezes,
        (*freezes, "exceptions"),
        (*freezes, "recurring", "x"),
        (*freezes, "calendars", "x"),
        ("reminders",),
        ("locks",),
        ("quiet_hours",),
        ("break_glass",),
        ("digests", 0),
    ):
        assert known_at(path), path
        for key in known_at(path):
            assert re.search(rf"\b{key}\b", PAGE), f"{key} is not on the page"
