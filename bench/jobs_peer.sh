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
. "$here/postgres.sh"

finish() {
	postgres_stop
	[ ! -e "$scratch/redis.pid" ] || kill "$(cat "$scratch/redis.pid")" || :
	sleep 0.5
	rm -rf "$scratch"
}
trap finish EXIT

"$program" "$scratch/bench.db" "$jobs"

if postgres_is_here; then
	postgres_start
	"$program" "$postgres_url" "$jobs"
	peer=$here/../../shared/peers/jobs/jobs.mjs
	if [ -n "${QUEUES:-}" ] && [ -f "$peer" ]; then
		for kind in graphile graphile-batched pgboss-100; do
			"$QUEUES/node_modules/node/bin/node" "$peer" "$QUEUES" \
				"postgresql://postgres@localhost/postgres?host=$postgres_folder" $kind "$jobs"
		done
	else
		echo "skipped: graphile-worker and pg-boss need QUEUES and ../shared"
	fi
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
