# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder: source it, do not run it. It leaves the caller in the root of
# the repository, with bash's strict mode on.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '== %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# present PROBE: is it installed? (PROBE as in scripts/packages)
present() {
  local name=${1#*:} directory
  case $1 in
    command:*) command -v "$name" >/dev/null ;;
    header:*)
      for directory in /usr/local/include /usr/include /usr/include/*-linux-gnu; do
        [[ -e $directory/$name ]] && return 0
      done
      return 1
      ;;
    python:*) python3 -c "import $name" 2>/dev/null ;;
    *) die "scripts/packages: unknown probe $1" ;;
  esac
}

# missing_packages GROUP...: the packages of the groups that are not installed, one a line.
missing_packages() {
  local group package probe
  while read -r group package probe; do
    [[ $group == "#"* || -z $group ]] && continue
    [[ " $* " == *" $group "* ]] || continue
    present "$probe" || printf '%s\n' "$package"
  done <"${ASPEN_PACKAGES:-$root/scripts/packages}"
}

# as_root COMMAND...: as root, or through sudo, which may ask for a password where there is a terminal.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo -- "$@"
  else
    sudo -n -- "$@"
  fi
}

# Why packages cannot be installed from here; nothing when they can.
install_obstacle() {
  local id name
  id=$(. "${ASPEN_OS_RELEASE:-/etc/os-release}" 2>/dev/null && printf '%s:%s' "${ID:-}" "${VERSION_ID:-}") || true
  name=$(. "${ASPEN_OS_RELEASE:-/etc/os-release}" 2>/dev/null && printf '%s' "${PRETTY_NAME:-}") || true
  if [[ $id != debian:12 && $id != debian:13 ]]; then
    printf 'this is %s, not Debian 12 or 13; install what these packages hold' "${name:-an unknown system}"
  elif [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    printf 'neither root nor sudo; as root: apt-get install'
  fi
}

# without_services COMMAND...: runs it as root; no service of what it installs starts, now or at the next
# boot: of Prometheus, say, the tests want promtool and no server. In a subshell, for its trap.
without_services() (
  policy=${ASPEN_POLICY_RC:-/usr/sbin/policy-rc.d}
  units=${ASPEN_ENABLED_UNITS:-/etc/systemd/system/multi-user.target.wants}
  before=$(ls "$units" 2>/dev/null) || true
  if [[ ! -e $policy ]]; then  # one that is there is obeyed
    trap 'as_root rm -f "$policy"' EXIT
    # Debian asks this program before it starts a service; 101 is no (invoke-rc.d(8)).
    # shellcheck disable=SC2016
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' policy "$policy"
  fi
  status=0
  as_root "$@" || status=$?
  for unit in $(comm -13 <(printf '%s\n' "$before") <(ls "$units" 2>/dev/null)); do
    [[ $unit != *.service ]] || as_root systemctl --quiet disable "$unit" || say "could not disable $unit"
  done
  exit "$status"
)

# require_packages GROUP...: installs what is missing, or says what is missing and ends with status 1.
require_packages() {
  local list missing obstacle
  list=$(missing_packages "$@")
  [[ -n $list ]] || return 0
  obstacle=$(install_obstacle)
  [[ -z $obstacle ]] || die "missing packages ($obstacle): ${list//$'\n'/ }"

  mapfile -t missing <<<"$list"
  say "installing packages: ${missing[*]}"
  # --no-install-recommends: a build needs neither manuals nor icons.
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends)
  # The lists of this machine may be old or were never fetched. One failing source of many need not
  # matter; the installation tells.
  as_root apt-get update || say "apt-get update failed; going on with the package lists there are"
  without_services "${install[@]}" "${missing[@]}" || die "apt-get install failed; missing packages: ${missing[*]}"
  list=$(missing_packages "$@")
  [[ -z $list ]] || die "still missing after their installation: ${list//$'\n'/ }"
}

# check_packages GROUP...: says what is missing and installs nothing; status 1 when something is.
check_packages() {
  local list
  list=$(missing_packages "$@")
  [[ -z $list ]] || die "missing packages: ${list//$'\n'/ }"
  echo "all packages are installed"
}

# Compilers at a time: one a core, and 1 GiB of free memory for each (CAF's templates need most of it).
compile_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  [[ $memory -ge 1 ]] || memory=1
  printf '%s' "$((cores < memory ? cores : memory))"
}

# build PRESET [TARGET...]: configures and builds with tests. require_packages comes first.
build() {
  local preset=$1
  shift
  # Where ccache is, what one clone compiled serves every other: paths count from the clone's root.
  export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
  cmake --preset "$preset" -DASPEN_BUILD_TESTS=ON
  cmake --build --preset "$preset" --parallel "$(compile_jobs)" ${1:+--target "$@"}
}

# run_tests PRESET [CTEST ARGUMENTS...]: PRESET as in CMakePresets.json.
run_tests() {
  local preset=$1 launcher=()
  shift
  # The sanitizers of g++ 12 find no room for their shadow memory on kernels that scatter mappings
  # widely; where the scattering can be switched off for a process, it is.
  if [[ $preset == [at]san ]] && setarch --addr-no-randomize true 2>/dev/null; then
    launcher=(setarch --addr-no-randomize)
  fi
  "${launcher[@]}" ctest --preset "$preset" --parallel "$(nproc)" "$@"
}
