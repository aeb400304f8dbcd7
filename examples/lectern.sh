#!/bin/sh
# lectern.sh - upload a file, wait until it is read, search it, ask about it, with curl alone.
#
#   LECTERN_URL=http://127.0.0.1:8000 LECTERN_KEY=lk_... examples/lectern.sh report.pdf "Who keeps the lamps?"
set -eu
url=${LECTERN_URL:-http://127.0.0.1:8000} file=$1 question=$2
call() { curl -sS --fail-with-body -H "Authorization: Bearer $LECTERN_KEY" "$@"; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

id=$(call -F "file=@$file" "$url/v1/documents" | sed 's/.*"documents":\[{"id":"\([^"]*\)".*/\1/')
echo "document $id"
while state=$(call "$url/v1/documents/$id" | member state); [ "$state" != ready ]; do
	[ "$state" != failed ] || { echo "it could not be read" >&2; exit 1; }
	sleep 0.2
done
call -H "Content-Type: application/json" -d "{\"query\":\"$question\",\"limit\":3}" "$url/v1/search"
echo
call -H "Content-Type: application/json" -d "{\"question\":\"$question\",\"stream\":false}" "$url/v1/ask"
echo
