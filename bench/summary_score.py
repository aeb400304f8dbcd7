"""How much of what a summary must have is found: ours beside the first sentences and a plain TextRank.

    python3 bench/summary_score.py [open|frozen] [--each]

Each summary has as many sentences as are marked. TextRank (Mihalcea and Tarau 2004): words that two sentences share over the
logarithms of their lengths, and PageRank with 0.85. Ours are `lectern summarize` over the files, all in one temporary library.
"""
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = os.environ.get("LECTERN", HERE.parent / "build" / "lectern")


def read(path):
    """The sentences, which of them are marked, and the text as it is added."""
    sentences, marked, lines = [], [], []
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line:
            lines.append(f"\n{line}\n" if line else "")
            continue
        if line.startswith("* "):
            marked.append(len(sentences))
            line = line[2:]
        sentences.append(line)
        lines.append(line)
    return sentences, marked, "\n".join(lines) + "\n"


def textrank(sentences, count):
    words = [set(re.findall(r"\w+", s.lower())) for s in sentences]
    n = len(words)
    alike = [[len(a & b) / (math.log(len(a) + 1) + math.log(len(b) + 1)) if i != j else 0 for j, b in enumerate(words)] for i, a in enumerate(words)]
    score = [1.0] * n
    for _ in range(50):
        score = [0.15 + 0.85 * sum(alike[j][i] / (sum(alike[j]) or 1) * score[j] for j in range(n)) for i in range(n)]
    return sorted(range(n), key=lambda i: -score[i])[:count]


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def ours(path, text, sentences, count, encoder):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{path.stem}.md"
        file.write_text(text)
        wish = ["--words", str(40 * count), "--form", "prose", "--model", "rules", "--json", "--data", folder]
        made = subprocess.run([str(PROGRAM), "summarize", str(file), *wish], capture_output=True, text=True, check=True,
                              env={**os.environ, "LECTERN_PROVIDER_URL": "off", **({} if encoder else {"LECTERN_MODEL": "off"})})
    said = sorted(json.loads(made.stdout)["summary"]["sentences"], key=lambda s: -s["weight"])
    found = []
    for one in said:
        where = [i for i, s in enumerate(sentences) if squeeze(s) in squeeze(one["text"]) or squeeze(one["text"]) in squeeze(s)]
        found += [i for i in where if i not in found]
    return found[:count]


def main():
    part = next((a for a in sys.argv[1:] if a in ("open", "frozen")), "open")
    sums, total = {}, 0
    for path in sorted((HERE / "summary" / part).glob("*.txt")):
        sentences, marked, text = read(path)
        count = len(marked)
        chosen = {"lead": list(range(count)), "textrank": textrank(sentences, count), "ours": ours(path, text, sentences, count, True)}
        total += count
        for name, numbers in chosen.items():
            sums[name] = sums.get(name, 0) + len(set(numbers) & set(marked))
        if "--each" in sys.argv:
            print(path.stem, {name: f"{len(set(n) & set(marked))}/{count}" for name, n in chosen.items()}, "missed:", [sentences[i][:60] for i in marked if i not in chosen["ours"]],
                  "instead:", [sentences[i][:60] for i in chosen["ours"] if i not in marked])
    print(json.dumps({"name": f"summaries, {part}", **{k: round(v / total, 3) for k, v in sums.items()}, "marked": total}))


if __name__ == "__main__":
    main()
