#!/usr/bin/env bash
# Builds the container image and starts it with no engine and no registry: the base comes from debootstrap, buildah works in a
# chroot. Needs root or sudo, and a Debian mirror for the first run; what it makes is kept under target/image.
#
#   ci/image-check.sh [PROGRAM]    PROGRAM defaults to target/release/menfang, which is then built first
set -euo pipefail
cd "$(dirname "$0")/.."

readonly work=$PWD/target/image
readonly base=localhost/menfang-base image=localhost/menfang
readonly start_seconds=20 stop_seconds=35

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo --preserve-env=http_proxy,https_proxy,no_proxy)

build_tool() {
    "${as_root[@]}" buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"
}

fail() {
    echo "image check: $*" >&2
    exit 1
}

make_base() {
    build_tool inspect --type image "$base" >/dev/null 2>&1 && return
    # The mirror that this machine's own packages come from.
    local mirror container
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
    echo "making a base system with debootstrap …"
    "${as_root[@]}" rm -rf "$work/rootfs"
    "${as_root[@]}" debootstrap --variant=minbase --include=ca-certificates bookworm "$work/rootfs" "$mirror" >"$work/base.log" ||
        fail "debootstrap failed, see $work/base.log"
    container=$(build_tool from scratch)
    build_tool copy --quiet "$container" "$work/rootfs" / >/dev/null
    build_tool config --cmd /bin/bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    build_tool commit --quiet --rm "$container" "$base" >/dev/null
    "${as_root[@]}" rm -rf "$work/rootfs"
}

# Only the base is worth its space: each vfs layer is a whole copy. The storage is this script's own, so all in it may go.
clean_up() {
    build_tool rm --all >/dev/null || true
    build_tool rmi "$image" >/dev/null || true
    build_tool rmi --prune >/dev/null || true
}

# Status code of a GET on this machine; 000 while nobody listens.
status_of() {
    local port=$1 path=$2 line
    exec 3<>"/dev/tcp/127.0.0.1/$port" || { echo 000; return; }
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
    read -r -t 5 line <&3 || line='HTTP/1.1 000'
    exec 3>&-
    echo "${line:9:3}"
}

wait_for_200() {
    local port=$1 path=$2 waited status=000
    for ((waited = 0; waited < start_seconds * 5; waited++)); do
        status=$(status_of "$port" "$path" 2>/dev/null || echo 000)
        [ "$status" = 200 ] && return
        sleep 0.2
    done
    cat "$work/serve.log" >&2
    fail "GET $path did not answer 200 within $start_seconds s (last: $status)"
}

random_key() {
    head -c 32 /dev/urandom | base64 -w 0
}

# `buildah run` ignores the image's entry point, so the command is written out; user, folder and environment are the image's.
in_container() {
    build_tool run --isolation chroot "$container" -- "$@"
}

check_what_is_inside() {
    [ "$(in_container id -u)" = 10001 ] || fail "the program does not run as user 10001"
    in_container sh -c 'touch /data/x && rm /data/x' || fail "/data cannot be written to"
    if in_container sh -c 'touch /usr/local/bin/x' 2>/dev/null; then fail "the program could be overwritten"; fi
    in_container menfang --help >"$work/help.log" || fail "menfang --help failed"
    local ran
    ran=$(build_tool inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}} {{.OCIv1.Config.User}}' "$image")
    [ "$ran" = '[menfang] [serve] 10001:10001' ] || fail "the image starts something else: $ran"
}

check_that_it_serves() {
    local http_port=$((20000 + RANDOM % 20000)) pid waited code=0
    local ops_port=$((http_port + 1))
    build_tool run --isolation chroot \
        --env MENFANG__HTTP__LISTEN="127.0.0.1:$http_port" --env MENFANG__OPS__LISTEN="127.0.0.1:$ops_port" \
        --env MENFANG__SECRETS__ENCRYPTION_KEYS="check:$(random_key)" \
        --env MENFANG__SECRETS__INDEX_KEY="$(random_key)" --env MENFANG__SECRETS__SIGNING_KEY="$(random_key)" \
        "$container" -- sh -c 'echo $$ >/data/pid && exec menfang serve' >"$work/serve.log" 2>&1 &
    local runner=$!
    wait_for_200 "$ops_port" /livez
    wait_for_200 "$ops_port" /readyz

    # A chroot has the machine's own process numbers.
    pid=$(in_container cat /data/pid)
    "${as_root[@]}" kill -TERM "$pid"
    for ((waited = 0; waited < stop_seconds * 5; waited++)); do
        kill -0 "$runner" 2>/dev/null || break
        sleep 0.2
    done
    if "${as_root[@]}" kill -KILL "$pid" 2>/dev/null; then fail "it did not stop within $stop_seconds s of SIGTERM"; fi
    wait "$runner" || code=$?
    [ "$code" -eq 0 ] || { cat "$work/serve.log" >&2; fail "after SIGTERM it ended with $code instead of 0"; }
}

program=${1:-target/release/menfang}
[ $# -gt 0 ] || cargo build --release --locked --bin menfang
ci/install-packages.sh buildah debootstrap
mkdir -p "$work"
install -m 0755 "$program" "$work/menfang"
make_base
echo "building the image …"
build_tool build --quiet --isolation chroot --format docker --build-arg BASE="$base" --build-arg BINARY=prebuilt --tag "$image" . >"$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2; fail "the image was not built"; }

container=$(build_tool from "$image")
trap clean_up EXIT
check_what_is_inside
check_that_it_serves
echo "image check: built, runs as user 10001, answers /livez and /readyz, stops on SIGTERM"
