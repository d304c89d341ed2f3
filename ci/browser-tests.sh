#!/usr/bin/env bash
# The sign-in in a real, headless Chromium, also through nginx and with two nodes behind it; a picture of each state is kept under test-output/.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(chromium fonts-noto-cjk nginx)
# Somebody may have Node from elsewhere; Debian's is taken only when there is none.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
# shellcheck source=ci/servers.sh
. ci/servers.sh
command -v python3 >/dev/null || packages+=(python3)
[ -n "$(postgres_programs)" ] || packages+=(postgresql)
command -v redis-server >/dev/null || packages+=(redis-server)
ci/install-packages.sh "${packages[@]}"

# npm leaves a copy of the lock file in what it installed: nothing to do while that is not older.
if [ ! tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ]; then
    npm ci --prefix tests/browser --no-audit --no-fund </dev/null
fi
cargo build --quiet
mkdir -p test-output
# Two nodes behind nginx share them.
port=$(free_port)
start_postgres "$port"
export MENFANG_TEST_DATABASE=postgres://postgres@127.0.0.1:$port/postgres
port=$(free_port)
start_redis "$port"
export MENFANG_TEST_REDIS=redis://127.0.0.1:$port
# Most of their time they wait for something: by itself, Node would run one file at a time on two cores.
node --test --test-concurrency=2 --test-reporter=spec tests/browser/*.test.mjs </dev/null
