// SPDX-License-Identifier: Apache-2.0
// One flipped bit in the files of a stopped node: the check finds it, or the node starts, lives
// on and holds, byte for byte, what it holds without the flip.
#include <sys/mman.h>

#include <atomic>
#include <new>
#include <random>

#include "storage/install.hpp"
#include "tests/support/child_run.hpp"
#include "tests/support/memory_dir.hpp"
#include "tests/support/store_damage.hpp"

namespace tests {
namespace {

constexpr std::size_t flips = 2000;
constexpr std::size_t page = page_bytes;

struct tally {
  std::atomic<int> found{0}, crashed_the_check{0}, without_effect{0};
};

/// Counters that child processes share.
tally& shared_tally() {
  auto* memory =
      ::mmap(nullptr, sizeof(tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  return *new (memory) tally;
}

/// Two stores as a crash leaves them: rows of all sizes, free pages, a WAL, a compacted log.
class damaged_node : public two_stores {
public:
  damaged_node() {
    for (int i = 0; i < 60; ++i)
      put("key" + std::to_string(i), std::string(i % 9 == 0 ? 7000U : 150U, 'a'));
    for (int i = 0; i < 40; ++i)
      put("key" + std::to_string(i), std::string(i % 7 == 0 ? 5000U : 100U, 'b'));
    checkpoint();
    REQUIRE(log->compact(log->state().checkpoint_completed, 20, 1U << 20));
    for (int i = 50; i < 58; ++i)
      put("key" + std::to_string(i), std::string(120, 'c'));
    close();
    for (const auto& path : {log_path(), state_path(), wal()})
      files_.emplace_back(path, content(path));
    expected_ = life();
    CHECK(expected_.size() > 20000);
  }

  /// What is wrong, or nothing.
  std::string flip(std::uint64_t seed, tally& counts) {
    auto where = choose(seed);
    for (const auto& [path, bytes] : files_)
      set_content(path, bytes);
    remove(state_path() + "-shm");
    flip_bit(files_[where.file].first, where.byte, where.bit);
    storage::check_options options;
    options.digest_budget = std::chrono::minutes(1);
    auto verdict = run_in_child([&] { return std::string(to_string(check(options).verdict)); });
    if (verdict.starts_with("died: signal"))
      return ++counts.crashed_the_check, std::string();
    if (verdict != "ok")
      return ++counts.found, std::string();
    auto seen = run_in_child([&] { return life(); });
    if (seen == expected_)
      return ++counts.without_effect, std::string();
    return "byte " + std::to_string(where.byte) + " bit " + std::to_string(where.bit) + " of "
           + files_[where.file].first + ": "
           + (seen.starts_with("died: ") ? seen : "other content than without the flip");
  }

private:
  struct place {
    std::size_t file;
    std::uint64_t byte;
    unsigned bit;
  };

  /// Half of them anywhere, half where a page or the file keeps its structure.
  place choose(std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    auto dice = random() % 10;
    std::size_t file = dice < 5 ? 0 : dice < 9 ? 1 : 2;
    auto size = files_[file].second.size();
    auto byte = random() % size;
    if (seed % 2 == 0)
      byte = random() % (size / page) * page + random() % 64;
    if (seed % 10 == 0)
      byte = random() % (2 * page) % 200 + (seed % 20 == 0 ? 0 : page);
    return {file, byte % size, static_cast<unsigned>(random() % 8)};
  }

  /// Starts, applies what is committed, goes on for a while; all that is then stored.
  std::string life() {
    storage::check_options options;
    auto report = check(options);
    open_log();
    if (!storage::resume_install(paths(), report.install, *log))
      return "the install does not go on";
    if (report.wal_must_be_set_aside && !storage::set_wal_aside(state_path()))
      return "the WAL is not set aside";
    state = value_of(storage::sqlite_state_machine::open(sqlite_options()));
    if (state->meta().last_applied.index < log->state().hard_state.commit_index)
      apply_to(log->state().hard_state.commit_index.value);
    auto before = dump();
    for (int i = 0; i < 12; ++i)
      put("key" + std::to_string(i * 3), std::string(i % 4 == 0 ? 6000U : 90U, 'd'));
    checkpoint();
    REQUIRE(log->compact(log->state().checkpoint_completed, 5, 1U << 20));
    put("last");
    auto after = dump();
    close();
    auto again = check(options);
    return before + after + std::string(to_string(again.verdict));
  }

  std::string dump() {
    std::string all;
    auto reader = value_of(state->open_reader());
    storage::scan_request request;
    request.items_max = 1000;
    for (const auto& row : value_of(reader->scan(request)).rows)
      all += row.key + "=" + row.value + "@" + std::to_string(row.create_revision.value) + ","
             + std::to_string(row.mod_revision.value) + "," + std::to_string(row.version) + "\n";
    for (int i = 0; i < 60; ++i) // by the index of the keys
      all += value_of(reader->get("key" + std::to_string(i))).found ? "+" : "-";
    const auto& now = log->state();
    all += std::to_string(now.hard_state.current_term.value) + " "
           + std::to_string(now.hard_state.voted_for.value) + " "
           + std::to_string(now.hard_state.commit_index.value) + " "
           + std::to_string(now.snapshot.id.index.value) + " "
           + std::to_string(now.checkpoint_completed.value) + "\n";
    for (const auto& entry :
         value_of(log->read(now.snapshot.id.index.next(), now.last.index, 1U << 30)))
      all += std::to_string(entry.id.index.value) + " " + base::to_hex(entry.chain) + " "
             + std::string(entry.payload.bytes()) + "\n";
    return all;
  }

  std::vector<std::pair<std::string, std::string>> files_;
  std::string expected_;
};

} // namespace

TEST_CASE("no flipped bit is silent: it is found, or without effect") {
  keep_temporary_files_in_memory();
  auto& counts = shared_tally();
  damaged_node nodes[2]; // one for each process
  auto problems =
      run_side_by_side(flips, 2, [&](std::size_t i) { return nodes[i % 2].flip(i, counts); });
  CHECK(problems == "");
  WARN(counts.found << " found, " << counts.crashed_the_check << " ended the check, "
                    << counts.without_effect << " without effect");
  CHECK(counts.found + counts.crashed_the_check + counts.without_effect == flips);
  CHECK(counts.found > 300);
  CHECK(counts.without_effect > 300);
}

} // namespace tests
