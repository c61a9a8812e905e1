// SPDX-License-Identifier: Apache-2.0
#include "storage/state_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "storage/lmdb_inspect.hpp"
#include "storage/lmdb_install.hpp"
#include "storage/lmdb_state_file.hpp"
#include "storage/lmdb_structure.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_file_check.hpp"
#include "storage/sqlite_inspect.hpp"
#include "storage/sqlite_snapshot.hpp"

namespace storage {

namespace {

/// Address space for a file that is read, or rewritten in a few values.
std::uint64_t map_bytes_for(const std::string& path) {
  return file_size(path) + base::limits::mebibyte * 64;
}

base::error no_such_backend() {
  return {base::errc::unsupported, "a state in memory is no file"};
}

/// LMDB itself looks at nothing before it follows it.
base::status check_structure(const std::string& path) {
  auto structure = check_lmdb_structure(path);
  if (!structure)
    return base::fail(structure.error());
  if (!structure->faults.empty())
    return base::fail(base::errc::corrupt, structure->faults.front());
  return {};
}

struct open_lmdb_state {
  std::unique_ptr<lmdb_environment> environment;
  lmdb_state_tables tables;
};

base::result<open_lmdb_state> open_to_read(const std::string& path) {
  if (auto sound = check_structure(path); !sound)
    return base::fail(sound.error());
  auto environment =
      lmdb_environment::open({path, lmdb_access::read_only, map_bytes_for(path), {}});
  if (!environment)
    return base::fail(environment.error());
  auto tables = open_state_tables(**environment);
  if (!tables)
    return base::fail(tables.error());
  return open_lmdb_state{std::move(*environment), *tables};
}

base::result<snapshot_report> check_lmdb_file(const std::string& path,
                                              const std::function<bool()>& keep_going) {
  auto opened = open_to_read(path);
  if (!opened)
    return base::fail(opened.error());
  auto transaction = opened->environment->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(*transaction, opened->tables);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto sealed = check_seals(*recorded); !sealed)
    return base::fail(sealed.error());
  auto verified = verify_lmdb_rows(*transaction, opened->tables, keep_going);
  if (!verified)
    return base::fail(verified.error());
  if (!*verified)
    return base::fail(base::errc::interrupted, "the verification was stopped");
  auto report = **verified;
  report.file_bytes = file_size(path);
  return report;
}

base::result<snapshot_report> copy_lmdb_file(const std::string& from, const std::string& to,
                                             const snapshot_watch& watch) {
  auto opened = open_to_read(from);
  if (!opened)
    return base::fail(opened.error());
  auto transaction = opened->environment->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  return write_lmdb_snapshot(*transaction, opened->tables, to, 2 * map_bytes_for(from), watch);
}

} // namespace

std::optional<backend> backend_of_file(const std::string& path) {
  // sqlite.org/fileformat.html, 1.3; lmdb's meta page has its magic behind the page's head.
  constexpr std::string_view sqlite_magic("SQLite format 3\0", 16);
  constexpr std::array<char, 4> lmdb_magic{'\xde', '\xc0', '\xef', '\xbe'};
  constexpr std::size_t lmdb_magic_at = 16;
  std::array<char, lmdb_magic_at + lmdb_magic.size()> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(head.data(), head.size()))
    return std::nullopt;
  if (std::string_view(head.data(), sqlite_magic.size()) == sqlite_magic)
    return backend::sqlite;
  if (std::equal(lmdb_magic.begin(), lmdb_magic.end(), head.begin() + lmdb_magic_at))
    return backend::lmdb;
  return std::nullopt;
}

base::result<snapshot_report> check_state_file(backend kind, const std::string& path,
                                               const std::function<bool()>& keep_going) {
  switch (kind) {
  case backend::sqlite: return check_sqlite_file(path, keep_going);
  case backend::lmdb: return check_lmdb_file(path, keep_going);
  case backend::inmemory: break;
  }
  return base::fail(no_such_backend());
}

base::result<state_facts> read_state_facts(backend kind, const std::string& path) {
  if (kind == backend::inmemory)
    return base::fail(no_such_backend());
  if (kind == backend::lmdb)
    if (auto sound = check_structure(path); !sound)
      return base::fail(sound.error());
  auto opened = kind == backend::sqlite ? inspect_sqlite(path, wal_view::main_file_only)
                                        : inspect_lmdb(path, map_bytes_for(path));
  if (!opened)
    return base::fail(opened.error());
  return (*opened)->facts();
}

base::result<snapshot_report> copy_state_file(const store_paths& from, file_use use,
                                              const std::string& to, const snapshot_watch& watch) {
  if (from.backend == backend::sqlite)
    return write_sqlite_snapshot(from.state_path, to, watch, {},
                                 use == file_use::stopped ? sqlite_access::undisturbed
                                                          : sqlite_access::read_only);
  if (from.backend == backend::lmdb && use == file_use::stopped)
    return copy_lmdb_file(from.state_path, to, watch);
  return base::fail(base::errc::unsupported,
                    "the file of a running node can be read with the backend sqlite alone; ask "
                    "the node itself");
}

base::status rewrite_values(backend kind, const std::string& file, const identity& identity,
                            const state_meta& meta, const log_watermark& watermark) {
  switch (kind) {
  case backend::sqlite: return rewrite_sqlite_values(file, identity, meta, watermark);
  case backend::lmdb:
    return rewrite_lmdb_values(file, map_bytes_for(file), identity, meta, watermark);
  case backend::inmemory: break;
  }
  return base::fail(no_such_backend());
}

} // namespace storage
