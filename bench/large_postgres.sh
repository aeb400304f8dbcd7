#!/bin/sh
# large_postgres.sh PROGRAM FROM FOLDER - the libraries documents-10000 and documents-1000000 of FROM (made by
# large_library.py, in SQLite) moved into a PostgreSQL with Debian's settings, if they are not there yet, and measured.
# What is in FOLDER stays for the next time: the server's files, and a data folder of each library.
set -eu
program=$1 from=$2 folder=$3
cd "$(dirname "$0")/.."
. bench/postgres.sh
postgres_is_here || exit 0
mkdir -p "$folder"
scratch=$(cd "$folder" && pwd)
trap postgres_stop EXIT
postgres_start
server=postgresql://postgres@$(echo "$postgres_folder" | sed 's,/,%2F,g')
for count in 10000 1000000; do
	psql -qXAt "$postgres_url" -c "SELECT 1 FROM pg_database WHERE datname = 'large_$count'" | grep -q . ||
		psql -qX "$postgres_url" -c "CREATE DATABASE large_$count"
done
python3 bench/large_library.py "$program" --keep "$folder" --postgresql "$server" --move "$from"
# No older program reads it.
"$program" migrate seal --data "$folder/documents-1000000" --database "$server/large_1000000" >/dev/null
python3 bench/large_searches.py "$program" "$folder/documents-1000000" --postgresql "$server/large_1000000"
