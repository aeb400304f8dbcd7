"""Kill the server at any moment while the model of its library changes, many times, on SQLite and on PostgreSQL; check that
the change goes on, that no search ever mixes two models, and that nothing is lost.

    model_crash_loop.py [ROUNDS [SEED]]"""
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Postgres, Server  # noqa: E402
from test_models import kill_in_changes, write_model  # noqa: E402


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    postgres = Postgres()
    try:
        for name, database in (("SQLite", ""), ("PostgreSQL", postgres.new_database())):
            with tempfile.TemporaryDirectory() as folder:
                print(f"{name}: {rounds} rounds with seed {seed}", flush=True)
                kill_in_changes(Path(folder), database, rounds, random.Random(seed))
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
