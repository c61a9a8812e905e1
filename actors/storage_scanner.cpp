// SPDX-License-Identifier: Apache-2.0
#include "actors/storage_scanner.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <caf/typed_event_based_actor.hpp>

#include "actors/row_sum.hpp"
#include "actors/traced.hpp"
#include "base/log.hpp"
#include "storage/digest.hpp"

namespace actors {

namespace {

using std::chrono::milliseconds;

constexpr auto target = "aspen::node::scan";
constexpr std::size_t page_bytes = std::size_t{128} * 1024;
constexpr std::size_t page_rows = 256;
/// What one row or entry costs beside its bytes, in bytes that would have been read in that time.
constexpr std::uint64_t item_cost_bytes = 512;
constexpr milliseconds look_interval{5};
/// After a page that could not be had: a full pool, a snapshot being installed.
constexpr milliseconds retry_interval{1000};

/// The scanner looks for its answer at its own tick.
class silent_sink final : public answer_sink {
public:
  void deliver(std::vector<std::shared_ptr<slot_base>>) override {}
};

class storage_scanner : public traced<storage_scanner_handle::base> {
public:
  storage_scanner(caf::actor_config& config, const actor_context& context,
                  std::shared_ptr<actor_stats> stats, storage_scanner_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context),
      settings_(std::move(settings)), log_writer_(context.where->get().log_writer),
      storage_writer_(context.where->get().storage_writer) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) {
          publish();
          come_back(settings_.was_verified() ? settings_.interval : look_interval);
          return begun{};
        },
        [this](tick) { go_on(); },
    };
  }

  void describe_state(figure_list& out) const override {
    out.add("is_running", status_.is_running ? 1 : 0);
    out.add("rows", status_.rows);
    out.add("entries", status_.entries);
    out.add("bytes", status_.bytes);
    out.add("passes", status_.passes);
  }

  void on_exit() override {
    page_.reset();
    log_writer_ = nullptr;
    storage_writer_ = nullptr;
    context_.board->forget<scan_status>();
  }

private:
  void come_back(milliseconds after) { delayed_send(this, after, tick{}); }

  /// After what was read just now, the pause that keeps to the rate.
  void come_back_after(std::uint64_t bytes, std::uint64_t items) {
    status_.bytes += bytes;
    auto cost = bytes + items * item_cost_bytes;
    come_back(std::max(milliseconds{1}, milliseconds{cost * 1000 / settings_.bytes_per_second}));
  }

  void go_on() {
    if (page_)
      return look_for_page();
    if (!status_.is_running)
      return begin_pass();
    if (next_entry_)
      return read_entries();
    ask_for_page();
  }

  void begin_pass() {
    status_.is_running = true;
    status_.rows = status_.entries = status_.bytes = 0;
    after_.reset();
    next_entry_.reset();
    sum_ = row_sum();
    pass_began_ = std::chrono::steady_clock::now();
    publish();
    request(storage_writer_, caf::infinite, take_row_changes{take_row_changes::next::begin})
        .then([this](const row_changes_taken&) { ask_for_page(); },
              [this](caf::error&) { come_back(retry_interval); });
  }

  // -- rows -------------------------------------------------------------------------------

  void ask_for_page() {
    auto pool = context_.where->get().reader_pool;
    if (!pool)
      return come_back(retry_interval);
    page_ = std::make_shared<slot<query_result>>(sink_);
    storage::scan_request wanted;
    wanted.after = after_;
    wanted.items_max = page_rows;
    wanted.bytes_max = page_bytes;
    wanted.reads_file_anew = true; // or a page that rots under a cached one is found by nobody
    auto reads = std::make_shared<std::vector<pooled_read>>();
    reads->push_back({std::move(wanted), {}, reply_to<query_result>(page_), now_ns()});
    send(pool, read_batch{std::move(reads)});
    come_back(look_interval);
  }

  void look_for_page() {
    if (!page_->is_filled())
      return come_back(look_interval);
    auto got = std::exchange(page_, nullptr)->take();
    // A row that does not match has ended its reader, and this group with it.
    if (!got)
      return come_back(retry_interval);
    auto page = std::make_shared<storage::scan_page>(std::move(std::get<storage::scan_page>(*got)));
    bool is_last = page->is_last || page->rows.empty();
    request(storage_writer_, caf::infinite,
            take_row_changes{is_last ? take_row_changes::next::end : take_row_changes::next::go_on})
        .then([this, page, is_last](const row_changes_taken& seen) { take(*page, is_last, seen); },
              [this](caf::error&) { come_back(retry_interval); });
  }

  void take(const storage::scan_page& page, bool is_last, const row_changes_taken& seen) {
    sum_.take(page, seen.changes.get());
    std::uint64_t bytes = 0;
    for (const auto& row : page.rows)
      bytes += row.key.size() + row.value.size();
    status_.rows += page.rows.size();
    if (!page.rows.empty())
      after_ = page.rows.back().key;
    if (is_last)
      end_rows(seen);
    publish();
    come_back_after(bytes, page.rows.size());
  }

  void end_rows(const row_changes_taken& seen) {
    auto sum = sum_.finish();
    is_sum_compared_ = sum.has_value();
    if (sum && *sum != seen.digest)
      suspect("INV-56: the digest of all rows is " + storage::to_hex(*sum)
              + ", the recorded one is " + storage::to_hex(seen.digest) + ", at index "
              + std::to_string(seen.at.value));
    next_entry_ = raft::log_index{};
  }

  // -- the log ----------------------------------------------------------------------------

  /// Its owner compares what it reads, and ends when something does not match.
  void read_entries() {
    if (*next_entry_ == raft::log_index{})
      return begin_entries();
    if (*next_entry_ > last_entry_)
      return end_pass();
    request(log_writer_, caf::infinite, copy_entries{*next_entry_, last_entry_, page_bytes})
        .then(
            [this](const entries_copied& got) {
              std::uint64_t bytes = 0;
              for (const auto& entry : *got.entries)
                bytes += entry.payload.size();
              status_.entries += got.entries->size();
              next_entry_ = got.entries->back().id.index.next();
              publish();
              come_back_after(bytes, got.entries->size());
            },
            // Compacted meanwhile, or cut off: the rest is new, and was compared when it was written.
            [this](caf::error&) { begin_entries(); });
  }

  void begin_entries() {
    request(log_writer_, caf::infinite, get_log_state{})
        .then(
            [this](const log_state_reply& log) {
              if (!log.state->damaged.empty()) // compared as a whole when it is repaired
                return come_back(retry_interval);
              auto first = log.state->snapshot.id.index.next();
              next_entry_ = std::max(first, *next_entry_);
              last_entry_ = log.state->last.index;
              come_back(look_interval);
            },
            [this](caf::error&) { come_back(retry_interval); });
  }

  void end_pass() {
    auto now = std::chrono::steady_clock::now();
    scan_pass pass;
    pass.ended = now;
    pass.rows = status_.rows;
    pass.entries = status_.entries;
    pass.bytes = status_.bytes;
    pass.took = std::chrono::duration_cast<milliseconds>(now - pass_began_);
    pass.is_sum_compared = is_sum_compared_;
    status_.last_pass = pass;
    ++status_.passes;
    status_.is_running = false;
    next_entry_.reset();
    base::log::info(target, "stores compared with their digests",
                    {{"rows", pass.rows},
                     {"entries", pass.entries},
                     {"size_kb", pass.bytes / 1024},
                     {"sum_compared", pass.is_sum_compared},
                     {"duration_ms", static_cast<std::uint64_t>(pass.took.count())}});
    publish();
    come_back(settings_.interval);
  }

  [[noreturn]] void suspect(const std::string& why) {
    base::log::error(target, "validation failed", {{"reason", why}});
    context_.board->suspect(why);
    throw storage_failure(why);
  }

  void publish() { context_.board->publish(status_); }

  actor_context context_;
  storage_scanner_settings settings_;
  log_writer_handle log_writer_;
  storage_writer_handle storage_writer_;
  std::shared_ptr<answer_sink> sink_ = std::make_shared<silent_sink>();
  std::shared_ptr<slot<query_result>> page_; ///< asked for
  std::optional<std::string> after_;         ///< the last key of the page before
  row_sum sum_;
  bool is_sum_compared_ = false;
  /// Set: the rows are done, and this entry comes next; zero: where the log begins.
  std::optional<raft::log_index> next_entry_;
  raft::log_index last_entry_;
  std::chrono::steady_clock::time_point pass_began_;
  scan_status status_;
};

} // namespace

storage_scanner_handle start_storage_scanner(caf::actor_system& system,
                                             const actor_context& context,
                                             storage_scanner_settings settings) {
  auto handle =
      spawn_scheduled<storage_scanner>(system, context, "storage_scanner", 64, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.storage_scanner = handle; });
  return handle;
}

} // namespace actors
