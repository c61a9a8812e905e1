// SPDX-License-Identifier: Apache-2.0
#include "actors/inspector.hpp"

#include <filesystem>
#include <optional>

#include <caf/typed_event_based_actor.hpp>

#include "actors/held_file.hpp"
#include "actors/live_check.hpp"
#include "actors/traced.hpp"
#include "base/log.hpp"
#include "storage/files.hpp"
#include "storage/log_copy.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::node::inspector";
/// What the log writer reads at a time between two persists.
constexpr std::size_t slice_bytes = std::size_t{256} * 1024;
/// A busy follower may have its tail replaced, or a leader its head compacted.
constexpr int copy_tries_max = 5;
/// Pages that LMDB needs beyond what they hold.
constexpr std::uint64_t map_slack_bytes = std::uint64_t{64} << 20;

failure_code code_of(base::errc code) {
  if (code == base::errc::storage_full)
    return failure_code::storage_full;
  return code == base::errc::busy ? failure_code::conflict : failure_code::storage_failed;
}

class inspector : public traced<inspector_handle::base> {
public:
  inspector(caf::actor_config& config, const actor_context& context,
            std::shared_ptr<actor_stats> stats, generation life, inspector_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), log_writer_(context.where->get().log_writer),
      storage_writer_(context.where->get().storage_writer) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) {
          end_copy(); // what a killed process left
          return begun{};
        },
        [this](const copy_log_now& what) { on_copy_log(what); },
        [this](const read_held_file& what) { on_read_copy(what); },
        [this](const validate_now& what) { on_validate(what); },
    };
  }

  void on_exit() override {
    copy_.reset();
    copy_reply_ = {};
    check_reply_ = {};
    log_writer_ = nullptr;
    storage_writer_ = nullptr;
  }

private:
  // -- a copy of the log ------------------------------------------------------------------

  void on_copy_log(const copy_log_now& what) {
    if (settings_.copy_path.empty())
      return what.reply.refuse({failure_code::unsupported,
                                commit_status::no,
                                "the log of this backend is no file",
                                0,
                                0,
                                {}});
    if (copy_reply_ || !newest_copy_.expired())
      return what.reply.refuse({failure_code::conflict, commit_status::no,
                                "another copy of the log is under way", 0, 0,
                                std::chrono::seconds(1)});
    copy_reply_ = what.reply;
    copy_tries_ = 0;
    begin_copy();
  }

  void begin_copy() {
    ++copy_tries_;
    request(log_writer_, caf::infinite, get_log_state{})
        .then([this](const log_state_reply& log) { begin_copy_of(*log.state); },
              [this](caf::error& why) {
                fail_copy(failure_code::unavailable, system().render(why));
              });
  }

  void begin_copy_of(const storage::log_state& log) {
    auto sizes = context_.board->get<log_status>()->sizes;
    if (auto space = storage::check_free_space(settings_.copy_path, sizes.file_bytes); !space)
      return fail_copy(code_of(space.error().code), space.error().text);
    auto begun =
        storage::log_copy::begin(settings_.copy_path, log, 2 * sizes.file_bytes + map_slack_bytes);
    if (!begun)
      return fail_copy(code_of(begun.error().code), to_string(begun.error()));
    copy_ = std::move(*begun);
    go_on_copying();
  }

  void go_on_copying() {
    if (copy_reply_.is_settled()) // the client left
      return end_copy();
    auto next = copy_->next();
    if (!next)
      return finish_copy();
    request(log_writer_, caf::infinite, copy_entries{*next, copy_->state().last.index, slice_bytes})
        .then(
            [this](const entries_copied& got) {
              auto added = copy_->append(*got.entries);
              return added ? go_on_copying() : retry_copy(added.error());
            },
            // Compacted away, or cut off: begin again with what there is now.
            [this](caf::error& why) { retry_copy({base::errc::busy, system().render(why)}); });
  }

  void retry_copy(const base::error& why) {
    if (why.code != base::errc::busy || copy_tries_ >= copy_tries_max)
      return fail_copy(code_of(why.code), why.text);
    copy_.reset();
    begin_copy();
  }

  void finish_copy() {
    if (auto finished = copy_->finish(); !finished)
      return retry_copy(finished.error());
    auto file = held_file::open(settings_.copy_path);
    if (!file)
      return fail_copy(code_of(file.error().code), to_string(file.error()));
    std::error_code ignored;
    auto size = std::filesystem::file_size(settings_.copy_path, ignored);
    copied_log made{std::move(*file), size, copy_->state().hard_state.commit_index,
                    copy_->state().last};
    newest_copy_ = made.file;
    base::log::info(target, "log copied",
                    {{"last_index", made.last.index.value}, {"size_bytes", size}});
    auto reply = std::exchange(copy_reply_, {});
    end_copy();
    reply.answer_with(std::move(made));
  }

  void fail_copy(failure_code code, const std::string& why) {
    base::log::warn(target, "log not copied", {{"reason", why}});
    auto reply = std::exchange(copy_reply_, {});
    end_copy();
    reply.refuse({code, commit_status::no, "copy the log: " + why, 0, 0, {}});
  }

  /// The name goes; what was made lives on with whoever holds it.
  void end_copy() {
    copy_.reset();
    copy_reply_ = {};
    std::error_code ignored;
    for (const auto& each : {settings_.copy_path, settings_.copy_path + "-lock"})
      std::filesystem::remove(each, ignored);
  }

  void on_read_copy(const read_held_file& what) {
    auto piece = what.file->read(what.offset);
    if (piece)
      what.reply.answer_with(std::move(*piece));
    else
      what.reply.refuse(
          {failure_code::storage_failed, commit_status::no, to_string(piece.error()), 0, 0, {}});
  }

  // -- a live check -----------------------------------------------------------------------

  void on_validate(const validate_now& what) {
    if (check_reply_)
      return what.reply.refuse({failure_code::conflict, commit_status::no,
                                "another check is under way", 0, 0, std::chrono::seconds(1)});
    check_reply_ = what.reply;
    seen_ = {};
    check_began_ = std::chrono::steady_clock::now();
    // INV-143: last_applied before commit_index.
    request(storage_writer_, caf::infinite, get_state_meta{})
        .then(
            [this](const state_meta_reply& state) {
              seen_.state = state.meta;
              seen_.state_is_lost = state.is_lost;
              ask_log();
            },
            [this](caf::error& why) { fail_check(why); });
  }

  void ask_log() {
    request(log_writer_, caf::infinite, get_log_state{})
        .then(
            [this](const log_state_reply& log) {
              seen_.log = log.state;
              ask_state_again();
            },
            [this](caf::error& why) { fail_check(why); });
  }

  void ask_state_again() {
    request(storage_writer_, caf::infinite, get_state_meta{})
        .then(
            [this](const state_meta_reply& state) {
              seen_.state_after = state.meta;
              seen_.state_is_lost |= state.is_lost;
              seen_.verified_from = seen_.log->snapshot.id.index.next();
              walk_log(seen_.verified_from);
            },
            [this](caf::error& why) { fail_check(why); });
  }

  /// The owner compares checksum and chain of whatever it reads.
  void walk_log(raft::log_index next) {
    auto last = seen_.log->last.index;
    bool has_time = std::chrono::steady_clock::now() - check_began_ < settings_.check_budget;
    if (next > last || !has_time)
      return find_last_applied();
    request(log_writer_, caf::infinite, copy_entries{next, last, slice_bytes})
        .then(
            [this](const entries_copied& got) {
              seen_.verified_to = got.entries->back().id.index;
              walk_log(seen_.verified_to.next());
            },
            // Compacted away, or replaced: the others were asked of another log.
            [this](caf::error&) { find_last_applied(); });
  }

  void find_last_applied() {
    auto index = seen_.state->last_applied.index;
    if (index <= seen_.log->snapshot.id.index || index > seen_.log->last.index)
      return end_check();
    request(log_writer_, caf::infinite, copy_entries{index, index, slice_bytes})
        .then(
            [this](const entries_copied& got) {
              seen_.at_last_applied = got.entries->front();
              end_check();
            },
            [this](caf::error&) { end_check(); });
  }

  void end_check() {
    seen_.rows = context_.board->get<scan_status>();
    seen_.now = std::chrono::steady_clock::now();
    auto report = judge_live(seen_);
    report.duration_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(seen_.now - check_began_).count());
    std::exchange(check_reply_, {}).answer_with(validated{storage::to_json(report)});
    seen_ = {};
    if (report.verdict == storage::verdict::ok)
      return;
    // Nobody is served from stores that contradict each other: the gate looks at all of them.
    const auto& why = report.findings.front();
    context_.board->suspect(why.rule + ": " + why.text);
    throw storage_failure("live check: " + why.rule + ": " + why.text);
  }

  void fail_check(const caf::error& why) {
    std::exchange(check_reply_, {})
        .refuse({failure_code::unavailable, commit_status::no, system().render(why), 0, 0,
                 std::chrono::seconds(1)});
    seen_ = {};
  }

  actor_context context_;
  generation life_;
  inspector_settings settings_;
  log_writer_handle log_writer_;
  storage_writer_handle storage_writer_;

  std::unique_ptr<storage::log_copy> copy_;
  reply_to<copied_log> copy_reply_; ///< of the copy under way
  std::weak_ptr<const held_file> newest_copy_;
  int copy_tries_ = 0;

  reply_to<validated> check_reply_; ///< of the check under way
  live_evidence seen_;
  std::chrono::steady_clock::time_point check_began_;
};

} // namespace

inspector_handle start_inspector(caf::actor_system& system, const actor_context& context,
                                 generation life, inspector_settings settings) {
  auto handle =
      spawn_blocking<inspector>(system, context, "inspector", 1024, life, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.inspector = handle; });
  return handle;
}

} // namespace actors
