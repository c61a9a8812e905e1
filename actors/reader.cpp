// SPDX-License-Identifier: Apache-2.0
#include "actors/reader.hpp"

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

class reader : public traced<reader_handle::base> {
public:
  reader(caf::actor_config& config, const actor_context& context,
         std::shared_ptr<actor_stats> stats, reader_pool_handle pool, std::size_t which,
         std::shared_ptr<storage::state_reader> connection)
    : traced(config, context.registry, std::move(stats)), metrics_(context.metrics),
      board_(context.board), pool_(std::move(pool)), which_(which),
      connection_(std::move(connection)) {}

  behavior_type make_behavior() override {
    return {
        [this](const read_batch& batch) { on_read_batch(*batch.reads); },
        [this](close_connection) {
          connection_.reset();
          send(pool_, connection_closed{which_});
        },
        [this](use_connection& what) { connection_ = std::move(what.connection); },
    };
  }

  void on_exit() override {
    connection_.reset();
    pool_ = nullptr;
  }

private:
  void on_read_batch(std::vector<pooled_read>& reads) {
    {
      answer_batch together;
      answer_gets(reads);
      for (auto& read : reads)
        if (auto* request = std::get_if<storage::scan_request>(&read.what))
          answer_scan(read, *request);
      reads.clear();
    }
    send(pool_, reader_idle{which_});
  }

  /// All point reads of the batch, from one read snapshot.
  void answer_gets(std::vector<pooled_read>& reads) {
    std::vector<std::string> keys;
    for (auto& read : reads)
      if (auto* key = std::get_if<std::string>(&read.what))
        keys.push_back(std::move(*key));
    if (keys.empty())
      return;
    auto began = now_ns();
    auto found = [&] {
      auto span = tracer().work("read", keys.size());
      return connection_->get_many(keys);
    }();
    auto answered = tracer().steps("read");
    auto seconds_each =
        static_cast<double>(now_ns() - began) / 1e9 / static_cast<double>(keys.size());
    std::size_t next = 0;
    for (auto& read : reads) {
      if (!std::holds_alternative<std::string>(read.what))
        continue;
      answered(read.trace, 0);
      observe_wait(read, began);
      metrics_->sqlite_read_latency_seconds.Observe(seconds_each);
      if (found)
        read.reply.answer_with(query_result{std::move((*found)[next++])});
      else
        refuse(read, found.error());
    }
    end_unless_passing(found);
  }

  void answer_scan(pooled_read& read, const storage::scan_request& request) {
    auto began = now_ns();
    auto page = [&] {
      auto span = tracer().work("scan", 0);
      return connection_->scan(request);
    }();
    tracer().steps("read")(read.trace, 0);
    observe_wait(read, began);
    metrics_->sqlite_read_latency_seconds.Observe(static_cast<double>(now_ns() - began) / 1e9);
    if (page)
      read.reply.answer_with(query_result{std::move(*page)});
    else
      refuse(read, page.error());
    end_unless_passing(page);
  }

  void observe_wait(const pooled_read& read, std::uint64_t began) {
    metrics_->sqlite_pool_wait_seconds.Observe(static_cast<double>(began - read.queued_at_ns)
                                               / 1e9);
  }

  static void refuse(const pooled_read& read, const base::error& why) {
    auto code = why.code == base::errc::busy          ? failure_code::storage_busy
                : why.code == base::errc::interrupted ? failure_code::timeout
                                                      : failure_code::storage_failed;
    read.reply.refuse({code, commit_status::no, why.text, 0, 0, std::chrono::seconds(1)});
  }

  /// A busy or interrupted read passes; anything else means the connection is not to
  /// be trusted any more.
  template <class Outcome>
  void end_unless_passing(const Outcome& outcome) {
    if (outcome || outcome.error().code == base::errc::busy
        || outcome.error().code == base::errc::interrupted)
      return;
    auto why = to_string(outcome.error().within("read the state machine"));
    base::log::error("aspen::raft::storage_sqlite", "a reader failed", {{"reason", why}});
    if (outcome.error().code == base::errc::corrupt)
      board_->suspect(outcome.error().text);
    throw storage_failure(why);
  }

  std::shared_ptr<node_metrics> metrics_;
  std::shared_ptr<status_board> board_;
  reader_pool_handle pool_;
  std::size_t which_;
  std::shared_ptr<storage::state_reader> connection_;
};

} // namespace

reader_handle start_reader(caf::actor_system& system, const actor_context& context,
                           reader_pool_handle pool, std::size_t which,
                           std::shared_ptr<storage::state_reader> connection) {
  auto name = "reader_pool/" + std::to_string(which);
  return spawn_blocking<reader>(system, context, name.c_str(), 16, std::move(pool), which,
                                std::move(connection));
}

} // namespace actors
