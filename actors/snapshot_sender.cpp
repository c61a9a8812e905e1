// SPDX-License-Identifier: Apache-2.0
#include "actors/snapshot_sender.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <caf/typed_event_based_actor.hpp>

#include "actors/backup_maker.hpp"
#include "actors/snapshot_stream.hpp"
#include "actors/traced.hpp"
#include "base/log.hpp"
#include "base/snapshot_limits.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::snapshot";
constexpr auto storage_target = "aspen::raft::storage_sqlite";

class snapshot_sender : public traced<snapshot_sender_handle::base> {
public:
  snapshot_sender(caf::actor_config& config, const actor_context& context,
                  std::shared_ptr<actor_stats> stats, generation life,
                  snapshot_sender_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), storage_writer_(context.where->get().storage_writer),
      backups_(settings_.backup_path, context.board) {
    set_down_handler([this](caf::down_msg& ended) {
      quit(ended.reason ? ended.reason : caf::make_error(caf::exit_reason::unhandled_exception));
    });
  }

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](const send_snapshot& what) { on_send_snapshot(what); },
        [this](const snapshot_now& what) { on_snapshot_now(what); },
        [this](const backup_now& what) { on_backup_now(what); },
        [this](const snapshot_stream_progress& what) { on_progress(what); },
        [this](const snapshot_stream_ended& what) { on_stream_ended(what); },
        [this](tick) { serve(); },
    };
  }

  void on_exit() override {
    *is_stopping_ = true;
    for (auto& stream : streams_)
      anon_send_exit(stream, caf::exit_reason::user_shutdown);
    streams_.clear();
    asked_.clear();
    backups_ = {{}, context_.board};
    storage_writer_ = nullptr;
    raft_ = nullptr;
    context_.board->forget<snapshots_sent_status>();
  }

private:
  begun on_begin() {
    snapshot_sender_handle self{this};
    backups_.clean();
    for (std::size_t i = 0; settings_.transport && i < base::limits::snapshot_streams_max; ++i) {
      streams_.push_back(start_snapshot_stream(system(), context_, self, i, settings_.transport,
                                               settings_.open_timeout, is_stopping_));
      monitor(streams_.back());
      idle_.push_back(i);
    }
    publish();
    return begun{};
  }

  void on_send_snapshot(const send_snapshot& what) {
    if (what.life != life_ || !settings_.transport)
      return;
    raft_ = caf::actor_cast<raft_handle>(current_sender());
    auto waits = [&what](const send_snapshot& other) { return other.to == what.to; };
    if (under_way_.contains(what.to) || std::ranges::any_of(waiting_, waits))
      return;
    waiting_.push_back(what);
    serve();
  }

  /// The file is the same that peers are sent, made anew.
  void on_snapshot_now(const snapshot_now& what) {
    asked_.push_back(what.reply);
    if (!is_building_)
      build();
  }

  void on_backup_now(const backup_now& what) {
    if (!backups_.accept(what))
      return;
    request(storage_writer_, caf::infinite, get_snapshot_source{})
        .then(
            [this](const snapshot_source_reply& from) {
              backups_.make(*from.source, [this] { return is_in_service(); });
              serve();
            },
            [this](caf::error& why) {
              backups_.fail(failure_code::unavailable, system().render(why));
            });
  }

  void answer_asked() {
    for (auto& reply : std::exchange(asked_, {}))
      if (file_)
        reply.answer_with(made_);
      else
        reply.refuse(
            {failure_code_, commit_status::no, "make a snapshot: " + failure_text_, 0, 0, {}});
  }

  void serve() {
    if (is_building_ || waiting_.empty() || idle_.empty())
      return;
    while (!waiting_.empty() && !idle_.empty()) {
      if (!is_fresh_for(waiting_.front()))
        return build();
      auto to = waiting_.front().to;
      waiting_.pop_front();
      auto which = idle_.back();
      idle_.pop_back();
      under_way_[to] = {0, file_->offer.size_bytes};
      send(streams_[which], stream_snapshot{to, current_term(), file_});
    }
    publish();
  }

  // -- the file -----------------------------------------------------------------------

  /// The log of this server goes on from it, and the peer can use it.
  bool is_fresh_for(const send_snapshot& what) const {
    auto raft = context_.board->get<raft_status>();
    return file_ && file_->offer.point.id.index >= what.at_least && raft
           && file_->offer.point.id.index.next() >= raft->core.first_index;
  }

  raft::term current_term() const {
    auto raft = context_.board->get<raft_status>();
    return raft ? raft->core.current_term : raft::term{};
  }

  void build() {
    is_building_ = true;
    request(storage_writer_, caf::infinite, get_snapshot_source{})
        .then(
            [this](const snapshot_source_reply& from) {
              make_file(*from.source);
              is_building_ = false;
              answer_asked();
              fail_those_ahead();
              serve();
            },
            [this](caf::error& why) {
              is_building_ = false;
              file_.reset();
              failure_code_ = failure_code::unavailable;
              failure_text_ = system().render(why);
              answer_asked();
              fail_all(failure_text_);
            });
  }

  void make_file(storage::snapshot_source& source) {
    file_.reset();
    auto began = std::chrono::steady_clock::now();
    storage::snapshot_watch watch;
    watch.keep_going = [this] { return may_go_on(); };
    auto report = source.write(settings_.path, watch);
    slow_writes(false);
    if (!report) {
      base::log::warn(target, "snapshot not built", {{"reason", to_string(report.error())}});
      failure_text_ = to_string(report.error());
      failure_code_ = report.error().code == base::errc::storage_full ? failure_code::storage_full
                      : report.error().code == base::errc::unsupported
                          ? failure_code::unsupported
                          : failure_code::storage_failed;
      return fail_all(to_string(report.error()));
    }
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    keep(*report);
    made_ = {report->meta.last_applied, report->rows, report->file_bytes, settings_.path};
    ++status_.built;
    auto size_kb = report->file_bytes / base::limits::kibibyte;
    base::log::debug(storage_target, "Snapshot built",
                     {{"entries", report->rows}, {"size_kb", size_kb}});
    base::log::info(target, "snapshot built",
                    {{"index", report->meta.last_applied.index.value},
                     {"entries", report->rows},
                     {"size_kb", size_kb},
                     {"duration_ms", static_cast<std::uint64_t>(took.count())}});
  }

  /// Who needs more than is applied here would have the next file be made at once.
  void fail_those_ahead() {
    std::erase_if(waiting_, [this](const send_snapshot& what) {
      if (is_fresh_for(what))
        return false;
      fail(what.to, "too little is applied here");
      return true;
    });
  }

  void keep(const storage::snapshot_report& report) {
    auto file = std::make_shared<snapshot_file>();
    file->path = settings_.path;
    file->offer.point = {report.meta.last_applied, report.meta.chain, report.meta.membership};
    file->offer.size_bytes = report.file_bytes;
    file->offer.file = base::random_uuid();
    file->offer.attributes = encode({settings_.backend, report.meta.digest});
    file_ = std::move(file);
  }

  /// Asked by the copies, on this thread. Who was taken out of the directory is to end.
  bool is_in_service() const {
    auto now = context_.where->get();
    return now.snapshot_sender && now.snapshot_sender.address() == address();
  }

  bool may_go_on() {
    if (!is_in_service())
      return false;
    auto state = context_.board->get<storage_status>();
    slow_writes(state && state->wal.bytes > base::limits::snapshot_held_bytes_slow
                && state->wal.frames > 0);
    return true;
  }

  void slow_writes(bool are_slowed) {
    if (are_slowed == are_slowed_)
      return;
    if (!raft_)
      raft_ = context_.where->get().raft;
    if (!raft_)
      return;
    are_slowed_ = are_slowed;
    base::log::warn(target, are_slowed ? "writes are refused until the snapshot is copied"
                                       : "writes are taken again");
    send(raft_, actors::slow_writes{life_, are_slowed});
  }

  // -- the streams ----------------------------------------------------------------------

  void on_progress(const snapshot_stream_progress& what) {
    under_way_[what.to] = {what.bytes_sent, what.bytes_total};
    base::log::info(target, "sending snapshot",
                    {{"to", what.to.value},
                     {"sent_kb", what.bytes_sent / base::limits::kibibyte},
                     {"size_kb", what.bytes_total / base::limits::kibibyte}});
    publish();
  }

  void on_stream_ended(const snapshot_stream_ended& what) {
    under_way_.erase(what.to);
    idle_.push_back(what.which);
    auto index = what.file->offer.point.id.index;
    if (what.why.empty()) {
      ++status_.sent;
      base::log::info(target, "snapshot sent", {{"to", what.to.value}, {"index", index.value}});
      send(raft_, snapshot_was_sent{life_, what.to, what.file});
    } else {
      base::log::warn(target, "snapshot not sent",
                      {{"to", what.to.value}, {"index", index.value}, {"reason", what.why}});
      // The receiver does not want this very file: the next one is made anew.
      if (what.was_refused && file_ == what.file)
        file_.reset();
      send_after(settings_.failure_pause, raft_, snapshot_not_sent{life_, what.to});
    }
    publish();
    serve();
  }

  void fail(raft::server_id to, const std::string& why) {
    base::log::warn(target, "snapshot not sent", {{"to", to.value}, {"reason", why}});
    send_after(settings_.failure_pause, raft_, snapshot_not_sent{life_, to});
  }

  void fail_all(const std::string& why) {
    for (const auto& what : waiting_)
      fail(what.to, why);
    waiting_.clear();
    publish();
  }

  void describe_state(figure_list& out) const override {
    out.add("streams_under_way", under_way_.size());
    out.add("peers_waiting", waiting_.size());
    out.add("is_building", is_building_ ? 1 : 0);
    out.add("built", status_.built);
    out.add("sent", status_.sent);
    out.add("generation", life_);
  }

  void publish() {
    status_.under_way.clear();
    for (const auto& [to, moved] : under_way_)
      status_.under_way.push_back({to, moved.first, moved.second});
    status_.waiting = waiting_.size();
    context_.board->publish(status_);
  }

  actor_context context_;
  generation life_;
  snapshot_sender_settings settings_;
  storage_writer_handle storage_writer_;
  backup_maker backups_;
  raft_handle raft_;
  std::vector<snapshot_stream_handle> streams_;
  std::vector<std::size_t> idle_;
  std::deque<send_snapshot> waiting_;
  std::map<raft::server_id, std::pair<std::uint64_t, std::uint64_t>> under_way_; ///< sent, of
  std::shared_ptr<const snapshot_file> file_;  ///< null: none is worth using
  std::vector<reply_to<snapshot_made>> asked_; ///< operators who wait for the next file
  snapshot_made made_;                         ///< what `file_` is
  failure_code failure_code_ = failure_code::storage_failed; ///< why there is none
  std::string failure_text_;
  std::shared_ptr<std::atomic<bool>> is_stopping_ = std::make_shared<std::atomic<bool>>(false);
  bool is_building_ = false;
  bool are_slowed_ = false;
  snapshots_sent_status status_;
};

} // namespace

snapshot_sender_handle start_snapshot_sender(caf::actor_system& system,
                                             const actor_context& context, generation life,
                                             snapshot_sender_settings settings) {
  auto handle = spawn_blocking<snapshot_sender>(system, context, "snapshot_sender", 1024, life,
                                                std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.snapshot_sender = handle; });
  return handle;
}

} // namespace actors
