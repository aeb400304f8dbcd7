#!/usr/bin/env python3
"""How well tables are found: F1 of cells and of neighbours, against a corpus with known tables.

  table_score.py CORPUS [--tool build/lectern] [--files NAME...] [--verbose]

CORPUS has MANIFEST.tsv; its files whose expected_kind is "table" have the cells of their tables as
TSV (table, page, row, col, end_row, end_col, text). Each file goes through
`lectern extract --format json`.

Two measures, over all files together (micro) and as the mean of files (macro):
- cells: the texts of cells as a multiset on a page. A cell is right when a cell of that text is
  expected there; how rows were joined or columns counted does not matter.
- neighbours: the measure of the ICDAR 2013 table competition (Göbel et al., 2012). Each pair of
  neighbours, a cell and the next one that is not empty to its right or below it, is one item (text,
  text, direction). It punishes split, joined and misplaced cells and does not depend on how
  columns are numbered.
White space and the kind of hyphens and quotes are ignored. Tables on pages that the truth says
nothing about are not counted: the truth holds only some pages of long files. On the other pages
false tables count against us.
"""
import argparse
import collections
import csv
import json
import os
import re
import subprocess
import sys
import unicodedata

Cell = collections.namedtuple("Cell", "row col end_row end_col text")


def plain(text):
    """The form in which texts are compared."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[\u2010-\u2015\u2212\u00ad]", "-", text)
    text = re.sub(r"[\u2018\u2019\u201c\u201d\"'`]", "'", text)
    return re.sub(r"\s+", "", text)


def expected_tables(path):
    """{page: [[Cell]]}"""
    tables = {}
    with open(path, encoding="utf-8") as lines:
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            row, col = int(line["row"]), int(line["col"])
            end_row, end_col = int(line["end_row"] or row), int(line["end_col"] or col)
            key = (int(line["page"]), line["table"])
            tables.setdefault(key, []).append(Cell(row, col, end_row, end_col, plain(line["text"] or "")))
    pages = collections.defaultdict(list)
    for (page, _), cells in sorted(tables.items()):
        pages[page].append(cells)
    return pages


def found_tables(document):
    """{page: [[Cell]]} from the JSON of `lectern extract`."""
    tables = {}
    for block in document["blocks"]:
        if block["kind"] != "row":
            continue
        key = (block["place"]["page"], block.get("table", 0))
        cells = tables.setdefault(key, [])
        row = 1 + max((c.row for c in cells), default=-1)
        taken = {c for cell in cells if cell.row < row <= cell.end_row for c in range(cell.col, cell.end_col + 1)}
        col = 0
        for cell in block["cells"]:
            while col in taken:
                col += 1
            wide, high = cell.get("column_span", 1), cell.get("row_span", 1)
            cells.append(Cell(row, col, row + high - 1, col + wide - 1, plain(cell["text"])))
            col += wide
    pages = collections.defaultdict(list)
    for (page, _), cells in sorted(tables.items()):
        pages[page].append(cells)
    return pages


def neighbours(cells):
    """Multiset of (text, text, direction)."""
    at = {}
    for cell in cells:
        if cell.text:
            for row in range(cell.row, cell.end_row + 1):
                for col in range(cell.col, cell.end_col + 1):
                    at.setdefault((row, col), cell)
    row_max = max((c.end_row for c in cells), default=0)
    col_max = max((c.end_col for c in cells), default=0)
    pairs = set()
    for (row, col), cell in at.items():
        right = next((at[row, c] for c in range(col + 1, col_max + 1) if (row, c) in at and at[row, c] is not cell), None)
        below = next((at[r, col] for r in range(row + 1, row_max + 1) if (r, col) in at and at[r, col] is not cell), None)
        if right:
            pairs.add((id(cell), id(right), cell.text, right.text, "right"))
        if below:
            pairs.add((id(cell), id(below), cell.text, below.text, "below"))
    return collections.Counter(pair[2:] for pair in pairs)


def items(tables, measure):
    """The multiset of a page."""
    total = collections.Counter()
    for cells in tables:
        total += collections.Counter(c.text for c in cells if c.text) if measure == "cells" else neighbours(cells)
    return total


def score(right, found, expected):
    """precision, recall, F1"""
    precision, recall = right / max(found, 1), right / max(expected, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def read(tool, path, password):
    """The file's JSON, or None."""
    done = subprocess.run([tool, "extract", "--format", "json", "--password", password, path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(f"{path}: {done.stderr.decode()[:200]}\n")
        return None


def print_difference(page, measure, expected, found):
    """What is missing and what should not be there."""
    print(f"  page {page} {measure}")
    for sign, extra in (("-", expected - found), ("+", found - expected)):
        for item, count in sorted(extra.items(), key=str)[:40]:
            print("   ", sign, item, f"x{count}" if count > 1 else "")


def main():
    """Score all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--tool", default="build/lectern")
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    with open(os.path.join(args.corpus, "MANIFEST.tsv"), encoding="utf-8") as lines:
        rows = [r for r in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
                if r["expected_kind"] == "table" and r["format"] == "pdf"]
    totals = {"cells": [0, 0, 0], "neighbours": [0, 0, 0]}
    means = {"cells": [], "neighbours": []}
    for row in rows:
        name = os.path.basename(row["path"])
        if args.files and not any(f in name for f in args.files):
            continue
        document = read(args.tool, os.path.join(args.corpus, row["path"]), "")
        expected = expected_tables(os.path.join(args.corpus, row["expected_file"]))
        found = found_tables(document) if document else {}
        line = f"{name:28}"
        for measure, total in totals.items():
            counts = [0, 0, 0]
            for page, tables in expected.items():
                want, have = items(tables, measure), items(found.get(page, []), measure)
                if args.verbose:
                    print_difference(page, measure, want, have)
                for i, value in enumerate(((want & have).total(), have.total(), want.total())):
                    counts[i] += value
                    total[i] += value
            result = score(*counts)
            means[measure].append(result[2])
            line += "  %s P %.2f R %.2f F1 %.3f" % (measure, *result)
        print(line)
    for measure, total in totals.items():
        print("%-10s all: P %.3f R %.3f F1 %.3f; mean of %d files: F1 %.3f"
              % (measure, *score(*total), len(means[measure]), sum(means[measure]) / max(len(means[measure]), 1)))


if __name__ == "__main__":
    main()
