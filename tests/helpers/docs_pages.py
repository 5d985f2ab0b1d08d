"""The pages that people read, and the code in them."""

import re

from tests.helpers.paths import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    if path.name != "CHANGELOG.md"
}
"""Path from the root -> text. The changelog names what was, too."""

ADDRESS = "http://127.0.0.1:5000"
"""Where the pages say that the server is."""


def blocks(language: str) -> list[tuple[str, str]]:
    """Return (path of the page, code) of each block of a language, in the pages' order."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [(path, code) for path, page in PAGES.items() for code in fence.findall(page)]
