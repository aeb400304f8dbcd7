#!/bin/sh
# both_databases.sh PROGRAM [ARGUMENTS] - a measurement (PROGRAM URL ARGUMENTS) on a fresh SQLite, and on a fresh
# PostgreSQL with Debian's settings; DATABASES in the environment names one of them alone.
set -eu
program=$1
shift
scratch=$(mktemp -d /tmp/lectern-bench-XXXXXX)
. "$(dirname "$0")/postgres.sh"

finish() {
	postgres_stop
	rm -rf "$scratch"
}
trap finish EXIT

if [ "${DATABASES:-sqlite}" = sqlite ]; then
	echo '{"database": "sqlite"}'
	"$program" "$scratch/bench.db" "$@"
fi
if [ "${DATABASES:-postgresql}" = postgresql ] && postgres_is_here; then
	postgres_start
	echo '{"database": "postgresql"}'
	"$program" "$postgres_url" "$@"
fi
