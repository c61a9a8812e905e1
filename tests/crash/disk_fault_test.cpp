// SPDX-License-Identifier: Apache-2.0
// Each operation on the disk of a life of both stores fails, once or for good: the stores say
// so and do nothing more where they must not, and nothing acknowledged is lost.
#include "tests/crash/scripted_life.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child_run.hpp"
#include "tests/support/memory_dir.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {
namespace {

struct fault_run {
  std::uint64_t operation;
  disk_fault how;
  bool for_good;

  std::string text() const {
    const char* names[] = {"EIO", "ENOSPC", "a short write"};
    return std::string(names[static_cast<int>(how)]) + " at operation " + std::to_string(operation)
           + (for_good ? ", and at all that follow: " : ": ");
  }
};

/// Lives through it, then starts without the fault: on the files as they are, and on what a
/// power cut at the end would leave of them.
std::string live_through(const prepared_life& prepared, const fault_run& what) {
  temp_dir dir("disk-fault");
  recorded_disk::write_files(prepared.files, dir.path().string());
  recorded_disk disk(dir.path().string());
  scripted_life life(prepared, dir.path().string(), disk);
  disk.fail_at(what.operation, what.how, what.for_good);
  life.run();
  disk.heal();
  if (!life.problem().empty())
    return what.text() + life.problem();
  auto problem = check_start(prepared, dir.path().string(), life.promised().back());
  if (!problem.empty())
    return what.text() + problem;
  std::mt19937_64 random(what.operation);
  for (auto how : {loss::of_sectors, loss::of_files}) {
    temp_dir cut_dir("disk-fault-cut");
    recorded_disk::write_files(disk.image_after(disk.events().size(), random, how),
                               cut_dir.path().string());
    problem = check_start(prepared, cut_dir.path().string(), life.promised().back());
    if (!problem.empty())
      return what.text() + "and a power cut: " + problem;
  }
  return {};
}

std::uint64_t operations_of_a_life(const prepared_life& prepared) {
  temp_dir dir("disk-fault");
  recorded_disk::write_files(prepared.files, dir.path().string());
  recorded_disk disk(dir.path().string());
  scripted_life life(prepared, dir.path().string(), disk);
  life.run();
  REQUIRE(life.came_to_its_end());
  return disk.operations();
}

} // namespace

TEST_CASE("whichever operation on the disk fails, nothing acknowledged is lost (INV-43, INV-59)") {
  keep_temporary_files_in_memory();
  prepared_life prepared;
  auto operations = operations_of_a_life(prepared);
  std::vector<fault_run> runs;
  for (std::uint64_t operation = 0; operation < operations; ++operation)
    for (auto how : {disk_fault::io_error, disk_fault::full, disk_fault::short_write})
      for (bool for_good : {false, true})
        runs.push_back({operation, how, for_good});
  WARN(operations << " operations, " << runs.size() << " runs");
  auto problems = run_side_by_side(runs.size(), 2,
                                   [&](std::size_t i) { return live_through(prepared, runs[i]); });
  CHECK(problems == "");
}

} // namespace tests
