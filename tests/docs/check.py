"""What people read, checked without a network: `check.py REPOSITORY [BOOK]`.

Markdown: a relative link leads to a file and a heading that exist, and a file that is named in `code` exists. A page
of the book is in its SUMMARY.md, and links to pages of the book only, because the built book has nothing else. The
built book: every link, image, style and script leads to a file, and every anchor to an id. All texts: no word of
WORDS. Each rule is a function from texts to complaints; test_check.py feeds something bad to each.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

# Words that make readers stop, each with what to write instead.
WORDS = {
    r"somebody|someone else's": "name who it is",
    r"nobody": "say which person or policy does not, or 'no one' as a last resort",
    r"(?:is|are|was|were) told": "say who reports it, and to whom",
    r"(?:is|are|was|were) had": "use the verb",
    r"to mend|mends?|mended": "fix, remediate",
    r"dangers?|dangerous": "risk, or upcoming expiry",
}

README_LINES = 300

FENCE = re.compile(r"^\s*(```|~~~)")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")


def prose(text: str) -> list[tuple[int, str]]:
    """The lines of a Markdown text that are not code, with their numbers; inline code is blanked."""
    lines, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            lines.append((number, re.sub(r"`[^`]*`", lambda code: "`" + "x" * (len(code[0]) - 2) + "`", line)))
    return lines


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub and mdBook make it."""
    words = re.sub(r"[*`]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown text; a heading that comes again gets a number."""
    found, fenced = [], False
    for line in text.splitlines():
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and (heading := re.match(r"#{1,6}\s+(.*?)\s*#*$", line)):
            found.append(slug(heading[1]))
    return {name if found[:at].count(name) == 0 else f"{name}-{found[:at].count(name)}" for at, name in enumerate(found)}


def is_elsewhere(target: str) -> bool:
    """Whether a link leads out of the repository."""
    return bool(urlsplit(target).scheme) or target.startswith("//")


def markdown_links(texts: dict[str, str], files: set[str]) -> list[str]:
    """Links of Markdown texts that lead nowhere. `files` has every file and folder of the repository."""
    complaints = []
    for path, text in texts.items():
        for number, line in prose(text):
            for target in LINK.findall(line):
                if is_elsewhere(target):
                    continue
                place, _, anchor = unquote(target).partition("#")
                name = normal(PurePosixPath(path).parent / place) if place else path
                if name not in files:
                    complaints.append(f"{path}:{number}: {target} leads to no file")
                elif path.startswith("docs/src/") and not name.startswith("docs/src/"):
                    complaints.append(f"{path}:{number}: {target} leads out of the book: name the file in `code` instead")
                elif anchor and name in texts and anchor not in anchors(texts[name]):
                    complaints.append(f"{path}:{number}: {target}: {name} has no heading of that name")
    return complaints


def normal(path: PurePosixPath) -> str:
    """The path without `.` and `..`."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def named_files(texts: dict[str, str], files: set[str]) -> list[str]:
    """Files of this repository that a text names in `code` and that are not there."""
    complaints = []
    for path, text in texts.items():
        fenced = False
        for number, line in enumerate(text.splitlines(), 1):
            if FENCE.match(line):
                fenced = not fenced
            for name in [] if fenced else re.findall(r"`((?:src|tests|queries|docs|deploy)/[\w./-]*)`", line):
                if name.rstrip("/") not in files:
                    complaints.append(f"{path}:{number}: there is no {name}")
    return complaints


def forgotten_pages(summary: str, pages: set[str]) -> list[str]:
    """Pages of the book that its table of contents does not have."""
    listed = set(re.findall(r"\]\(([^)]+)\)", summary))
    return [f"docs/src/{page} is not in docs/src/SUMMARY.md" for page in sorted(pages - listed - {"SUMMARY.md"})]


def words(texts: dict[str, str]) -> list[str]:
    """Words that the project does not use, outside of code."""
    complaints = []
    for path, text in texts.items():
        lines = prose(text) if path.endswith(".md") else list(enumerate(text.splitlines(), 1))
        for number, line in lines:
            for word, instead in WORDS.items():
                if found := re.search(rf"\b(?:{word})\b", line, re.IGNORECASE):
                    complaints.append(f"{path}:{number}: “{found[0]}”: {instead}")
    return complaints


def too_long(readme: str) -> list[str]:
    """The README is the first page, and not the manual."""
    lines = len(readme.splitlines())
    return [f"README.md has {lines} lines, more than {README_LINES}: move the rest to docs/src"] if lines > README_LINES else []


class Page(HTMLParser):
    """The links and the ids of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        self.links += [given[name] for name in ("href", "src") if name in given]


def html_links(pages: dict[str, str], files: set[str]) -> list[str]:
    """Links of built pages that lead nowhere."""
    parsed = {path: Page(text) for path, text in pages.items()}
    complaints = []
    for path, page in parsed.items():
        for target in page.links:
            if is_elsewhere(target) or target.startswith("data:"):
                continue
            place, _, anchor = unquote(target).partition("#")
            name = normal(PurePosixPath(path).parent / place) if place else path
            if name not in files:
                complaints.append(f"{path}: {target} leads to no file")
            elif anchor and name in parsed and anchor not in parsed[name].ids:
                complaints.append(f"{path}: {target}: no element has that id")
    return complaints


def tree(root: Path, skipped: set[str]) -> set[str]:
    """Every file and folder under a folder, as paths with `/`; hidden ones and `skipped` are left out."""
    found: set[str] = set()
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in skipped:
            continue
        found.add(path.name)
        if path.is_dir():
            found |= {f"{path.name}/{inner}" for inner in tree(path, skipped)}
    return found


def main(root: Path, book: Path | None) -> list[str]:
    """Every complaint."""
    files = tree(root, {"target", "atrest-demo", "book", "__pycache__"})
    read = lambda names: {name: (root / name).read_text(encoding="utf-8") for name in sorted(names)}
    texts = read(name for name in files if name.endswith(".md") and (root / name).is_file())
    pages = {name.removeprefix("docs/src/") for name in texts if name.startswith("docs/src/")}
    # Help, errors, pages, questions and comments are texts for readers as well.
    shown = read(
        name for name in files
        if name.startswith(("src/", "queries/", "deploy/")) and name.endswith((".js", ".rs", ".sql", ".toml", ".yaml"))
    )
    complaints = markdown_links(texts, files)
    # A changelog may name files that no longer exist.
    complaints += named_files({path: text for path, text in texts.items() if path != "CHANGELOG.md"}, files)
    complaints += forgotten_pages(texts["docs/src/SUMMARY.md"], pages)
    complaints += words(texts | shown)
    complaints += too_long(texts["README.md"])
    if book:
        built = tree(book, set())
        # The page for addresses that do not exist links by the root of a server.
        html = {name: (book / name).read_text(encoding="utf-8") for name in built if name.endswith(".html") and name != "404.html"}
        complaints += html_links(html, built)
        if len(html) < len(pages):
            complaints.append(f"the book has {len(html)} pages of {len(pages)}")
    return complaints


if __name__ == "__main__":
    said = main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    print("\n".join(said) or "documents: links, anchors, pages and words are right")
    sys.exit(1 if said else 0)
