// SPDX-License-Identifier: Apache-2.0
#include "storage/cross_check_evidence.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>

#include "storage/files.hpp"
#include "storage/lmdb_inspect.hpp"
#include "storage/lmdb_log_reader.hpp"
#include "storage/lmdb_structure.hpp"
#include "storage/log_codec.hpp"
#include "storage/sqlite_inspect.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/system_error.hpp"

namespace storage {

using base::errc;

namespace {

/// LMDB maps at least what the file holds, and a reader needs no more.
constexpr std::uint64_t lmdb_map_bytes_min = std::uint64_t{1} << 20;

using steady = std::chrono::steady_clock;

/// A file that cannot be looked for, or not be read, is not a file that is missing.
base::result<presence> look_for(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0)
    return presence::present;
  if (errno == ENOENT)
    return presence::missing;
  return base::fail(system_error(errno, "read " + path));
}

/// Whether LMDB may open the file; if not, why.
bool is_walkable(const std::string& path, std::vector<std::string>& faults,
                 std::optional<base::error>& failure) {
  auto structure = check_lmdb_structure(path);
  if (!structure)
    failure = structure.error();
  else
    faults = std::move(structure->faults);
  return !failure && faults.empty();
}

/// The same for the log. Keeps the record of its write counter in the transaction before
/// the last one, sealed.
bool is_log_walkable(const std::string& path, log_evidence& log, base::bytes& older_counter) {
  auto structure = check_lmdb_structure(
      path, lmdb_item_name{"marks", std::string(log_codec::mark::write_counter)});
  if (!structure)
    log.failure = structure.error();
  else
    log.structure_faults = std::move(structure->faults);
  if (structure && structure->older_item)
    older_counter = std::move(*structure->older_item);
  return !log.failure && log.structure_faults.empty();
}

/// Nothing for a record that is damaged or not there.
std::optional<std::uint64_t> counter_in(const base::bytes& record, const base::uuid& log_uuid) {
  auto body = log_codec::unseal(log_codec::mark::write_counter, record, log_uuid);
  auto counter = body ? log_codec::decode_number(*body)
                      : base::result<std::uint64_t>(base::fail(body.error()));
  return counter ? std::optional(*counter) : std::nullopt;
}

log_evidence read_log(const std::string& path, bool is_full,
                      std::unique_ptr<lmdb_log_reader>& reader) {
  log_evidence log;
  auto there = look_for(path);
  log.presence = there.value_or(presence::present);
  if (!there)
    log.failure = there.error();
  if (!there || log.presence == presence::missing)
    return log;
  base::bytes older_counter;
  if (is_full && !is_log_walkable(path, log, older_counter))
    return log;
  auto opened =
      lmdb_log_reader::open(path, is_full ? log_verification::everything : log_verification::tail);
  if (!opened) {
    log.failure = opened.error();
    return log;
  }
  reader = std::move(*opened);
  log.scan = reader->scan();
  log.older_write_counter = counter_in(older_counter, log.scan->marks.identity.log_uuid);
  return log;
}

base::result<std::unique_ptr<state_inspection>> inspect(storage::backend backend,
                                                        const std::string& path, wal_view view) {
  return backend == storage::backend::lmdb ? inspect_lmdb(path, lmdb_map_bytes_min)
                                           : inspect_sqlite(path, view);
}

void verify_rows(state_inspection& file, const std::function<bool()>& keep_going,
                 state_evidence& state) {
  auto verified = file.verify_rows(keep_going);
  if (!verified)
    state.rows = verified.error();
  else
    state.rows_were_verified = verified->has_value();
}

struct depth {
  bool structure = true;
  std::function<bool()> keep_going; ///< for the rows; empty: not looked at
};

state_evidence read_state(storage::backend backend, const std::string& path, wal_view view,
                          const depth& how) {
  state_evidence state;
  auto there = look_for(path);
  state.presence = there.value_or(presence::present);
  if (!there)
    state.failure = there.error();
  if (!there || state.presence == presence::missing)
    return state;
  std::vector<std::string> faults;
  if (backend == storage::backend::lmdb && how.structure
      && !is_walkable(path, faults, state.failure)) {
    if (!state.failure)
      state.failure = base::error{errc::corrupt, path + ": " + faults.front()};
    return state;
  }
  auto opened = inspect(backend, path, view);
  if (!opened) {
    state.failure = opened.error();
    return state;
  }
  state.facts = (*opened)->facts();
  if (how.structure)
    if (auto sound = (*opened)->check_structure(); !sound)
      state.structure = sound.error();
  if (how.keep_going && !state.structure)
    verify_rows(**opened, how.keep_going, state);
  return state;
}

/// Rule 12 and the question whose WAL this is: both ask the database file alone, which
/// is whole only between a completed checkpoint and the start of the next.
std::optional<state_evidence> read_main_file(const store_paths& paths, const evidence& all) {
  if (paths.backend != storage::backend::sqlite || !all.log.scan || !all.state.facts
      || !all.state.facts->has_wal_file || all.state.facts->wal_bytes == 0)
    return std::nullopt;
  const auto& marks = all.log.scan->marks.checkpoints;
  if (marks.completed == raft::log_index{} || marks.completed != marks.started)
    return std::nullopt;
  auto last_applied = all.state.facts->meta.last_applied.index;
  depth how{false, {}};
  if (last_applied < marks.started)
    how = {true, [] { return true; }}; // it may have to serve alone: all of it
  return read_state(paths.backend, paths.state_path, wal_view::main_file_only, how);
}

std::optional<state_evidence> read_install(const store_paths& paths, const evidence& all) {
  if (!all.log.scan || !all.log.scan->marks.pending)
    return std::nullopt;
  const auto& pending = *all.log.scan->marks.pending;
  auto file = std::filesystem::path(paths.state_path).parent_path() / pending.file;
  return read_state(paths.backend, file, wal_view::main_file_only, {true, [] { return true; }});
}

/// The state machine of the other durable backend, under its default name.
std::optional<std::string> look_for_other_backend(const store_paths& paths) {
  auto name = paths.backend == backend::sqlite ? "state-machine.lmdb" : "state-machine.db";
  auto path = std::filesystem::path(paths.data_dir) / name;
  if (path != paths.state_path
      && look_for(path.string()).value_or(presence::missing) == presence::present)
    return path.string();
  return std::nullopt;
}

/// Where the stores are to be, also when they are not there yet.
void look_at_place(const store_paths& paths, evidence& all) {
  for (const auto& path : {paths.log_path, paths.state_path})
    if (auto local = check_local_file_system(path);
        !local && local.error().code == errc::unsupported)
      all.misplaced.push_back(local.error().text);
  if (auto space = free_bytes(paths.data_dir))
    all.free_bytes = *space;
}

} // namespace

evidence gather_evidence(const store_paths& paths, const check_options& options) {
  evidence all;
  all.paths = paths;
  look_at_place(paths, all);
  std::unique_ptr<lmdb_log_reader> reader;
  all.log = read_log(paths.log_path, options.is_full, reader);
  auto until = steady::now() + options.digest_budget;
  depth how{options.is_full, {}};
  if (options.digest_budget.count() > 0)
    how.keep_going = [until] { return steady::now() < until; };
  auto view = options.leaves_no_trace ? wal_view::with_wal_undisturbed : wal_view::with_wal;
  all.state = read_state(paths.backend, paths.state_path, view, how);
  all.has_orphan_wal =
      paths.backend == storage::backend::sqlite && all.state.presence == presence::missing
      && look_for(wal_path(paths.state_path)).value_or(presence::missing) == presence::present;
  all.other_backends_state = look_for_other_backend(paths);
  all.main_file = read_main_file(paths, all);
  all.install = read_install(paths, all);
  if (reader && all.state.facts)
    if (auto entry = reader->entry(all.state.facts->meta.last_applied.index))
      all.log.at_last_applied = std::move(*entry);
  return all;
}

} // namespace storage
