#!/usr/bin/env bash
# Servers of a test's own on free ports, in a temporary folder, ended and removed afterwards; for scripts to read in (`. ci/servers.sh`).

work=$(mktemp -d)
pids=()
owner=()
[ "$(id -u)" -ne 0 ] || owner=(--reuid postgres --regid postgres --init-groups)

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
    echo "$what did not start" >&2
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

start_redis() {
    local port=$1
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" >"$work/redis.log" 2>&1 &
    pids+=($!)
    wait_for Redis redis-cli -p "$port" ping
}
