// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_file_check.hpp"

#include <atomic>
#include <chrono>
#include <future>

#include "storage/plain_files.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_verify.hpp"

namespace storage {

namespace {

constexpr std::size_t check_cache_bytes = 2 * base::limits::mebibyte;
constexpr std::chrono::milliseconds question_interval{20};

base::result<sqlite_database> open_closed_file(const std::string& path) {
  return sqlite_database::open(
      path, {sqlite_access::main_file_only, std::chrono::milliseconds{0}, check_cache_bytes, {}});
}

/// What the checks share: the first that fails, or a no from outside, ends all.
struct common_end {
  std::atomic<bool> is_over = false;
  std::function<bool()> goes_on = [this] { return !is_over; };
};

/// Runs `work` on a connection of its own, on a thread of its own.
template <class Work>
auto start_check(const std::string& path, common_end& end, Work work) {
  return std::async(std::launch::async, [path, &end, work] {
    using outcome = decltype(work(std::declval<sqlite_database&>()));
    auto database = open_closed_file(path);
    auto done = database ? work(*database) : outcome(base::fail(database.error()));
    if (!done)
      end.is_over = true;
    return done;
  });
}

/// Waits for all, asking meanwhile. False: told to stop.
template <class... Futures>
bool wait_for_all(common_end& end, const std::function<bool()>& keep_going,
                  const Futures&... each) {
  bool was_stopped = false;
  auto are_done = [&] {
    return ((each.wait_for(std::chrono::milliseconds{0}) == std::future_status::ready) && ...);
  };
  auto wait_a_moment = [&](const auto& first, const auto&...) {
    if (first.wait_for(question_interval) == std::future_status::ready)
      (each.wait_for(question_interval), ...);
  };
  while (!are_done()) {
    if (!was_stopped && !keep_going())
      was_stopped = end.is_over = true;
    wait_a_moment(each...);
  }
  return !was_stopped;
}

base::result<state_meta> read_sealed_meta(const std::string& path) {
  auto database = open_closed_file(path);
  if (!database)
    return base::fail(database.error());
  if (auto done = check_format(*database); !done)
    return base::fail(done.error());
  auto recorded = read_recorded_state(*database);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto done = check_seals(*recorded); !done)
    return base::fail(done.error());
  return recorded->replicated.meta;
}

} // namespace

base::result<snapshot_report> check_sqlite_file(const std::string& path,
                                                const std::function<bool()>& keep_going) {
  auto meta = read_sealed_meta(path);
  if (!meta)
    return base::fail(meta.error());
  common_end end;
  auto structure = start_check(path, end, [&end](sqlite_database& database) {
    return check_sqlite_structure(database, end.goes_on);
  });
  auto table = start_check(
      path, end, [&end](sqlite_database& database) { return sum_table(database, end.goes_on); });
  auto index = start_check(path, end, [&end](sqlite_database& database) {
    return sum_key_index(database, end.goes_on);
  });
  bool went_on = wait_for_all(end, keep_going, structure, table, index);
  auto sound = structure.get();
  auto rows = table.get();
  auto keys = index.get();
  if (!went_on)
    return base::fail(base::errc::interrupted, "the verification was stopped");
  // What an end of one looks like to the others, an interruption, is not the reason.
  for (const auto* failure : {sound ? nullptr : &sound.error(), rows ? nullptr : &rows.error(),
                              keys ? nullptr : &keys.error()})
    if (failure != nullptr && failure->code != base::errc::interrupted)
      return base::fail(*failure);
  if (!sound || !rows || !keys || !*rows || !*keys)
    return base::fail(base::errc::interrupted, "the verification was interrupted");
  if (auto equal = compare_sums(**rows, **keys, *meta); !equal)
    return base::fail(equal.error());
  return snapshot_report{std::move(*meta), (*rows)->keys.rows, file_size(path)};
}

} // namespace storage
