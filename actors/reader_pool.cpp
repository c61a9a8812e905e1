// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_pool.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>

#include <caf/typed_event_based_actor.hpp>

#include "actors/reader.hpp"
#include "actors/traced.hpp"

namespace actors {

namespace {

constexpr std::chrono::milliseconds interrupt_interval{20};

class reader_pool : public traced<reader_pool_handle::base> {
public:
  reader_pool(caf::actor_config& config, const actor_context& context,
              std::shared_ptr<actor_stats> stats, reader_pool_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), settings_(settings),
      storage_writer_(context.where->get().storage_writer) {
    set_down_handler([this](caf::down_msg& ended) {
      quit(ended.reason ? ended.reason : caf::make_error(caf::exit_reason::unhandled_exception));
    });
  }

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](const read_batch& batch) { on_read_batch(*batch.reads); },
        [this](reader_idle who) { on_reader_idle(who.which); },
        [this](close_readers) { return on_close_readers(); },
        [this](readers_opened& opened) { on_readers_opened(opened); },
        [this](connection_closed who) { on_connection_closed(who.which); },
        [this](tick) { hurry(); },
    };
  }

  void on_exit() override {
    for (auto& reader : readers_)
      anon_send_exit(reader, caf::exit_reason::user_shutdown);
    readers_.clear();
    waiting_.clear();
    closing_.reset();
    storage_writer_ = nullptr;
  }

protected:
  void describe_state(figure_list& out) const override {
    out.add("readers", readers_.size());
    out.add("idle", idle_.size());
    out.add("reads_waiting", waiting_.size());
    out.add("reads_waiting_max", settings_.waiting_max);
    out.add("connections_to_close", closing_ ? open_connections_ : 0);
    out.add_text("waits_for", closing_     ? "its readers to let go of the state"
                              : is_closed_ ? "a new state"
                                           : "nothing");
  }

private:
  caf::result<begun> on_begin() {
    auto promise = make_response_promise<begun>();
    request(storage_writer_, caf::infinite, open_readers{settings_.readers})
        .then(
            [this, promise](readers_opened& opened) mutable {
              start_readers(opened);
              promise.deliver(begun{});
            },
            [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
    return promise;
  }

  void start_readers(readers_opened& opened) {
    reader_pool_handle self{this};
    for (std::size_t i = 0; i < opened.readers.size(); ++i) {
      connections_.push_back(opened.readers[i]);
      readers_.push_back(start_reader(system(), context_, self, i, std::move(opened.readers[i])));
      monitor(readers_.back());
      idle_.push_back(i);
    }
    publish();
  }

  void on_read_batch(std::vector<pooled_read>& reads) {
    answer_batch together;
    for (auto& read : reads)
      if (waiting_.size() < settings_.waiting_max)
        waiting_.push_back(std::move(read));
      else
        read.reply.refuse({failure_code::overloaded, commit_status::no,
                           "too many reads wait for a reader", settings_.waiting_max,
                           waiting_.size() + 1, std::chrono::seconds(1)});
    hand_out();
  }

  void on_reader_idle(std::size_t which) {
    idle_.push_back(which);
    hand_out();
  }

  // -- a new state: what was asked is answered from the old one, what comes waits -------

  caf::result<readers_closed> on_close_readers() {
    closing_ = make_response_promise<readers_closed>();
    open_connections_ = readers_.size();
    for (auto& reader : readers_)
      send(reader, close_connection{});
    delayed_send(this, settings_.close_patience, tick{});
    auto promise = *closing_;
    finish_closing();
    return promise;
  }

  void on_connection_closed(std::size_t which) {
    connections_[which].reset();
    --open_connections_;
    finish_closing();
  }

  void finish_closing() {
    if (!closing_ || open_connections_ != 0)
      return;
    closing_->deliver(readers_closed{});
    closing_.reset();
    is_closed_ = true;
  }

  /// Reads that are still under way are interrupted, again and again: a reader may have
  /// several in hand.
  void hurry() {
    if (!closing_)
      return;
    for (auto& each : connections_)
      if (auto connection = each.lock())
        connection->interrupt();
    delayed_send(this, interrupt_interval, tick{});
  }

  void on_readers_opened(readers_opened& opened) {
    for (std::size_t i = 0; i < readers_.size() && i < opened.readers.size(); ++i) {
      connections_[i] = opened.readers[i];
      send(readers_[i], use_connection{std::move(opened.readers[i])});
    }
    is_closed_ = false;
    hand_out();
  }

  /// The reader that became idle last is the warmest: it goes first.
  void hand_out() {
    while (!closing_ && !is_closed_ && !waiting_.empty() && !idle_.empty()) {
      auto count = std::min(waiting_.size(), settings_.batch_max);
      auto batch = std::make_shared<std::vector<pooled_read>>(
          std::make_move_iterator(waiting_.begin()),
          std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      auto which = idle_.back();
      idle_.pop_back();
      send(readers_[which], read_batch{std::move(batch)});
    }
    publish();
  }

  void publish() {
    context_.board->publish(
        pool_status{readers_.size(), readers_.size() - idle_.size(), waiting_.size()});
  }

  actor_context context_;
  reader_pool_settings settings_;
  storage_writer_handle storage_writer_;
  std::vector<reader_handle> readers_;
  /// To interrupt them; the readers alone keep them open.
  std::vector<std::weak_ptr<storage::state_reader>> connections_;
  std::optional<caf::typed_response_promise<readers_closed>> closing_;
  std::size_t open_connections_ = 0;
  bool is_closed_ = false;
  std::vector<std::size_t> idle_;
  std::deque<pooled_read> waiting_;
};

} // namespace

reader_pool_handle start_reader_pool(caf::actor_system& system, const actor_context& context,
                                     reader_pool_settings settings) {
  auto handle = spawn_scheduled<reader_pool>(system, context, "reader_pool", 65536, settings);
  context.where->change([&handle](directory::handles& all) { all.reader_pool = handle; });
  return handle;
}

} // namespace actors
