#!/usr/bin/env python3
"""Learns the weights of src/answer/features.def and signs.def, and says how well they do on questions they were not
learned from (k-fold cross-validation over questions).

  bench/truth.py --data LIBRARY                                 makes the library, LIBRARY/questions.tsv and tunedquestions.tsv
  (cat LIBRARY/questions.tsv; tail -qn +2 LIBRARY/{tuned,development}questions.tsv) > real.tsv
  bench/answer_swap.py real.tsv > more.tsv
  build/answer_lab LIBRARY MODEL more.tsv > units.jsonl
  bench/answer_train.py units.jsonl more.tsv [--write]

Needs numpy.  The ranking is a softmax over the units of a question, the decision a logistic model.  Both are kept small
by a quadratic penalty.  Besides the questions without an answer, the decision learns from questions whose document is
taken away.
"""
import argparse
import importlib.util
import json
import math
import random
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("score", ROOT.parent / "shared" / "truth" / "score.py")
score = importlib.util.module_from_spec(spec)
spec.loader.exec_module(score)

CITE_BELOW, CITATIONS = 4.0, 5
# "swapped": a question whose name or year was replaced by another's, so that nothing answers it; id "q012~1".
UNPLACED = ("unanswerable", "count", "swapped")


def names_in(path, macro):
    return re.findall(rf"^{macro}\((\w+),", path.read_text(), re.M)


# What a made-up question without an answer weighs beside a real one.
SWAPPED, TAKEN = 0.3, 0.1
FEATURES = names_in(ROOT / "src/answer/features.def", "FEATURE")
SIGNS = names_in(ROOT / "src/answer/signs.def", "SIGN")


def pairs_of(row):
    files = row["file"].split(" || ")
    places, passages = row["place"].split(" || "), row["passage"].split(" || ")
    return list(zip(files * (len(places) if len(files) == 1 else 1), places, passages))


def grade(unit, pair, answer):
    """0 wrong, 1 the right place, 2 the right place and it says the answer."""
    file, place, passage = pair
    if not score.same_file(unit["document"], file) or not score.same_place(unit["place"], place, unit["quote"], passage):
        return 0
    says = any(score.has(unit["quote"], alt) for part in answer.split(" && ") for alt in part.split(" || "))
    return 2 if says or score.words_in(passage, unit["quote"]) >= 0.5 else 1


class Part:
    def __init__(self, data, row, index, count):
        self.units = [u for u in data["units"] if not u["repeated"]]
        self.x = np.array([u["features"] for u in self.units]).reshape(len(self.units), len(FEATURES))
        self.signs = np.array([u["signs"] for u in self.units]).reshape(len(self.units), len(SIGNS))
        self.good = np.zeros(len(self.units), bool)
        if row["kind"] in UNPLACED:
            return
        pairs = pairs_of(row)
        if count == len(pairs):
            pairs = [pairs[index]]
        grades = np.array([max(grade(u, p, row["answer"]) for p in pairs) for u in self.units], int)
        self.good = grades >= max(1, grades.max(initial=0))


class Asked:
    def __init__(self, data, row):
        self.row, self.kind, self.id = row, row["kind"], row["id"]
        self.pairs = [] if self.kind in UNPLACED else pairs_of(row)
        self.parts = [Part(p, row, i, len(data["parts"])) for i, p in enumerate(data["parts"])]


def learn_ranking(asked, penalty, steps=400, rate=0.05, fixed=()):
    """Adam on the mean of -log(probability of the good units)."""
    parts = [p for a in asked for p in a.parts if p.good.any() and not p.good.all()]
    width = np.concatenate([p.x for p in parts]).std(0) + 1e-6
    width[[FEATURES.index(f) for f in fixed]] = 1e9
    w, m, v = np.zeros(len(FEATURES)), np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
    scaled = [p.x / width for p in parts]
    for step in range(1, steps + 1):
        gradient = penalty * w
        for p, x in zip(parts, scaled):
            s = x @ w
            e = np.exp(s - s.max())
            all_, good = e / e.sum(), np.where(p.good, e, 0)
            gradient += (all_ - good / good.sum()) @ x / len(parts)
        m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient ** 2
        w -= rate * (m / (1 - 0.9 ** step)) / (np.sqrt(v / (1 - 0.99 ** step)) + 1e-8)
    return w / width


def best_unit(part, w, without=()):
    s = part.x @ w
    for i, u in enumerate(part.units):
        if any(score.same_file(u["document"], f) for f in without):
            s[i] = -1e9
    return (int(s.argmax()), s) if len(s) and s.max() > -1e8 else (None, s)


def signs_of(part, w, without=()):
    i, s = best_unit(part, w, without)
    if i is None:
        return None
    return part.signs[i]


def learn_decision(asked, w, penalty, steps=600, rate=0.05, fixed=()):
    xs, ys, cs = [], [], []
    for a in asked:
        for p in a.parts:
            x = signs_of(p, w)
            if x is None or a.kind == "count":
                continue
            xs.append(x), ys.append(bool(a.pairs)), cs.append((SWAPPED if a.kind == "swapped" else 1) / len(a.parts))
            files = {f for f, _, _ in a.pairs}
            taken = signs_of(p, w, files) if files else None
            if taken is not None:
                xs.append(taken), ys.append(False), cs.append(TAKEN / len(a.parts))
    x, y, c = np.array(xs), np.array(ys, float), np.array(cs)
    # The two kinds of mistakes are equally dear.
    c *= np.where(y > 0, 0.5 / c[y > 0].sum(), 0.5 / c[y == 0].sum())
    width = x.std(0) + 1e-6
    width[0] = 1
    width[[SIGNS.index(f) for f in fixed]] = 1e9
    z = x / width
    b, m, v = np.zeros(len(SIGNS)), np.zeros(len(SIGNS)), np.zeros(len(SIGNS))
    free = np.ones(len(SIGNS))
    free[0] = 0
    for step in range(1, steps + 1):
        p = 1 / (1 + np.exp(-(z @ b)))
        gradient = ((p - y) * c) @ z + penalty * b * free
        m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient ** 2
        b -= rate * (m / (1 - 0.9 ** step)) / (np.sqrt(v / (1 - 0.99 ** step)) + 1e-8)
    return b / width


def answer(a, w, b, chance_min):
    """As compose.c: the best of each part, then others that are nearly as good."""
    cited, found, lists = [], False, []
    for p in a.parts:
        i, s = best_unit(p, w)
        if i is None:
            continue
        x = p.signs[i]
        if 1 / (1 + math.exp(-float(x @ b))) < chance_min:
            continue
        found = True
        order = [int(j) for j in np.argsort(-s) if s[j] >= s[i] - CITE_BELOW]
        cited.append(p.units[i])
        lists.append([p.units[j] for j in order[1:]])
    for units in lists:
        cited += units[:(CITATIONS - len(a.parts)) // max(1, len(lists))]
    return found, cited[:CITATIONS]


def chance(a, w, b):
    """Of its best part."""
    signs = [x for x in (signs_of(p, w) for p in a.parts) if x is not None]
    return max((1 / (1 + math.exp(-float(x @ b))) for x in signs), default=0.0)


def judge(a, found, cited):
    if a.kind == "unanswerable":
        return {"refusal": not found}
    hit = lambda f, place, passage, units: any(
        score.same_file(u["document"], f) and (place is None or score.same_place(u["place"], place, u["quote"], passage))
        for u in units)
    return {"file": all(hit(f, None, None, cited) for f, _, _ in a.pairs),
            "place": all(hit(*p, cited) for p in a.pairs),
            "first": all(any(hit(*p, [u]) for p in a.pairs) for u in cited[:len(a.pairs)]) and bool(cited),
            "refused": not found}


def rates(chances):
    """Of (chance, answerable): what is refused rightly when so many are refused wrongly."""
    right = np.array([c for c, answerable in chances if not answerable])
    wrong = np.array([c for c, answerable in chances if answerable])
    return ", ".join(f"{np.mean(right < np.quantile(wrong, q)):.3f} at {q:.2f} (chance {np.quantile(wrong, q):.2f})" for q in (0.03, 0.05, 0.07))


def figures(results):
    out = {}
    for r in results:
        for k, value in r.items():
            out.setdefault(k, []).append(value)
    return {k: sum(v) / len(v) for k, v in out.items()}


def weights_in(path, macro):
    return np.array([float(w) for w in re.findall(rf"^{macro}\(\w+, *(-?[\d.]+),", path.read_text(), re.M)])


def cross(asked, folds, penalty, penalty2, chance_min, fixed=(), seed=1, fixed2=(), kept=None):
    groups = sorted({a.id.split("~")[0] for a in asked})
    random.Random(seed).shuffle(groups)
    results, by, chances = [], {}, []
    for f in range(folds):
        held = {i for i, a in enumerate(asked) if a.id.split("~")[0] in groups[f::folds]}
        train = [a for i, a in enumerate(asked) if i not in held]
        w = kept if kept is not None else learn_ranking(train, penalty, fixed=fixed)
        b = learn_decision(train, w, penalty2, fixed=fixed2)
        for i in held:
            if asked[i].kind not in ("count", "swapped"):
                by[asked[i].id] = judge(asked[i], *answer(asked[i], w, b, chance_min))
                results.append(by[asked[i].id])
                chances.append((chance(asked[i], w, b), bool(asked[i].pairs)))
    return figures(results), by, rates(chances)


def write(path, macro, names, weights):
    text = path.read_text()
    for name, weight in zip(names, weights):
        text = re.sub(rf"^({macro}\({name}, *)-?[\d.]+,( *)", lambda m: f"{m[1].rstrip()} ".ljust(len(macro) + 17) + f"{weight:6.2f}, ", text, flags=re.M)
    path.write_text(text)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("units"), options.add_argument("questions")
    options.add_argument("--folds", type=int, default=10)
    options.add_argument("--penalty", type=float, default=0.01)
    options.add_argument("--penalty2", type=float, default=0.01)
    options.add_argument("--chance", type=float, default=0.37)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--without", default="", help="features to leave out, by comma")
    options.add_argument("--without-signs", default="")
    options.add_argument("--keep-ranking", action="store_true", help="learn the decision only")
    options.add_argument("--write", action="store_true")
    options.add_argument("--show", action="store_true", help="each question that goes wrong")
    options = options.parse_args()
    head, *lines = open(options.questions, encoding="utf-8").read().rstrip("\n").split("\n")
    rows = {r["id"]: r for r in (dict(zip(head.split("\t"), line.split("\t"))) for line in lines)}
    asked = [Asked(d, rows[d["id"]]) for d in map(json.loads, open(options.units, encoding="utf-8"))]
    texts = {a.row["question"] for a in asked if a.kind != "swapped"}
    asked = [a for a in asked if a.kind != "swapped" or a.row["question"] not in texts]
    fixed = [f for f in options.without.split(",") if f]
    fixed2 = [f for f in options.without_signs.split(",") if f]
    kept = weights_in(ROOT / "src/answer/features.def", "FEATURE") if options.keep_ranking else None
    for seed in range(1, options.seeds + 1):
        out, by, refused = cross(asked, options.folds, options.penalty, options.penalty2, options.chance, fixed, seed, fixed2, kept)
        print(f"cross-validated, seed {seed}:", " ".join(f"{k} {v:.3f}" for k, v in sorted(out.items())), "| refused rightly", refused)
    w = kept if options.keep_ranking else learn_ranking(asked, options.penalty, fixed=fixed)
    b = learn_decision(asked, w, options.penalty2, fixed=fixed2)
    own = figures([judge(a, *answer(a, w, b, options.chance)) for a in asked if a.kind not in ("count", "swapped")])
    print("on what it learned from:", " ".join(f"{k} {v:.3f}" for k, v in sorted(own.items())))
    print("could be found:", sum(all(p.good.any() for p in a.parts) for a in asked if a.pairs), "of", sum(bool(a.pairs) for a in asked))
    for name, weight in zip(FEATURES, w):
        print(f"  {name:14} {weight:7.2f}")
    for name, weight in zip(SIGNS, b):
        print(f"  sign {name:14} {weight:7.2f}")
    if options.show:
        for a in asked:
            r = by.get(a.id, {})
            if not (r.get("refusal", True) and r.get("place", True) and not r.get("refused", False)):
                print(a.id, a.kind, r, a.row["question"], "|", "can" if all(p.good.any() for p in a.parts) else "cannot")
    if options.write:
        write(ROOT / "src/answer/features.def", "FEATURE", FEATURES, w)
        write(ROOT / "src/answer/signs.def", "SIGN", SIGNS, b)


if __name__ == "__main__":
    main()
