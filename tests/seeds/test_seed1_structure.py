"""What a file is made of, as the content of an uploaded file says it."""
import pytest

MARKDOWN = "# Title\n\nSome `words`.\n\n## Part\n\n```python\nprint(1)\n```\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
PAGE = ("<!doctype html><title>Page</title><h1>Top</h1><p>Words.</p><blockquote>Said.</blockquote>"
        "<table><tr><td>1</td></tr></table><table><tr><td>2</td></tr></table>")

MADE_OF = [
    ("structure.md", MARKDOWN, {"heading": 2, "paragraph": 1, "code": 1, "list_item": 2, "row": 2, "tables": 1}),
    ("structure.html", PAGE, {"heading": 1, "paragraph": 1, "quote": 1, "tables": 2}),
    ("structure.csv", "name,amount\nAda,3\nBen,4\n", {"row": 3, "tables": 1}),
    ("structure.json", '{"name": "Ada", "items": [{"id": 1, "price": 2}, {"id": 2, "price": 3}]}', {"row": 3, "tables": 1}),
]


@pytest.mark.parametrize("name, text, parts", MADE_OF, ids=[row[0] for row in MADE_OF])
def test_what_a_file_is_made_of_is_told(server, name, text, parts):
    document = server.add((name, text.encode()))[0]["id"]
    structure = server.get(f"/v1/documents/{document}/structure").json()["structure"]
    assert {part: structure.get(part) for part in parts} == parts
    assert server.get(f"/api/files/{document}/content").json()["structure"] == structure
