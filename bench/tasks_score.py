#!/usr/bin/env python3
"""How many of the tasks in bench/tasks are drawn, and how many drawn ones are tasks (see bench/tasks/README.md).

  bench/tasks_score.py build/draw_lab             the half that the rules and weights were made with
  bench/tasks_score.py build/draw_lab --frozen    the other half
  bench/tasks_score.py build/draw_lab --further   texts in other styles, written later
  bench/tasks_score.py build/draw_lab --errors    what went wrong, of the half that may be looked at
"""
import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path

SET = Path(__file__).resolve().parent / "tasks"
MARK = re.compile(r"\{\{(.*?)\}\}", re.S)
SELF = {"i", "me", "ich", "je", "we", "wir", "nous", "i'll"}


def is_frozen(name):
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def unmark(marked):
    """The text, and its tasks with the bytes where their words stand."""
    text, tasks, at = "", [], 0
    for found in MARK.finditer(marked):
        text += marked[at:found.start()]
        words, assignee, deadline, priority = (found[1].split("::") + [""] * 3)[:4]
        start = len(text.encode())
        text += words
        tasks.append({"start": start, "end": len(text.encode()), "words": words, "assignee": assignee, "deadline": deadline,
                      "priority": priority or "medium"})
        at = found.end()
    return text + marked[at:], tasks


def read(sentences, texts):
    """(id, kind, text, tasks) of each sentence and text."""
    found = []
    for line in sentences.read_text().splitlines()[1:]:
        name, _, kind, marked = line.split("\t")
        found.append((name, kind, *unmark(marked)))
    for path in sorted(texts.glob("*.txt")):
        found.append((path.stem, "text", *unmark(path.read_text())))
    return found


def load(frozen):
    """Of one half of the first set."""
    return [one for one in read(SET / "sentences.tsv", SET / "mails") if is_frozen(one[0]) == frozen]


def load_further():
    """Of the set in other styles; all of it may be looked at."""
    return read(SET / "further/sentences.tsv", SET / "further")


def draw(program, items):
    lines = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, _, text, _ in items)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return {one["id"]: one for one in map(json.loads, done.stdout.splitlines())}


def words(text):
    return set(re.findall(r"[\w']+", text.lower()))


def plain(text):
    return re.sub(r"^(the|le|la|der|die|das) |[\s.,;:]+$", "", text.strip().lower())


def overlaps(drawn, task, whole):
    """Begins on the task's line or holds it, and shares half of the words of the shorter one."""
    if not (drawn["start"] < task["end"] and task["start"] < drawn["end"]):
        return False
    ours, theirs = words(drawn["summary"]), words(task["words"])
    return len(ours & theirs) * 2 >= min(len(ours), len(theirs))


def pair(drawn, tasks, text):
    """Each drawn task with the task that it is, at most once."""
    pairs, free = [], list(tasks)
    for one in drawn:
        same = next((task for task in free if overlaps(one, task, text)), None)
        if same:
            free.remove(same)
        pairs.append((one, same))
    return pairs, free


def same_assignee(ours, theirs):
    ours, theirs = plain(ours), plain(theirs)
    return ours == theirs or (theirs in SELF and ours in SELF | {""}) or (theirs not in SELF and theirs and theirs in ours)


class Tally:
    def __init__(self):
        self.right = self.wrong = self.missed = 0
        self.fields = {"assignee": [0, 0], "deadline": [0, 0], "priority": [0, 0]}

    def field(self, name, asked, good):
        self.fields[name][0] += bool(good)
        self.fields[name][1] += asked

    def add(self, pairs, missed):
        self.missed += len(missed)
        for drawn, task in pairs:
            self.right += task is not None
            self.wrong += task is None
            if task:
                self.field("assignee", 1, same_assignee(drawn["assignee"], task["assignee"]))
                self.field("deadline", 1, plain(drawn["deadline"]) == plain(task["deadline"]))
                self.field("priority", 1, drawn["priority"] == task["priority"])

    def line(self, name):
        share = lambda a, b: a / b if b else 0
        fields = ", ".join(f"{key} {share(*value):.2f}" for key, value in self.fields.items())
        return (f"{name}: precision {share(self.right, self.right + self.wrong):.3f} recall "
                f"{share(self.right, self.right + self.missed):.3f} of {self.right + self.missed} tasks; {fields}")


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("program")
    asked.add_argument("--frozen", action="store_true")
    asked.add_argument("--further", action="store_true")
    asked.add_argument("--errors", action="store_true")
    options = asked.parse_args()
    items = load_further() if options.further else load(options.frozen)
    drawn = draw(options.program, items)
    sentences, texts = Tally(), Tally()
    for name, kind, text, tasks in items:
        ours = drawn[name]["tasks"]
        if kind == "text":
            pairs, missed = pair(ours, tasks, text)
            texts.add(pairs, missed)
        else:  # a sentence counts once
            pairs, missed = [(ours[0], tasks[0] if tasks else None)] if ours else [], tasks[:1] if not ours else []
            sentences.add(pairs, missed)
        if options.errors and not options.frozen:
            for one, task in pairs:
                if not task:
                    print(f"{name} wrong: {one['summary']} ({one['confidence']:.2f})")
                elif not same_assignee(one["assignee"], task["assignee"]) or plain(one["deadline"]) != plain(task["deadline"]):
                    print(f"{name} fields: {one['assignee']} | {one['deadline']}   not   {task['assignee']} | {task['deadline']}")
            for task in missed:
                print(f"{name} missed: {task['words']}   in   {text[:100] if kind != 'text' else ''}")
    print(sentences.line("sentences"))
    print(texts.line("mails and transcripts"))


if __name__ == "__main__":
    main()
