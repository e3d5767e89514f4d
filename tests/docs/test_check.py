"""Every rule of check.py finds what it is for, and nothing beside it."""

import unittest

import check


class Rules(unittest.TestCase):
    def test_a_link_needs_its_file_and_its_heading(self):
        texts = {
            "README.md": "# A b\n[x](docs/src/a.md#one-two) [y](docs/src/a.md#three) ![z](none.png) [w](#a-b) [v](#c)\n"
            "`[code](no.md)`\n```sh\n[fenced](no.md)\n```\n[out](https://example.com/x#y)\n",
            "docs/src/a.md": "# One `two`\n[up](../../README.md)\n",
        }
        said = check.markdown_links(texts, set(texts))
        self.assertEqual(
            said,
            [
                "README.md:2: docs/src/a.md#three: docs/src/a.md has no heading of that name",
                "README.md:2: none.png leads to no file",
                "README.md:2: #c: README.md has no heading of that name",
                "docs/src/a.md:2: ../../README.md leads out of the book: name the file in `code` instead",
            ],
        )

    def test_headings_that_come_again_are_numbered(self):
        text = "# Undo\n## Undo\n```\n# not one\n```\n### A *lake*, on [S3](x.md)!\n"
        self.assertEqual(check.anchors(text), {"undo", "undo-1", "a-lake-on-s3"})

    def test_a_named_file_exists(self):
        texts = {"a.md": "`src/lib.rs`, `src/gone.rs`, `src/`, `docs/<page>`\n```\n`src/fenced.rs`\n```\n"}
        self.assertEqual(check.named_files(texts, {"src", "src/lib.rs"}), ["a.md:1: there is no src/gone.rs"])

    def test_a_page_is_in_the_table_of_contents(self):
        said = check.forgotten_pages("- [A](a.md)\n    - [B](sub/b.md)\n", {"SUMMARY.md", "a.md", "sub/b.md", "c.md"})
        self.assertEqual(said, ["docs/src/c.md is not in docs/src/SUMMARY.md"])

    def test_words(self):
        texts = {
            "a.md": "Nobody knows.\n`nobody` is a user.\n```\nnobody\n```\nThe caller is told. Mending is not a word here.\n",
            "b.rs": '"gaps that nobody accepted"\n"the edge case is toldable"\n',
        }
        said = [complaint.split("”")[0] for complaint in check.words(texts)]
        self.assertEqual(said, ["a.md:1: “Nobody", "a.md:6: “is told", "b.rs:1: “nobody"])

    def test_the_readme_is_short(self):
        self.assertEqual(check.too_long("x\n" * check.README_LINES), [])
        self.assertEqual(len(check.too_long("x\n" * (check.README_LINES + 1))), 1)

    def test_a_built_page_links_to_files_and_ids(self):
        pages = {
            "a.html": '<h1 id="top">A</h1><a href="sub/b.html#x">b</a><a href="#top">t</a><a href="#down">d</a>'
            '<script src="book.js"></script><a href="mailto:a@example.com">m</a>',
            "sub/b.html": '<a name="x"></a><img src="../a.png"><a href="../a.html#top">a</a>',
        }
        said = check.html_links(pages, {*pages, "sub", "book.js"})
        self.assertEqual(said, ["a.html: #down: no element has that id", "sub/b.html: ../a.png leads to no file"])


if __name__ == "__main__":
    unittest.main()
