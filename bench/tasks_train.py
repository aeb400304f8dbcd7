#!/usr/bin/env python3
"""Learns the weights of src/tasks/draw_features.def from the half of bench/tasks that is not frozen, and says how well
they do on what they were not learned from (five-fold cross-validation).

  bench/tasks_train.py build/draw_lab [--write]

A logistic model, kept near the weights of common sense below by a quadratic penalty: there are few examples.
"""
import argparse
import math
import random
import re
from pathlib import Path

import tasks_score

FILE = Path(__file__).resolve().parent.parent / "src/tasks/draw_features.def"
LINE = re.compile(r'^(DRAW_FEATURE\((\w+),\s*)(-?[\d.]+)(,.*)$', re.M)
PENALTY, STEP = 0.5, 0.02
# What a way of speaking says before any example: found in few of them or in none.
PRIOR = {"BIAS": -2, "HAS_REMIND": 3, "HAS_HANDED": 3, "HAS_REQUEST": 3, "HAS_MARKER": 3, "HAS_DUTY": 2.5, "HAS_COMMIT": 2.5,
         "HAS_NAMED": 2.5, "HAS_LETS": 2.5, "HAS_POLITE": 1, "HAS_COMMAND": 2, "HAS_PRESENT": 1, "PRESENT_BY": 1.5, "HAS_COURTESY": -3, "HAS_CONDITION": -1.5,
         "HAS_NEGATION": -3, "HAS_REPORT": -1.5, "HAS_PAST": -1.5, "HAS_STATE": -1.5, "FOCUS_VERB": 1, "FOCUS_QUOTED": -3, "OBJECT": 0.5,
         "QUESTION": -2, "DEADLINE": 0.7, "OPEN_BOX": 4, "DONE": -6, "ITEM": 0.2, "LISTED": 2, "LED": 0.5, "ROW": 0.5, "OWNED": 1.5,
         "SPOKEN": 0, "NO_CUE": -1.5, "SHORT": -0.5}


def examples(program):
    items = tasks_score.load(frozen=False)
    drawn = tasks_score.draw(program, items)
    rows, truths = [], []
    for name, _, text, tasks in items:
        for unit in drawn[name]["units"]:
            end = unit["start"] + len(unit["text"].encode())
            rows.append([(i, value) for i, value in enumerate(unit["features"]) if value])
            truths.append(any(task["start"] < end and unit["start"] < task["end"] for task in tasks))
    return rows, truths


def guess_of(row, weights):
    return 1 / (1 + math.exp(-sum(weights[i] * value for i, value in row)))


def learn(rows, truths, prior):
    weights = list(prior)
    for _ in range(400):
        slope = [PENALTY * (now - before) for now, before in zip(weights, prior)]
        for row, truth in zip(rows, truths):
            miss = guess_of(row, weights) - truth
            for i, value in row:
                slope[i] += miss * value
        weights = [now - STEP * part for now, part in zip(weights, slope)]
    return weights


def score(guesses, truths):
    right = sum(guess > 0.5 and truth for guess, truth in zip(guesses, truths))
    return right / max(sum(guess > 0.5 for guess in guesses), 1), right / sum(truths)


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("program")
    asked.add_argument("--write", action="store_true")
    options = asked.parse_args()
    source = FILE.read_text()
    names = [found[2] for found in LINE.finditer(source)]
    prior = [PRIOR[name] for name in names]
    rows, truths = examples(options.program)
    fold = [random.Random(i).randrange(5) for i in range(len(rows))]
    guesses = [0.0] * len(rows)
    for k in range(5):
        kept = [i for i in range(len(rows)) if fold[i] != k]
        weights = learn([rows[i] for i in kept], [truths[i] for i in kept], prior)
        for i in range(len(rows)):
            if fold[i] == k:
                guesses[i] = guess_of(rows[i], weights)
    weights = learn(rows, truths, prior)
    print(f"{len(truths)} units, {sum(truths)} tasks; held out: precision %.3f recall %.3f" % score(guesses, truths))
    print("the same that were learned from: precision %.3f recall %.3f" % score([guess_of(row, weights) for row in rows], truths))
    for low in (0, 0.2, 0.4, 0.6, 0.8):
        inside = [truth for guess, truth in zip(guesses, truths) if low <= guess < low + 0.2]
        if inside:
            print(f"said {low:.1f} to {low + 0.2:.1f}: {len(inside)} units, {sum(inside) / len(inside):.2f} tasks")
    if options.write:
        values = dict(zip(names, weights))
        FILE.write_text(LINE.sub(lambda m: f"{m[1].rstrip()}{' ' * (30 - len(m[1].rstrip()))}{values[m[2]]:6.2f}{m[4]}", source))


if __name__ == "__main__":
    main()
