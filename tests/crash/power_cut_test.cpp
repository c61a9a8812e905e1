// SPDX-License-Identifier: Apache-2.0
// The power goes at any moment of a life of both stores: what may then be on the disk is put
// together from what was written, checked and started. And the proof that this finds what it
// is for: stores that do not sync, and replies before the sync.
#include "tests/crash/scripted_life.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child_run.hpp"
#include "tests/support/memory_dir.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {
namespace {

constexpr std::size_t images = 2000;
constexpr std::size_t images_until_caught_max = 200;

/// A life that was recorded from its begin to its end.
class recorded_life {
public:
  explicit recorded_life(lying_store liar = lying_store::none,
                         scripted_life::replies when = scripted_life::replies::after_sync) {
    recorded_disk::write_files(prepared_.files, dir_.path().string());
    disk_ = std::make_unique<recorded_disk>(dir_.path().string(), liar);
    life_ = std::make_unique<scripted_life>(prepared_, dir_.path().string(), *disk_, when);
    life_->run();
    INFO(life_->problem());
    REQUIRE(life_->came_to_its_end());
  }

  std::size_t events() const { return disk_->events().size(); }

  /// What is wrong after a cut at a moment that the seed chooses; nothing: all is well.
  std::string cut(std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    auto count = 1 + random() % events();
    temp_dir where("power-cut");
    recorded_disk::write_files(disk_->image_after(count, random), where.path().string());
    auto problem = check_start(prepared_, where.path().string(), promised_by(count));
    return problem.empty() ? problem
                           : "seed " + std::to_string(seed) + ", after " + std::to_string(count)
                                 + " of " + std::to_string(events()) + " events: " + problem;
  }

  /// The number of images until one shows what is wrong.
  std::size_t images_until_caught() const {
    for (std::size_t i = 0; i < images_until_caught_max; ++i)
      if (!run_in_child([&] { return cut(i); }).empty())
        return i + 1;
    return images_until_caught_max + 1;
  }

private:
  promises promised_by(std::size_t count) const {
    promises newest;
    for (std::size_t i = 0; i < count; ++i)
      if (disk_->events()[i].kind == disk_event_kind::note)
        newest = life_->promised()[disk_->events()[i].at];
    return newest;
  }

  prepared_life prepared_;
  temp_dir dir_{"recorded"};
  std::unique_ptr<recorded_disk> disk_;
  std::unique_ptr<scripted_life> life_;
};

} // namespace

TEST_CASE("a power cut at any moment leaves stores that start, with all that was acknowledged") {
  keep_temporary_files_in_memory();
  recorded_life life;
  WARN(std::to_string(life.events()) << " events recorded");
  auto problems = run_side_by_side(images, 2, [&](std::size_t i) { return life.cut(i); });
  CHECK(problems == "");
}

TEST_CASE("a state machine that does not sync (synchronous=OFF) is caught") {
  keep_temporary_files_in_memory();
  auto caught_after = recorded_life(lying_store::state_machine).images_until_caught();
  WARN("caught by image " << caught_after);
  CHECK(caught_after <= images_until_caught_max);
}

TEST_CASE("a log that does not sync (MDB_NOSYNC) is caught") {
  keep_temporary_files_in_memory();
  auto caught_after = recorded_life(lying_store::log).images_until_caught();
  WARN("caught by image " << caught_after);
  CHECK(caught_after <= images_until_caught_max);
}

TEST_CASE("a reply before the sync is caught") {
  keep_temporary_files_in_memory();
  auto caught_after =
      recorded_life(lying_store::none, scripted_life::replies::before_sync).images_until_caught();
  WARN("caught by image " << caught_after);
  CHECK(caught_after <= images_until_caught_max);
}

} // namespace tests
