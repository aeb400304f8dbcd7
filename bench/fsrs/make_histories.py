"""Writes histories.tsv: 1,000 random histories of reviews and what py-fsrs 6 (package fsrs) makes of them without fuzz.

    python3 -m venv /tmp/fsrs && /tmp/fsrs/bin/pip install 'fsrs>=6,<7' && /tmp/fsrs/bin/python bench/fsrs/make_histories.py
"""
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

from fsrs import Card, Rating, Scheduler

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
STEPS = {"": (), "1": (1,), "1,10": (1, 10), "2,15,60": (2, 15, 60), "10": (10,)}
WAITS_S = (20, 60, 600, 3600, 30000, 86400, 90000, 86400 * 3, 86400 * 20, 86400 * 200)


def history(number, rnd):
    """One line: settings, then for each review the seconds since the last one, the rating, and the seconds until it is due."""
    retention = rnd.choice((0.7, 0.8, 0.85, 0.9, 0.9, 0.9, 0.95, 0.97, 0.99))
    learning, relearning = rnd.choice(list(STEPS)), rnd.choice(("", "10", "1,10"))
    longest = rnd.choice((36500, 36500, 36500, 365, 30))
    scheduler = Scheduler(desired_retention=retention, learning_steps=[timedelta(minutes=m) for m in STEPS[learning]],
                          relearning_steps=[timedelta(minutes=m) for m in STEPS[relearning]], maximum_interval=longest,
                          enable_fuzzing=False)
    card, now, reviews = Card(), START, []
    for _ in range(rnd.randint(1, 14)):
        # When it is due, late, or at any time.
        due = int((card.due - now).total_seconds()) if reviews else 0
        wait = rnd.choice((due, due + rnd.randint(0, 86400 * 9), rnd.choice(WAITS_S))) if reviews else 0
        now += timedelta(seconds=wait)
        rating = rnd.choices((1, 2, 3, 4), (2, 2, 6, 1))[0]
        card, _ = scheduler.review_card(card, Rating(rating), now)
        reviews.append(f"{wait}:{rating}:{(card.due - now).total_seconds():.0f}")
    return "\t".join((str(retention), learning, relearning, str(longest), f"{card.stability:.15g}", f"{card.difficulty:.15g}", " ".join(reviews)))


rnd = random.Random(6)
lines = [history(n, rnd) for n in range(1000)]
head = "# retention\tlearning steps (min)\trelearning steps\tlongest (days)\tlast stability\tlast difficulty\tseconds since:rating:seconds until due ...\n"
Path(__file__).with_name("histories.tsv").write_text(head + "\n".join(lines) + "\n")
