// SPDX-License-Identifier: Apache-2.0
#include "actors/backup_maker.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "actors/held_file.hpp"
#include "base/log.hpp"
#include "base/snapshot_limits.hpp"
#include "storage/digest.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::snapshot";
/// Of the time that a step of the copy took: the disk is the writers' for so long.
constexpr int pause_divisor = 2;
constexpr std::chrono::milliseconds pause_max{20};
/// From here on the end of the copy matters more to the writers than its pace.
constexpr std::uint64_t wal_bytes_paced_max = base::limits::snapshot_held_bytes_max / 4;

failure_code code_of(base::errc code) {
  switch (code) {
  case base::errc::storage_full: return failure_code::storage_full;
  case base::errc::limit: return failure_code::overloaded;
  case base::errc::busy: return failure_code::storage_busy;
  case base::errc::interrupted: return failure_code::unavailable;
  case base::errc::unsupported: return failure_code::unsupported;
  default: return failure_code::storage_failed;
  }
}

} // namespace

void backup_maker::clean() const {
  if (path_.empty())
    return;
  std::error_code ignored;
  for (const auto& each : {path_, path_ + ".partial"})
    std::filesystem::remove(each, ignored);
}

bool backup_maker::accept(const backup_now& what) {
  if (path_.empty()) {
    what.reply.refuse({failure_code::unsupported,
                       commit_status::no,
                       "this backend keeps nothing that could be restored",
                       0,
                       0,
                       {}});
    return false;
  }
  bool is_busy = (reply_ && !reply_.is_settled()) || !newest_file_.expired();
  if (is_busy) {
    what.reply.refuse({failure_code::conflict, commit_status::no, "another backup is under way", 0,
                       0, std::chrono::seconds(1)});
    return false;
  }
  reply_ = what.reply;
  return true;
}

void backup_maker::make(storage::snapshot_source& source, const std::function<bool()>& is_wanted) {
  auto began = std::chrono::steady_clock::now();
  auto made = write(source, is_wanted);
  clean(); // what was made lives on with whoever holds it
  if (!made)
    return fail(code_of(made.error().code), to_string(made.error()));
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                                    - began);
  base::log::info(target, "backup copied",
                  {{"index", made->at.index.value},
                   {"entries", made->rows},
                   {"size_kb", made->size_bytes / base::limits::kibibyte},
                   {"duration_ms", static_cast<std::uint64_t>(took.count())}});
  newest_file_ = made->file;
  std::exchange(reply_, {}).answer_with(std::move(*made));
}

base::result<backup_made> backup_maker::write(storage::snapshot_source& source,
                                              const std::function<bool()>& is_wanted) {
  storage::snapshot_watch watch;
  watch.keep_going = [this, &is_wanted] { return may_go_on(is_wanted); };
  last_step_ = std::chrono::steady_clock::now();
  auto report = source.write(path_, watch);
  if (!report)
    return base::fail(report.error());
  auto file = held_file::open(path_);
  if (!file)
    return base::fail(file.error());
  return backup_made{std::move(*file), report->file_bytes, report->rows, report->meta.last_applied,
                     storage::to_hex(report->meta.digest)};
}

void backup_maker::fail(failure_code code, const std::string& why) {
  base::log::warn(target, "backup not made", {{"reason", why}});
  std::exchange(reply_, {})
      .refuse({code, commit_status::no, "make a backup: " + why, 0, 0, std::chrono::seconds(1)});
}

bool backup_maker::may_go_on(const std::function<bool()>& is_wanted) {
  if (reply_.is_settled() || !is_wanted())
    return false;
  pause();
  return true;
}

void backup_maker::pause() {
  auto state = board_->get<storage_status>();
  auto worked = std::chrono::steady_clock::now() - last_step_;
  if (!state || state->wal.bytes < wal_bytes_paced_max)
    std::this_thread::sleep_for(
        std::min<std::chrono::nanoseconds>(worked / pause_divisor, pause_max));
  last_step_ = std::chrono::steady_clock::now();
}

} // namespace actors
