# postgres.sh - a PostgreSQL with Debian's settings, for the scripts beside it that read this file (". postgres.sh"). It
# is fresh, or the one that lies in $scratch/pg. They have made the folder $scratch, and call postgres_stop at their end.
postgres_as=
[ "$(id -u)" != 0 ] || postgres_as="runuser -u postgres --"
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)

# Whether one is installed; a line says so when not.
postgres_is_here() {
	[ -n "$postgres_bin" ] || { echo "skipped: needs PostgreSQL"; return 1; }
}

# Sets postgres_folder (of its socket) and postgres_url.
postgres_start() {
	postgres_folder=$scratch/pg
	postgres_url="postgresql://postgres@/postgres?host=$postgres_folder"
	chmod 755 "$scratch"
	mkdir -p "$postgres_folder"
	[ -z "$postgres_as" ] || chown postgres "$postgres_folder"
	[ -e "$postgres_folder/PG_VERSION" ] ||
		(cd / && $postgres_as "$postgres_bin/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$postgres_folder" >/dev/null)
	(cd / && $postgres_as "$postgres_bin/pg_ctl" -s -w -D "$postgres_folder" -l "$postgres_folder/log" \
		-o "-k $postgres_folder -h ''" start)
}

postgres_stop() {
	[ ! -e "$scratch/pg/postmaster.pid" ] ||
		(cd / && $postgres_as "$postgres_bin/pg_ctl" -s -m fast -D "$scratch/pg" stop) || :
}
