// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/entry_source.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

inline base::uuid test_cluster() {
  return base::uuid_from_name("sqlite tests");
}

inline storage::identity test_identity() {
  return {test_cluster(), raft::server_id{3}, base::uuid_from_name("incarnation"),
          base::uuid_from_name("log")};
}

/// The text of an error, empty for success: what a failing REQUIRE shows.
template <class Result>
std::string problem(const Result& outcome) {
  return outcome ? std::string() : base::to_string(outcome.error());
}

/// One SQLite state machine in a directory of its own.
class sqlite_fixture {
public:
  explicit sqlite_fixture(std::string vfs = {}) {
    options.path = path();
    options.vfs = std::move(vfs);
    options.busy_timeout = std::chrono::milliseconds{20};
    options.truncate_wait = std::chrono::milliseconds{20};
    take(storage::sqlite_state_machine::create(options, test_identity()));
  }

  std::string path() const { return dir / "state-machine.db"; }

  base::result<std::vector<storage::command_result>> apply(std::vector<raft::entry> entries) {
    ++watermark.write_counter;
    watermark.committed = source.last().index;
    return machine->apply(entries, watermark);
  }
  base::result<std::vector<storage::command_result>> try_put(const std::string& key,
                                                             const std::string& value) {
    return apply({source.set(key, value)});
  }
  void put(const std::string& key, const std::string& value) {
    REQUIRE(problem(try_put(key, value)) == "");
  }
  /// Makes the source go on from where the machine stands, after a refused batch.
  void rewind() { source.go_back_to(machine->meta().last_applied, machine->meta().chain); }

  std::string get(const std::string& key) {
    auto reader = open_reader();
    auto result = reader->get(key);
    REQUIRE(problem(result) == "");
    return result->found ? result->found->value : "(none)";
  }
  std::unique_ptr<storage::state_reader> open_reader() {
    auto reader = machine->open_reader();
    REQUIRE(problem(reader) == "");
    return std::move(*reader);
  }
  storage::checkpoint_report checkpoint(storage::checkpoint_mode mode) {
    auto report = machine->checkpoint(mode);
    REQUIRE(problem(report) == "");
    return *report;
  }

  void close() { machine.reset(); }
  base::status try_open() {
    auto opened = storage::sqlite_state_machine::open(options);
    if (!opened)
      return base::fail(opened.error());
    machine = std::move(*opened);
    return {};
  }
  void reopen() {
    close();
    REQUIRE(problem(try_open()) == "");
  }

  temp_dir dir{"sqlite"};
  storage::sqlite_state_options options;
  std::unique_ptr<storage::sqlite_state_machine> machine;
  entry_source source{test_cluster()};
  storage::log_watermark watermark;

private:
  void take(base::result<std::unique_ptr<storage::sqlite_state_machine>> opened) {
    REQUIRE(problem(opened) == "");
    machine = std::move(*opened);
  }
};

} // namespace tests
