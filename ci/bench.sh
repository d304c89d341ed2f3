#!/usr/bin/env bash
# The performance budget: installs what is compared with, where it is missing and may be installed, and measures.
#
#   ci/bench.sh [SECTION…]         all sections, or only these: waiting push sign-in cluster notifications start
#   MENFANG_BENCH_PEERS=0 …        installs nothing and leaves other programs out
#   MENFANG_BENCH_WRITE=1 …        writes the table into docs/performance.md
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${MENFANG_BENCH_PEERS:-1}" != 0 ] && [[ " $* " != *" --help "* ]]; then
    packages=()
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
    command -v redis-server >/dev/null || packages+=(redis-server)
    [ -x /usr/sbin/nginx ] || packages+=(nginx)
    [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || packages+=(libnginx-mod-nchan)
    command -v node >/dev/null || packages+=(nodejs npm)
    if [ ${#packages[@]} -gt 0 ]; then
        # Lines of what is not there stay empty.
        if [ "$(id -u)" -ne 0 ] || ! ci/install-packages.sh "${packages[@]}"; then
            echo "not installed, and so not compared with: ${packages[*]}" >&2
        fi
    fi
    if command -v npm >/dev/null && [ ! -d tests/browser/node_modules/ws ]; then
        npm ci --prefix tests/browser --no-audit --no-fund </dev/null >&2 || echo "npm cannot fetch ws: it is not compared with" >&2
    fi
fi
cargo bench --bench all -- "$@"
