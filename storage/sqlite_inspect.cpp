// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_inspect.hpp"

#include <fstream>
#include <optional>

#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_journal.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_verify.hpp"

namespace storage {

namespace {

constexpr int inspected_bytes_max = 16 * static_cast<int>(base::limits::mebibyte);
constexpr std::size_t inspection_cache_bytes = 8 * base::limits::mebibyte;
constexpr std::chrono::milliseconds inspection_busy_timeout{1000};

class sqlite_inspection final : public state_inspection {
public:
  sqlite_inspection(sqlite_database database, state_facts facts)
    : database_(std::move(database)), facts_(std::move(facts)) {}

  const state_facts& facts() const override { return facts_; }

  base::status check_structure() override { return check_sqlite_structure(database_); }

  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override {
    auto verified = verify_sqlite_rows(database_, keep_going);
    if (!verified)
      return base::fail(verified.error());
    if (!*verified)
      return std::nullopt;
    return (*verified)->meta.digest;
  }

  base::result<std::vector<inspected_row>> rows_after(const std::optional<std::string>& after,
                                                      std::size_t bytes_max) override {
    return read_sqlite_rows(database_, after, bytes_max);
  }

private:
  sqlite_database database_;
  state_facts facts_;
};

/// What SQLite reads of the header before it looks at anything else, and obeys: file format
/// versions (1 or 2 for a journal or a WAL; others make a file read-only), the format of the
/// schema, the encoding of text (sqlite.org/fileformat2.html, 1.3). Requires: this process
/// does not have the file open.
base::status check_header(const std::string& path) {
  constexpr std::size_t header_bytes = 100;
  std::string header(header_bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file || !file.read(header.data(), header_bytes))
    return {}; // SQLite says what is the matter
  auto byte_at = [&](std::size_t at) { return static_cast<unsigned char>(header[at]); };
  auto number_at = [&](std::size_t at) {
    return byte_at(at) << 24 | byte_at(at + 1) << 16 | byte_at(at + 2) << 8 | byte_at(at + 3);
  };
  bool has_mode = byte_at(18) == byte_at(19) && (byte_at(18) == 1 || byte_at(18) == 2);
  constexpr int schema_format = 4;
  constexpr int utf8 = 1;
  if (has_mode && number_at(44) == schema_format && number_at(56) == utf8)
    return {};
  return base::fail(base::errc::corrupt, "the header has format versions "
                                             + std::to_string(byte_at(18)) + " and "
                                             + std::to_string(byte_at(19)) + ", schema format "
                                             + std::to_string(number_at(44)) + ", text encoding "
                                             + std::to_string(number_at(56)));
}

void describe(const recorded_state& recorded, state_facts& facts) {
  facts.identity = recorded.identity();
  facts.meta = recorded.replicated.meta;
  facts.watermark = recorded.local.watermark;
  facts.outvoted = recorded.local.outvoted;
  facts.meta_is_sealed = is_sealed(recorded.meta_values);
  facts.local_is_sealed = is_sealed(recorded.local_values);
}

} // namespace

base::result<std::unique_ptr<state_inspection>> inspect_sqlite(const std::string& path,
                                                               wal_view view) {
  state_facts facts;
  facts.has_wal_file = file_exists(wal_path(path));
  facts.wal_bytes = file_size(wal_path(path));
  facts.file_bytes = file_size(path);
  // Without frames there is nothing to recover, and an ordinary connection would make a WAL
  // and a wal-index where none stands: the files of a refused node stay as they are.
  auto access = sqlite_access::main_file_only;
  if (facts.wal_bytes > 0 && view != wal_view::main_file_only)
    access = view == wal_view::with_wal ? sqlite_access::read_only : sqlite_access::undisturbed;
  std::optional<base::status> header;
  if (!is_open_in_sqlite(path))
    header = check_header(path);
  if (header && *header)
    header = check_rollback_journal(path);
  auto database =
      sqlite_database::open(path, {access, inspection_busy_timeout, inspection_cache_bytes, {}});
  if (!database)
    return base::fail(database.error());
  // No cell of ours is larger; one that claims to be would be allocated.
  sqlite3_limit(database->handle(), SQLITE_LIMIT_LENGTH, inspected_bytes_max);
  if (auto done = check_format(*database); !done)
    return base::fail(done.error().within("inspect " + path));
  if (header && !*header)
    return base::fail(header->error().within("inspect " + path));
  auto recorded = read_recorded_state(*database);
  if (!recorded)
    return base::fail(recorded.error().within("inspect " + path));
  describe(*recorded, facts);
  return std::make_unique<sqlite_inspection>(std::move(*database), std::move(facts));
}

base::status set_wal_aside(const std::string& path) {
  BASE_CHECK(!is_open_in_sqlite(path), "the WAL of an open database is in use");
  if (file_exists(wal_path(path)))
    if (auto moved = sync_and_rename(wal_path(path), wal_path(path) + ".aside"); !moved)
      return moved;
  if (auto removed = remove_file(shm_path(path)); !removed)
    return removed;
  return sync_directory_of(path);
}

} // namespace storage
