#!/bin/sh
# jobs_peer.sh PROGRAM [JOBS] - jobs a second of Lectern's queue (PROGRAM is build/jobs_bench) on SQLite
# and on PostgreSQL with Debian's settings; of graphile-worker and pg-boss on the same PostgreSQL (QUEUES:
# a folder where "npm install node@22 pg graphile-worker@0.17.3 pg-boss@12.0.0" was run); and of Celery over
# Redis (append-only file each second), one after the other on this machine. One JSON line each; what is
# not installed is left out with a line.
set -eu
program=$1 jobs=${2:-20000}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d /tmp/lectern-jobs-XXXXXX)
as=
[ "$(id -u)" != 0 ] || as="runuser -u postgres --"
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)

finish() {
	[ ! -e "$scratch/pg/postmaster.pid" ] || (cd / && $as "$pg/pg_ctl" -s -m fast -D "$scratch/pg" stop) || :
	[ ! -e "$scratch/redis.pid" ] || kill "$(cat "$scratch/redis.pid")" || :
	sleep 0.5
	rm -rf "$scratch"
}
trap finish EXIT

"$program" "$scratch/bench.db" "$jobs"

if [ -n "$pg" ]; then
	chmod 755 "$scratch"
	mkdir "$scratch/pg"
	[ -z "$as" ] || chown postgres "$scratch/pg"
	(cd / && $as "$pg/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$scratch/pg" >/dev/null)
	(cd / && $as "$pg/pg_ctl" -s -w -D "$scratch/pg" -l "$scratch/pg/log" -o "-k $scratch/pg -h ''" start)
	"$program" "postgresql://postgres@/postgres?host=$scratch/pg" "$jobs"
	peer=$here/../../shared/peers/jobs/jobs.mjs
	if [ -n "${QUEUES:-}" ] && [ -f "$peer" ]; then
		for kind in graphile graphile-batched pgboss-100; do
			"$QUEUES/node_modules/node/bin/node" "$peer" "$QUEUES" \
				"postgresql://postgres@localhost/postgres?host=$scratch/pg" $kind "$jobs"
		done
	else
		echo "skipped: graphile-worker and pg-boss need QUEUES and ../shared"
	fi
else
	echo "skipped: needs PostgreSQL"
fi

if command -v redis-server >/dev/null; then
	venv=${VENV:-/tmp/lectern-jobs-venv}
	[ -x "$venv/bin/celery" ] || { python3 -m venv "$venv" &&
		"$venv/bin/pip" -q install celery==5.7.0 redis packaging; }
	redis-server --port 0 --unixsocket "$scratch/redis.sock" --appendonly yes --appendfsync everysec \
		--dir "$scratch" --daemonize yes --pidfile "$scratch/redis.pid" >/dev/null
	while [ ! -S "$scratch/redis.sock" ]; do sleep 0.1; done
	BROKER="redis+socket://$scratch/redis.sock" "$venv/bin/python" "$here/jobs_peer.py" "$jobs"
else
	echo "skipped: needs redis-server"
fi
