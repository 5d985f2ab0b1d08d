"""The pages lead where they say, and the first one stays short."""

import re

import pytest

from data.features.schema import META_COLUMNS
from tests.csv_schema import written
from tests.helpers.docs_pages import PAGES
from tests.helpers.paths import ROOT

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def headings(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere(path):
    for target, anchor in LINK.findall(PAGES[path]):
        place = (ROOT / path).parent / target if target else ROOT / path
        assert place.exists(), target
        if anchor:
            assert anchor in headings(place.read_text("utf-8")), f"{target}#{anchor}"


def test_the_readme_is_short_and_names_every_page():
    readme = PAGES["README.md"]
    assert readme.count("\n") <= 120
    linked = {target for target, _ in LINK.findall(readme)}
    assert {path for path in PAGES if path != "README.md"} <= linked


def test_no_picture_is_left_over():
    shown = {target for page in PAGES.values() for target, _ in LINK.findall(page)}
    names = {target.rpartition("/")[2] for target in shown}
    assert {path.name for path in (ROOT / "docs/img").iterdir()} <= names


def test_the_schema_has_every_column_of_the_features():
    page = PAGES["docs/csv-schema.md"].split("## Features\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert set(META_COLUMNS) <= set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_the_other_tables_of_the_schema_are_written_from_the_code():
    page = PAGES["docs/csv-schema.md"]
    assert written(page) == page, "run python -m tests.csv_schema"
