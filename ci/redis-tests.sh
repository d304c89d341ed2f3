#!/usr/bin/env bash
# The stories of tests/redis: nodes over Redis servers, clusters and Sentinels that each story starts for itself and ends.
#
#   ci/redis-tests.sh [FILTER]    only the stories whose name contains FILTER
set -euo pipefail
cd "$(dirname "$0")/.."

for program in redis-server redis-cli openssl; do
    command -v "$program" >/dev/null || ci/install-packages.sh redis-server redis-tools openssl
done
cargo test --test redis -- "$@"
