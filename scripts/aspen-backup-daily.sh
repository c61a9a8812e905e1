#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One verified backup, and older ones removed: for cron or a systemd timer.
#
#   0 3 * * * /usr/local/bin/aspen-backup-daily.sh --from http://127.0.0.1:8081 --dir /backups/aspen
#
# Ends with the status of aspen-backup: 0 done, 3 not possible now, anything else a reason to look.
set -euo pipefail
umask 077

from="${ASPEN_BACKUP_FROM:-http://127.0.0.1:8081}"
dir="${ASPEN_BACKUP_DIR:-/backups/aspen}"
retain="${ASPEN_BACKUP_RETAIN:-daily=7,weekly=4}"
program="${ASPEN_BACKUP:-aspen-backup}"

usage() {
  cat <<EOF
Usage: aspen-backup-daily.sh [--from FROM] [--dir DIR] [--retain daily=N,weekly=M]
  --from    as aspen-backup create --from ($from)
  --dir     where backups are kept; made when it is missing ($dir)
  --retain  which of them stay ($retain)
ASPEN_BACKUP_FROM, ASPEN_BACKUP_DIR, ASPEN_BACKUP_RETAIN are the same; ASPEN_BACKUP names the program.
EOF
}

fail() {
  echo "aspen-backup-daily: $2" >&2
  exit "$1"
}

while (($#)); do
  case "$1" in
    --from | --dir | --retain)
      (($# > 1)) || fail 2 "$1 needs a value"
      printf -v "${1#--}" '%s' "$2"
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail 2 "unknown argument '$1'; --help tells what there is" ;;
  esac
done

command -v "$program" >/dev/null || fail 1 "there is no program $program"
[[ -d $dir ]] || mkdir -p "$dir" || fail 1 "cannot make $dir"

began=$SECONDS
status=0
said=$("$program" --quiet create --from "$from" "$dir" --retain "$retain" 2>&1) || status=$?
if ((status != 0)); then
  fail "$status" "no backup of $from was made: $said"
fi
echo "$said"
echo "aspen-backup-daily: done after $((SECONDS - began)) s"
