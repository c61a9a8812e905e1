#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A drill: is the newest backup worth anything? It is verified, restored into a directory of its own, a node is
# started on it, and the state that this node serves is compared with what the manifest says.
#
#   scripts/test-backup-restore.sh --dir /backups/aspen
#
# Touches no other node: its own one listens on loopback, on free ports. Status 0: the backup restores.
set -euo pipefail

dir="${ASPEN_BACKUP_DIR:-/backups/aspen}"
backup=""
bin="${ASPEN_BIN:-}"
patience=300

usage() {
  cat <<EOF
Usage: test-backup-restore.sh [--dir DIR | --backup FILE] [--bin DIRECTORY]
  --dir     of backups; the newest is tried ($dir)
  --backup  the one that is tried
  --bin     where aspen-node and aspen-backup are; else they are looked for in PATH (ASPEN_BIN)
The restored state needs its size three times over below TMPDIR.
EOF
}

fail() {
  echo "test-backup-restore: FAILED: $1" >&2
  exit "${2:-1}"
}

while (($#)); do
  case "$1" in
    --dir | --backup | --bin)
      (($# > 1)) || fail "$1 needs a value" 2
      printf -v "${1#--}" '%s' "$2"
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown argument '$1'; --help tells what there is" 2 ;;
  esac
done

[[ -z $bin ]] || PATH="$bin:$PATH"
for program in aspen-node aspen-backup curl; do
  command -v "$program" >/dev/null || fail "there is no program $program"
done

# A member of a manifest: one stands on a line.
member() {
  sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1
}

if [[ -z $backup ]]; then
  [[ -d $dir ]] || fail "there is no directory $dir" 2
  backup=$(aspen-backup -o json list "$dir" | sed -n 's/^ *"file": "\(.*\)",$/\1/p' | head -n 1)
  [[ -n $backup ]] || fail "there is no backup in $dir"
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/aspen-drill-XXXXXX")
node=""
cleanup() {
  if [[ -n $node ]] && kill -0 "$node" 2>/dev/null; then
    kill -9 "$node" 2>/dev/null || true
    wait "$node" 2>/dev/null || true
  fi
  rm -rf "$scratch"
}
trap cleanup EXIT

step() {
  printf '%-46s' "$1"
}
done_after() {
  echo "ok, $((SECONDS - $1)) s"
}

echo "backup: $backup"
began=$SECONDS
step "verified against its manifest"
aspen-backup --quiet verify "$backup" >"$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
done_after "$began"

# Ports that nobody listens on; should another program be faster, the node says so and the drill fails.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}
http=$(free_port) admin=$(free_port) raft=$(free_port)

began=$SECONDS
step "restored into a directory of its own"
aspen-backup --quiet restore "$backup" "$scratch/node" --raft-addr "127.0.0.1:$raft" \
  >"$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
done_after "$began"

began=$SECONDS
step "a node started on it serves"
manifest="$backup.manifest.json"
ASPEN_STORAGE_BACKEND=$(member "$manifest" storage_backend) aspen-node \
  --node-id "$(member "$manifest" server_id)" --data-dir "$scratch/node" --http-addr "127.0.0.1:$http" \
  --admin-addr "127.0.0.1:$admin" --raft-addr "127.0.0.1:$raft" 2>"$scratch/node.log" &
node=$!
until curl -fso /dev/null "http://127.0.0.1:$admin/readyz"; do
  kill -0 "$node" 2>/dev/null || fail "the node ended: $(tail -n 5 "$scratch/node.log")"
  ((SECONDS - began < patience)) || fail "the node is not ready after $patience s"
  sleep 0.2
done
done_after "$began"

began=$SECONDS
step "its state is the one that was kept"
aspen-backup --quiet create --from "http://127.0.0.1:$admin" "$scratch/again" >"$scratch/said" 2>&1 \
  || fail "$(cat "$scratch/said")"
for each in rows state_digest; do
  kept=$(member "$manifest" "$each")
  served=$(member "$scratch/again.manifest.json" "$each")
  [[ -n $kept && $kept == "$served" ]] || fail "$each is $served, the manifest of the backup says $kept"
done
done_after "$began"

began=$SECONDS
step "the node stops in order"
kill -TERM "$node"
status=0
wait "$node" || status=$?
node=""
((status == 0)) || fail "the node ended with status $status"
done_after "$began"

echo "test-backup-restore: the backup restores: $(member "$manifest" rows) rows, index" \
  "$(member "$manifest" index), digest $(member "$manifest" state_digest)"
