#!/bin/sh
# The image's program: `switchboard start` serves, every other verb is a command of the operator.
set -eu
cd "${SWITCHBOARD_FOLDER:-/app}"

# 60 % of the container's memory for the old generation of V8's heap. The rest is for what is not
# heap: buffers, sockets, the young generation. Without a limit V8 decides by itself.
heap_flags() {
  for file in ${MEMORY_LIMIT_FILES:-/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes}; do
    [ -r "$file" ] || continue
    limit=$(cat "$file")
    # More than 15 digits is how version 1 of cgroups says "no limit".
    case $limit in *[!0-9]* | '' | ????????????????*) return ;; esac
    mib=$((limit / 1048576))
    semi=$((mib / 64))
    [ "$semi" -le 16 ] || semi=16
    [ "$semi" -ge 1 ] || semi=1
    echo "--max-old-space-size=$((mib * 60 / 100)) --max-semi-space-size=$semi"
    return
  done
}

[ "${1:-}" = start ] || exec node scripts/switchboard.mjs "$@"
shift
case ${NODE_OPTIONS:-} in *max-old-space-size* | *max_old_space_size*) ;; *) flags=$(heap_flags) ;; esac
# Unquoted: several flags, or none.
# shellcheck disable=SC2086
exec node ${flags:-} scripts/start.mjs "$@"
