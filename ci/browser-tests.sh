#!/usr/bin/env bash
# The sign-in in a real, headless Chromium, also through nginx; a picture of each state is kept under test-output/.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(chromium fonts-noto-cjk nginx)
# Somebody may have Node from elsewhere; Debian's is taken only when there is none.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
ci/install-packages.sh "${packages[@]}"

# npm leaves a copy of the lock file in what it installed: nothing to do while that is not older.
if [ ! tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ]; then
    npm ci --prefix tests/browser --no-audit --no-fund </dev/null
fi
cargo build --quiet
mkdir -p test-output
node --test --test-reporter=spec tests/browser/*.test.mjs </dev/null
