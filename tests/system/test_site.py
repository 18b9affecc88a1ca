"""The documentation as a web site: every link leads somewhere, every page is reached, nothing comes from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if "id" in values:
            self.anchors.add(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        else:
            self.loads += [values[name] for name in ("href", "src") if name in values]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    script = ROOT / "scripts" / "make_site.py"
    done = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {}
    for path in site.rglob("*.html"):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        found[path.resolve()] = page
    return found


def targets(path: Path, page: Page) -> Iterator[tuple[str, Path, str]]:
    """Each link within the site: as it stands, where it leads, and to which anchor."""
    for href in [*page.links, *page.loads]:
        if not href.startswith(("https://", "http://", "mailto:")):
            place, _, anchor = href.partition("#")
            yield href, (path.parent / place).resolve() if place else path, anchor


def test_every_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    made = [
        path.with_name("index" if path.name == "README.md" else path.stem).with_suffix(".html") for path in documents
    ]
    assert {path.relative_to(site) for path in site.rglob("*.html")} == set(made)


def test_links_lead_somewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for href, target, anchor in targets(path, page):
            assert target.is_file(), f"{path.name} links to {href}"
            assert not anchor or anchor in pages[target].anchors, f"{path.name} links to {href}"


def test_every_page_is_reached_from_every_other(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert {target for _, target, _ in targets(path, page)} >= set(pages) - {path}


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    for page in pages.values():
        assert "script" not in page.tags
        assert not any("//" in source for source in page.loads)
    assert not [word for word in ("@import", "url(", "@font-face") if word in (site / "site.css").read_text()]
