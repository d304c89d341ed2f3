#!/usr/bin/env bash
# The stories of tests/it on PostgreSQL and on MariaDB (cargo test runs them on SQLite): servers of their own on free ports, in a
# temporary folder, ended and removed afterwards. Nothing of the machine's own servers is touched.
#
#   ci/database-tests.sh [postgres|mysql] [FILTER]    one of them only, or only the stories whose name contains FILTER
set -euo pipefail
cd "$(dirname "$0")/.."

readonly only=${1:-} filter=${2:-}
# shellcheck source=ci/servers.sh
. ci/servers.sh

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
    # Half of their time they wait for something.
    RUST_TEST_THREADS=${RUST_TEST_THREADS:-3} MENFANG_TEST_DATABASE=$2 cargo test --test it -- ${filter:+"$filter"} </dev/null
}

packages=(python3)
[ -n "$(postgres_programs)" ] || packages+=(postgresql)
command -v mariadbd >/dev/null || packages+=(mariadb-server)
ci/install-packages.sh "${packages[@]}"
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
