#!/usr/bin/env bash
# Calls every route of the API with examples made from its own description (schemathesis, from PyPI), and fails on a 5xx and on any
# answer that the description does not know. The server is a demo of its own on this machine.
#
#   SEED=7 ci/api-tests.sh    with other examples than the usual ones; EXAMPLES=200 for more of them
set -euo pipefail
cd "$(dirname "$0")/.."

readonly venv=$PWD/target/schemathesis
readonly wanted=ci/api/requirements.txt

fail() {
    echo "api tests: $*" >&2
    exit 1
}

python=python3
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    ci/install-packages.sh python3 python3-venv
    python=/usr/bin/python3
fi
# What is installed carries the list it was installed from.
if ! cmp --silent "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" </dev/null ||
        fail "schemathesis could not be installed into $venv; it comes from PyPI: can this machine reach it (or a mirror that pip knows)?"
    cp "$wanted" "$venv/installed.txt"
fi
cargo build --quiet
exec "$venv/bin/python" ci/api/run.py </dev/null
