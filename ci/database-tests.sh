#!/usr/bin/env bash
# The stories of tests/it on PostgreSQL and on MariaDB (cargo test runs them on SQLite): servers of their own on free ports, in a
# temporary folder, ended and removed afterwards. Nothing of the machine's own servers is touched.
#
#   ci/database-tests.sh [postgres|mysql] [FILTER]    one of them only, or only the stories whose name contains FILTER
set -euo pipefail
cd "$(dirname "$0")/.."

readonly only=${1:-} filter=${2:-}
work=$(mktemp -d)
pids=()

# Debian keeps PostgreSQL's programs out of the PATH.
postgres_programs() {
    local folder
    folder=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -n 1)
    echo "$folder"
}

clean_up() {
    local pid
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until a command succeeds, at most half a minute.
wait_for() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 150; tries++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    cat "$work"/*.log >&2
    echo "database tests: $what did not start" >&2
    exit 1
}

# PostgreSQL refuses to run as root.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_postgres() {
    local programs port=$1 folder=$work/postgres
    programs=$(postgres_programs)
    mkdir "$folder"
    chmod 755 "$work"
    [ "$(id -u)" -ne 0 ] || chown postgres "$folder"
    (cd / && as_owner "$programs/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --no-locale --no-sync) >"$work/initdb.log"
    # What is written here is thrown away: nothing has to survive a power cut.
    (cd / && exec setpriv --pdeathsig TERM ${owner:+"${owner[@]}"} "$programs/postgres" -D "$folder/data" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories="$folder" -c max_connections=300 -c shared_buffers=256MB \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off) >"$work/postgres.log" 2>&1 &
    pids+=($!)
    wait_for PostgreSQL "$programs/pg_isready" -h 127.0.0.1 -p "$port"
}

start_mariadb() {
    local port=$1 folder=$work/mariadb user
    user=$(id -un)
    mariadb-install-db --no-defaults --user="$user" --datadir="$folder" --auth-root-authentication-method=normal >"$work/install-db.log" 2>&1
    mariadbd --no-defaults --user="$user" --datadir="$folder" --port="$port" --bind-address=127.0.0.1 --socket="$work/mariadb.sock" \
        --pid-file="$work/mariadb.pid" --max-connections=300 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=0 \
        --innodb-doublewrite=0 --innodb-flush-method=nosync --skip-log-bin >"$work/mariadb.log" 2>&1 &
    pids+=($!)
    wait_for MariaDB mariadb-admin --no-defaults -h 127.0.0.1 -P "$port" -u root ping
}

stories_on() {
    echo "the stories on $1 …"
    MENFANG_TEST_DATABASE=$2 cargo test --test it -- ${filter:+"$filter"} </dev/null
}

packages=(python3)
[ -n "$(postgres_programs)" ] || packages+=(postgresql)
command -v mariadbd >/dev/null || packages+=(mariadb-server)
ci/install-packages.sh "${packages[@]}"
owner=()
[ "$(id -u)" -ne 0 ] || owner=(--reuid postgres --regid postgres --init-groups)

cargo test --no-run --test it
# What fails on one says nothing about the other.
failed=0
if [ "$only" != mysql ]; then
    port=$(free_port)
    start_postgres "$port"
    stories_on PostgreSQL "postgres://postgres@127.0.0.1:$port/postgres" || failed=1
fi
if [ "$only" != postgres ]; then
    port=$(free_port)
    start_mariadb "$port"
    stories_on MariaDB "mysql://root@127.0.0.1:$port/mysql" || failed=1
fi
exit "$failed"
