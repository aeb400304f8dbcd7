#!/bin/sh
# both_databases.sh PROGRAM [ARGUMENTS] - a measurement (PROGRAM URL ARGUMENTS) on a fresh SQLite, and on a fresh
# PostgreSQL with Debian's settings.
set -eu
program=$1
shift
scratch=$(mktemp -d /tmp/lectern-bench-XXXXXX)
as=
[ "$(id -u)" != 0 ] || as="runuser -u postgres --"
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)

finish() {
	[ ! -e "$scratch/pg/postmaster.pid" ] || (cd / && $as "$pg/pg_ctl" -s -m fast -D "$scratch/pg" stop) || :
	rm -rf "$scratch"
}
trap finish EXIT

echo '{"database": "sqlite"}'
"$program" "$scratch/bench.db" "$@"
if [ -n "$pg" ]; then
	chmod 755 "$scratch"
	mkdir "$scratch/pg"
	[ -z "$as" ] || chown postgres "$scratch/pg"
	(cd / && $as "$pg/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$scratch/pg" >/dev/null)
	(cd / && $as "$pg/pg_ctl" -s -w -D "$scratch/pg" -l "$scratch/pg/log" -o "-k $scratch/pg -h ''" start)
	echo '{"database": "postgresql"}'
	"$program" "postgresql://postgres@/postgres?host=$scratch/pg" "$@"
else
	echo "skipped: needs PostgreSQL"
fi
