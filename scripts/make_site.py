"""Make a web site of docs/: one page for each document, with navigation, and nothing that is fetched from elsewhere.

Run: python scripts/make_site.py [FOLDER]. A link that leads nowhere ends it with exit code 1.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
STYLE = Path(__file__).with_name("site.css")

SECTIONS = {
    "tutorial": "Tutorial",
    "how-to": "How to",
    "explanation": "Explanation",
    "reference": "Reference",
    "decisions": "Decisions",
}
"""The folders of docs/ in the order of the navigation. What lies beside them belongs to the explanation."""

OUTSIDE = re.compile(r"^[a-z]+:")


@dataclass(frozen=True)
class Page:
    """A document: its file, its title, its section, where it goes in the site, and its tokens."""

    source: Path
    title: str
    section: str
    target: Path
    tokens: list[Token]


class Renderer(RendererHTML):
    """Code is coloured by its language."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:  # noqa: ARG002
        token = tokens[idx]
        try:
            lexer = get_lexer_by_name(token.info.strip() or "text")
        except ClassNotFound:
            lexer = get_lexer_by_name("text")
        return str(highlight(token.content, lexer, HtmlFormatter(cssclass=f"code {token.info.strip()}")))


MARKDOWN = MarkdownIt("commonmark", renderer_cls=Renderer).enable("table")


def anchor(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read(source: Path) -> Page:
    """A document, its headings with anchors."""
    tokens = MARKDOWN.parse(source.read_text(encoding="utf-8"))
    title = ""
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor(inline.content))
            title = title or inline.content.replace("`", "")
    place = source.relative_to(DOCS)
    section = place.parts[0] if place.parts[0] in SECTIONS else "" if place.name == "index.md" else "explanation"
    name = "index.html" if place.name == "README.md" else f"{place.stem}.html"
    return Page(source, title, section, place.with_name(name), tokens)


def in_order(sources: Sequence[Path]) -> list[Path]:
    """Documents as index.md names them; the others after them."""
    named = re.findall(r"\]\(([^)#\s]+\.md)", (DOCS / "index.md").read_text(encoding="utf-8"))
    first = {(DOCS / name).resolve(): number for number, name in reversed(list(enumerate(named)))}
    return sorted(sources, key=lambda source: (first.get(source, len(named)), source))


def link(page: Page, href: str, pages: dict[Path, Page]) -> str:
    """A link of the site for a link of a document.

    :raises LookupError: it leads nowhere.
    """
    if OUTSIDE.match(href):
        return href
    place, _, fragment = href.partition("#")
    target = (page.source.parent / place).resolve() if place else page.source
    if target not in pages:
        if target.is_file() and DOCS in target.parents:
            return href
        raise LookupError(f"{page.source.relative_to(ROOT)}: {href} is not in docs")
    to = pages[target]
    if fragment and fragment not in {token.attrGet("id") for token in to.tokens}:
        raise LookupError(f"{page.source.relative_to(ROOT)}: {href} has no such heading")
    return relative(page, to) + (f"#{fragment}" if fragment else "")


def relative(page: Page, to: Page) -> str:
    """The way from a page to another."""
    return Path(os.path.relpath(to.target, page.target.parent)).as_posix()


def body(page: Page, pages: dict[Path, Page]) -> str:
    """What a document says, its links leading to pages of the site."""
    for token in page.tokens:
        for child in token.children or ():
            name = {"link_open": "href", "image": "src"}.get(child.type)
            if name is not None:
                child.attrSet(name, link(page, str(child.attrGet(name)), pages))
    return str(MARKDOWN.renderer.render(page.tokens, MARKDOWN.options, {}))


def navigation(page: Page, pages: Sequence[Page]) -> str:
    """Every page by its section; the section of this page is open."""
    parts = []
    for section, heading in SECTIONS.items():
        items = [
            f'<li><a href="{relative(page, each)}"{" aria-current=page" if each is page else ""}>'
            f"{html.escape(each.title)}</a></li>"
            for each in pages
            if each.section == section
        ]
        state = " open" if section == page.section or not page.section else ""
        parts.append(f"<details{state}><summary>{heading}</summary><ul>{''.join(items)}</ul></details>")
    return "".join(parts)


def whole(page: Page, text: str, pages: Sequence[Page]) -> str:
    """The page as it is written."""
    home = next(each for each in pages if not each.section)
    root = Path(os.path.relpath(".", page.target.parent)).as_posix()
    same = [each for each in pages if each.section == page.section]
    at = same.index(page)
    around = [
        f'<a rel="{rel}" href="{relative(page, same[number])}">{html.escape(same[number].title)}</a>'
        for rel, number in (("prev", at - 1), ("next", at + 1))
        if 0 <= number < len(same)
    ]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(page.title)} | hil</title>
<link rel="stylesheet" href="{root}/site.css">
</head>
<body>
<a class="skip" href="#text">To the text</a>
<nav aria-label="All pages"><a class="home" href="{relative(page, home)}">hil</a>{navigation(page, pages)}</nav>
<main id="text">
{text}<footer>{"".join(around)}</footer>
</main>
</body>
</html>
"""


def make(folder: Path) -> list[Path]:
    """Make the site in ``folder``; the pages that were written.

    :raises LookupError: links that lead nowhere, one on each line.
    """
    pages = [read(source) for source in in_order([path.resolve() for path in DOCS.rglob("*.md")])]
    by_source = {page.source: page for page in pages}
    texts, faults = {}, []
    for page in pages:
        try:
            texts[page.target] = whole(page, body(page, by_source), pages)
        except LookupError as error:
            faults.append(str(error))
    if faults:
        raise LookupError("\n".join(faults))
    for source in DOCS.rglob("*"):
        if source.is_file() and source.suffix != ".md":
            target = folder / source.relative_to(DOCS)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for target, text in texts.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        (folder / target).write_text(text, encoding="utf-8")
    colours = HtmlFormatter(cssclass="code").get_style_defs(".code")
    (folder / "site.css").write_text(f"{STYLE.read_text(encoding='utf-8')}\n{colours}\n", encoding="utf-8")
    return [folder / target for target in texts]


def main() -> int:
    """Make the site, or say which links lead nowhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "out" / "site", help="where it goes")
    folder: Path = parser.parse_args().folder
    try:
        made = make(folder)
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 1
    sys.stdout.write(f"{folder / 'index.html'}: {len(made)} pages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
