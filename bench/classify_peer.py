#!/usr/bin/env python3
"""Lectern's classification beside scikit-learn (heads on the same vectors) and VADER (sentiment on the same sentences).

    bench/classify_peer.py BENCH MODEL [--frozen]

BENCH is build/classify_bench. Needs scikit-learn and vaderSentiment; what is not installed is left out with a line.
spaCy's small English model is not on the package index (its releases are files of its repository), so entities stand alone."""
import re
import subprocess
import sys
import tempfile
import time

program, model, half = sys.argv[1], sys.argv[2], "frozen" if "--frozen" in sys.argv else "open"


def heads(path, ours):
    try:
        import numpy as np
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return print("skipped: scikit-learn is not installed")
    sets = {}
    for line in open(path, encoding="utf-8"):
        name, test, label, *values = line.split("\t")
        sets.setdefault(name, []).append((int(test), int(label), [float(v) for v in values]))
    for name, rows in sets.items():
        test, labels = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
        vectors = np.array([r[2] for r in rows])
        began = time.process_time()
        head = LogisticRegression(max_iter=1000).fit(vectors[test == 0], labels[test == 0])
        took = time.process_time() - began
        accuracy = head.score(vectors[test == 1], labels[test == 1])
        own, seconds = ours[name]
        print(f"head {name}: Lectern {own:.4f} in {seconds:.3f} s, scikit-learn {accuracy:.4f} in {took:.3f} s of processors, "
              f"difference {own - accuracy:+.4f}")


def sentiment():
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return print("skipped: vaderSentiment is not installed")
    vader, right, polar, polar_right, count = SentimentIntensityAnalyzer(), 0, 0, 0, 0
    for line in open("bench/classify/sentiment.tsv", encoding="utf-8"):
        row_half, sign, text = line.rstrip("\n").split("\t")
        if row_half != half:
            continue
        score = vader.polarity_scores(text)["compound"]
        said = "positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral"
        count, right = count + 1, right + (said == sign)
        if sign != "neutral":
            polar, polar_right = polar + 1, polar_right + (score != 0 and (score > 0) == (sign == "positive"))
    print(f"sentiment VADER: {right} of {count} right, {right / count:.3f}; for or against {polar_right / polar:.3f}")


with tempfile.NamedTemporaryFile(suffix=".tsv") as vectors:
    options = [f"--vectors={vectors.name}"] + (["--frozen"] if half == "frozen" else [])
    said = subprocess.run([program, *options, model], capture_output=True, text=True, check=True).stdout
    print(f"-- the {half} half\n{said}", end="")
    heads(vectors.name, {name: (float(a), float(s)) for name, a, s in
                         re.findall(r"^head (\w+): accuracy ([\d.]+);.* in ([\d.]+) s$", said, re.M)})
sentiment()
