#!/usr/bin/env bash
# Several servers on one database, with a Redis and without, while things break around them (tests/cluster): each story starts what it
# needs on free ports, in a temporary folder, and ends it. Nothing of the machine's own servers is touched.
#
#   ci/cluster-tests.sh [FILTER]             only the stories whose name contains FILTER
#   MENFANG_FAULTS=long ci/cluster-tests.sh  at length, as `make faults` does
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(faketime)
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
command -v mariadbd >/dev/null || packages+=(mariadb-server)
command -v redis-server >/dev/null || packages+=(redis-server)
ci/install-packages.sh "${packages[@]}"
exec cargo test --test cluster -- "$@" </dev/null
