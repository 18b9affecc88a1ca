"""The documents do what they say: blocks are run in order, what they print is compared, links lead somewhere.

In a document, a block fenced as ``sh`` or ``python`` is run, in a folder of that document's own, which holds
``docs/models``; a ``text`` block after it holds lines that it prints, in this order, with … for what was left out.
``<!-- file: NAME -->`` before a block writes it to a file instead, ``<!-- append: NAME -->`` adds it to one. A block of
commands that is not run says why, in ``<!-- not run: WHY -->`` before it or here; other fences hold no commands.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest

from documents import BLOCK, ROOT, Block, blocks, first_line, first_missing
from hil.cli.root import cli

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RUN = [path for path in DOCUMENTS if re.search(r"^```(sh|python)$", path.read_text(encoding="utf-8"), re.MULTILINE)]

SKIPPED = {
    ("README.md", "make test"): "it is this test suite",
    ("README.md", ".venv/bin/python -m pytest -q tests/system/test_coverage.py -s"): "a test of this suite, of minutes",
}
"""Blocks that are not run, by document and first line, and why."""

REPLACED = {
    ("README.md", "make demo"): "hil demo --out out/demo",
    ("docs/tutorial/first-run.md", "sudo apt-get install --no-install-recommends make python3 python3-venv"): (
        "hil --version"
    ),
}
"""What is run in place of a block that needs make, an administrator or a network."""

EVERY_TIME = {
    "docs/how-to/write-a-procedure.md",
    "docs/how-to/command-a-run.md",
}
"""Documents that every run of the tests tries; the others take a quarter of an hour, and are for make soak.

What the README shows of the demonstration is compared with it in ``test_demo``.
"""

WHEN = {True: (), False: (pytest.mark.soak,)}

FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})", re.MULTILINE)
"""The beginning or the end of a block, however it is written."""

NO_COMMANDS = {"text", "toml", "conf", "typst", "markdown", "json"}
"""Kinds of blocks that nobody would type into a terminal."""

NOT_RUN = re.compile(r"<!-- not run: (?P<why>[^\n]{10,}) -->\n```(?P<kind>\w+)\n")


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


TRIED = [pytest.param(each, marks=WHEN[name_of(each) in EVERY_TIME]) for each in RUN]


def run(command: list[str], place: Path) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(place),
    }
    done = subprocess.run(
        command,
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{command[-1]}\nended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def carry_out(block: Block, document: str, place: Path) -> str | None:
    """Do what a block says; what it printed, ``None`` if it was not run."""
    if block.file:
        assert Path(block.file).parts[0] not in ("..", "/")
        with (place / block.file).open("a" if block.what == "append" else "w", encoding="utf-8") as file:
            file.write(f"\n{block.text}" if block.what == "append" else block.text)
        return None
    key = (document, first_line(block))
    if block.kind == "python":
        return run([sys.executable, "-W", "error", "-c", block.text], place)
    if block.kind != "sh" or key in SKIPPED:
        return None
    return run(["bash", "-euo", "pipefail", "-c", REPLACED.get(key, block.text)], place)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "document", [pytest.param(each, marks=WHEN[name_of(each) in EVERY_TIME]) for each in RUN], ids=name_of
)
def test_a_document_does_what_it_says(document: Path, tmp_path: Path) -> None:
    found = blocks(document)
    shutil.copytree(ROOT / "docs" / "models", tmp_path / "docs" / "models")
    for block, after in pairwise([*found, Block("", "", "", "")]):
        printed = carry_out(block, name_of(document), tmp_path)
        if printed is not None and after.kind == "text" and not after.file:
            missing = first_missing(after.text, printed)
            assert not missing, f"after {first_line(block)!r}, {missing!r} is not in:\n{printed}"


def test_blocks_that_are_not_run_as_they_stand_exist() -> None:
    present = {(name_of(path), first_line(block)) for path in DOCUMENTS for block in blocks(path)}
    assert set(SKIPPED) | set(REPLACED) <= present


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_block_of_commands_is_run_or_says_why_not(document: Path) -> None:
    text, found = document.read_text(encoding="utf-8"), blocks(document)
    assert len(FENCE.findall(text)) == 2 * len(found), "a block that is not plainly fenced is overlooked"
    excused = [match["kind"] for match in NOT_RUN.finditer(text)]
    others = [block.kind for block in found if block.kind not in {"sh", "python", *NO_COMMANDS}]
    assert sorted(others) == sorted(excused)


INLINE = re.compile(r"`(hil [^`\n]+)`")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_in_the_text_exist_with_their_options(document: Path) -> None:
    if name_of(document) == "CHANGELOG.md" or "decisions" in document.parts:
        return
    text = COMMENT.sub("", BLOCK.sub("", document.read_text(encoding="utf-8")))
    for written in INLINE.findall(text):
        command: click.Command = cli
        context = click.Context(command, info_name="hil")
        words = [word for word in written.replace("\\|", "|").partition(" | ")[0].split()[1:] if word != "…"]
        while words and isinstance(command, click.Group) and not words[0].startswith("-"):
            name = words.pop(0)
            found = command.get_command(context, name)
            assert found is not None, f"{name_of(document)}: {written}: there is no {name}"
            context, command = click.Context(found, info_name=name, parent=context), found
        known = {"--help", "--version", *(o for p in command.params for o in (*p.opts, *p.secondary_opts))}
        for word in words:
            option = word.partition("=")[0]
            assert not option.startswith("--") or option in known, f"{name_of(document)}: {written}"


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    without_code = BLOCK.sub("", text)
    heads = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    text = BLOCK.sub("", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        place, _, anchor = target.partition("#")
        path = (document.parent / place).resolve() if place else document
        assert path.exists(), f"{name_of(document)} links to {target}"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{name_of(document)} links to {target}"


def test_every_document_is_listed() -> None:
    """Each page of docs is linked from another document."""
    linked = {
        (document.parent / target.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
        if "://" not in target
    }
    assert [name_of(path) for path in (ROOT / "docs").rglob("*.md") if path.resolve() not in linked] == []


def test_the_generated_reference_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run python scripts/make_reference.py"


def test_documents_name_no_path_of_a_machine() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/", text), name_of(document)
