// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/lmdb_state_machine.hpp"
#include "storage/memory_state_machine.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "storage/state_machine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/entry_source.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// A cluster id that looks like nothing else.
inline base::uuid test_cluster() {
  return base::uuid_from_name("state machine tests");
}

inline storage::identity test_identity() {
  return {test_cluster(), raft::server_id{7}, base::uuid_from_name("incarnation"),
          base::uuid_from_name("log")};
}

/// One state machine of the named backend in a directory of its own, fed by an entry
/// source that knows nothing of backends.
class state_machine_fixture {
public:
  explicit state_machine_fixture(std::string backend) : backend_(std::move(backend)) {
    machine_ = make(true);
  }

  storage::state_machine& machine() { return *machine_; }
  bool is_durable() const { return backend_ != "memory"; }

  std::string path() const {
    return dir_ / (backend_ == "lmdb" ? "state-machine.lmdb" : "state-machine.db");
  }

  void close() {
    reader_.reset();
    machine_.reset();
  }
  void reopen() {
    close();
    machine_ = make(false);
  }

  /// Applies entries in one batch, all of them durably committed.
  base::result<std::vector<storage::command_result>> apply(std::vector<raft::entry> entries) {
    ++watermark_.write_counter;
    watermark_.committed = std::max(watermark_.committed, source.last().index);
    return machine_->apply(entries, watermark_);
  }
  /// Applies one entry and returns its result.
  storage::command_result apply_one(raft::entry entry) {
    auto results = apply({std::move(entry)});
    INFO((results ? "" : base::to_string(results.error())));
    REQUIRE(results);
    REQUIRE(results->size() == 1);
    return results->front();
  }
  storage::command_result put(const std::string& key, const std::string& value) {
    return apply_one(source.set(key, value));
  }
  storage::command_result remove(const std::string& key) { return apply_one(source.remove(key)); }

  /// The row as a reader sees it; a row without a key for none.
  storage::row get(const std::string& key) {
    auto found = reader().get(key);
    INFO((found ? "" : base::to_string(found.error())));
    REQUIRE(found);
    CHECK(found->at == machine_->meta().last_applied.index);
    return found->found.value_or(storage::row{});
  }
  bool has(const std::string& key) { return !get(key).key.empty(); }

  storage::scan_page scan(storage::scan_request request) {
    auto page = reader().scan(request);
    INFO((page ? "" : base::to_string(page.error())));
    REQUIRE(page);
    return *page;
  }

  storage::state_reader& reader() {
    if (!reader_) {
      auto opened = machine_->open_reader();
      INFO((opened ? "" : base::to_string(opened.error())));
      REQUIRE(opened);
      reader_ = std::move(*opened);
    }
    return *reader_;
  }

  /// The digest of all rows, recomputed; equal to the recorded one.
  storage::state_digest verified_digest() {
    auto digest = machine_->verify_rows([] { return true; });
    INFO((digest ? "" : base::to_string(digest.error())));
    REQUIRE(digest);
    REQUIRE(*digest);
    CHECK(**digest == machine_->meta().digest);
    return **digest;
  }

  const temp_dir& dir() const { return dir_; }

  entry_source source{test_cluster()};

private:
  template <class Opened>
  std::unique_ptr<storage::state_machine> take(Opened opened) {
    INFO((opened ? "" : base::to_string(opened.error())));
    REQUIRE(opened);
    return std::move(*opened);
  }

  std::unique_ptr<storage::state_machine> make(bool is_new) {
    if (backend_ == "memory")
      return std::make_unique<storage::memory_state_machine>(test_identity());
    if (backend_ == "lmdb") {
      storage::lmdb_state_options options{path(), lmdb_map_bytes, {}};
      return is_new ? take(storage::lmdb_state_machine::create(options, test_identity()))
                    : take(storage::lmdb_state_machine::open(options));
    }
    storage::sqlite_state_options options;
    options.path = path();
    return is_new ? take(storage::sqlite_state_machine::create(options, test_identity()))
                  : take(storage::sqlite_state_machine::open(options));
  }

  static constexpr std::uint64_t lmdb_map_bytes = std::uint64_t{256} << 20;

  temp_dir dir_{"state"};
  std::string backend_;
  std::unique_ptr<storage::state_machine> machine_;
  std::unique_ptr<storage::state_reader> reader_;
  storage::log_watermark watermark_;
};

} // namespace tests
