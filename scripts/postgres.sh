#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own: its address is in POSTGRES_URL and its folder in POSTGRES_DATA. The
# server is Debian's; its data is removed when the command ends.
set -euo pipefail

programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }
if [ -z "$(programs)" ]; then
    "$(dirname "$0")/apt.sh" postgresql
fi
PATH="$(programs):$PATH"

folder=$(mktemp -d)
# It refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    as=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
stop() {
    "${as[@]}" pg_ctl --pgdata "$folder/data" --mode immediate --silent stop || true
    rm -rf "$folder"
}
trap stop EXIT

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
cd "$folder"
"${as[@]}" initdb --pgdata "$folder/data" --username app --auth trust --no-sync --encoding UTF8 --locale C >/dev/null
# It trusts every role but one, whose password it asks for.
sed -i '1i host all guarded 127.0.0.1/32 scram-sha-256' "$folder/data/pg_hba.conf"
cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 200
END
"${as[@]}" pg_ctl --pgdata "$folder/data" --log "$folder/log" --wait --silent start
cd "$OLDPWD"
POSTGRES_URL=postgres://app@127.0.0.1:$port/postgres POSTGRES_DATA=$folder/data "$@"
