#!/usr/bin/env bash
# Installs the Debian packages that are named and missing: ci/install-packages.sh chromium fonts-noto-cjk
# Works as root and, through sudo, as anybody else; changes nothing when all is there.
set -euo pipefail

missing=()
for package in "$@"; do
    status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install what this needs (their names in Debian): ${missing[*]}" >&2
    exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing ${missing[*]} …" >&2
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 update -qq </dev/null >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
