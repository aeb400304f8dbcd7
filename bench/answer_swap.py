#!/usr/bin/env python3
"""Adds questions that nothing answers to those of bench/truth.py: names and years replaced by those of other questions.

  bench/answer_swap.py LIBRARY/questions.tsv > more.tsv      for build/answer_lab and bench/answer_train.py
"""
import random
import re
import sys

NAME = re.compile(r"^[A-Z][\w.&'-]*[,?']?s?\??$")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
EACH = 2


def names_in(words):
    """Runs of capitalised words, not at the beginning."""
    runs, i = [], 1
    while i < len(words):
        j = i
        while j < len(words) and NAME.match(words[j]) and not (j > i and words[j - 1].endswith(",")):
            j += 1
        if j > i:
            runs.append((i, j))
        i = max(j, i + 1)
    return runs


def main():
    chance = random.Random(7)
    head, *lines = open(sys.argv[1], encoding="utf-8").read().rstrip("\n").split("\n")
    rows = [line.split("\t") for line in lines]
    answered = [row for row in rows if row[1] not in ("unanswerable", "count")]
    names = [(re.sub(r"'s$", "", " ".join(row[2].split(" ")[a:b]).rstrip("?,")), row[4])
             for row in answered for a, b in names_in(row[2].split(" "))]
    names = [(name, file) for name, file in names if len(name) > 3]
    made = []
    for row in answered:
        words, runs = row[2].split(" "), names_in(row[2].split(" "))
        if runs:
            a, b = max(runs, key=lambda run: run[1] - run[0])
            tail = re.search(r"('s)?[?,]*$", words[b - 1]).group(0)
            others = [name for name, file in names if file != row[4]]
            made += [(f"{row[0]}~{i}", " ".join(words[:a] + [chance.choice(others) + tail] + words[b:])) for i in range(EACH)]
        year = YEAR.search(row[2])
        if year:
            made.append((f"{row[0]}~y", row[2].replace(year[0], str(int(year[0]) + chance.choice([-7, -5, 3, 4, 6])))))
    print("\n".join([head, *lines, *("\t".join([name, "swapped", question] + [""] * 5) for name, question in made)]))


if __name__ == "__main__":
    main()
