"""Questions with known places, over a few small files: the figures must not fall far below those of bench/truth.py."""
import importlib.util
import json

import pytest

from conftest import ROOT, SHARED

spec = importlib.util.spec_from_file_location("truth", ROOT / "bench" / "truth.py")
truth = importlib.util.module_from_spec(spec)
spec.loader.exec_module(truth)

FILES = 25


@pytest.mark.skipif(not (SHARED / "truth").is_dir(), reason="needs ../shared")
def test_questions_are_answered_from_the_right_place(tmp_path):
    questions = truth.read_tsv(truth.TRUTH / "questions.tsv")
    names = [row["path"] for row in truth.read_tsv(truth.CORPUS / "MANIFEST.tsv")
             if not row["path"].startswith("malformed/")]
    names, questions = truth.choose(questions, names, FILES)
    with truth.Server(tmp_path) as server:
        taken = {name for name in names if server.upload(name)}
        server.wait(300)
        taken = server.without_failed(taken)
        questions = [q for q in questions if set(truth.files_of(q)) <= taken]
        truth.score(server, questions, "", tmp_path)
    replies = [json.loads(line) for line in open(tmp_path / "replies.jsonl", encoding="utf-8")]

    def share(key):
        values = [r[key] for r in replies if r.get(key) is not None]
        return sum(values) / len(values)

    assert not [r["error"] for r in replies if r["error"]]
    assert share("file") >= 0.6
    assert share("place") >= 0.5
    assert share("refusal") >= 0.6
    assert share("refused") <= 0.35
