"""The line-by-line part of the Terraform check sees what `terraform fmt` would change."""

import tempfile
import unittest
from pathlib import Path

from check_terraform import formatted

GOOD = 'a "b" {\n  name = "x"\n  tags = { c = "d" }\n\n  one_more = [\n    "e",\n  ]\n}\n'


class TestFormatted(unittest.TestCase):
    """Good text passes; each fault is seen."""

    def complaints(self, text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "a.tf"
            file.write_text(text, encoding="utf-8")
            return formatted(file)

    def test_canonical(self) -> None:
        self.assertEqual(self.complaints(GOOD), [])

    def test_faults(self) -> None:
        for good, bad, about in [
            ("  name = ", "  name  = ", "not aligned"),
            ("    \"e\"", "      \"e\"", "two spaces"),
            ("  name = ", "\tname = ", "a tab"),
            ("{\n", "{ \n", "at the end"),
        ]:
            with self.subTest(bad=bad):
                self.assertIn(about, "".join(self.complaints(GOOD.replace(good, bad, 1))))


if __name__ == "__main__":
    unittest.main()
