"""The table of faults in docs/operations.md names tests that are there."""
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = [line for line in (TESTS.parent / "docs/operations.md").read_text().split("## What fails")[1].split("## How long")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| fault")]


def test_every_fault_is_shown_by_a_test_that_is_there():
    assert len(ROWS) >= 20
    for row in ROWS:
        file, name = re.search(r"`(test_\w+\.py)::(test_\w+)`", row).groups()
        assert f"def {name}(" in (TESTS / file).read_text(), row
