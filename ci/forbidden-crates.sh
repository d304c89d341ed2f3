#!/usr/bin/env bash
# Crates that must not be built into the program. Needs nothing but cargo, so that `make lint` always asks.
#   ring, openssl-sys, native-tls  a second TLS or crypto stack beside aws-lc-rs
#   h2@0.3                         RUSTSEC-2026-0258, without a patched 0.3
#   rsa                            RUSTSEC-2023-0071, without a fix
set -euo pipefail
cd "$(dirname "$0")/.."

tree=$(cargo tree --workspace --locked --edges normal,build --prefix none --format '{p}')
found=$(printf '%s\n' "$tree" | sort -u | grep -E '^(ring v|openssl-sys v|native-tls v|rsa v|h2 v0\.3\.)' || true)
if [ -n "$found" ]; then
    printf 'These crates must not be in the program (ci/forbidden-crates.sh says why):\n%s\n' "$found" >&2
    printf 'Ask where one comes from: cargo tree --workspace -i NAME\n' >&2
    exit 1
fi
echo "forbidden crates: none"
