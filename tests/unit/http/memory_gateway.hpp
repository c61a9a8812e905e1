// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/gateway.hpp"

/// Answers from a `std::map`, on a thread of its own, as the actors would. A test may hold
/// it, let it fail, or let it forget what it was asked.
class memory_gateway : public actors::gateway {
public:
  memory_gateway();
  ~memory_gateway() override;

  // -- what the server calls -----------------------------------------------------
  void submit(actors::client_batch requests) override;
  void checkpoint(actors::checkpoint_now request) override;
  void change_cluster(actors::cluster_request request) override;
  void restart_child(actors::restart_child request) override;
  void inspect(actors::inspection what) override;
  void shut_down() override;
  const actors::status_board& status() const override { return board; }
  std::vector<actors::actor_view> list_actors() const override { return actors; }
  std::vector<actors::talk_view> list_talks() const override { return talks; }

  // -- what a test does ----------------------------------------------------------
  /// Keeps what comes, answers nothing, until `release`.
  void hold();
  void release();
  /// Waits until that many requests came since the beginning.
  void wait_for_requests(std::size_t count);
  /// Every answer from now on is this failure; nothing: answers again.
  void fail_with(std::optional<actors::failure> failure);
  /// Drops what is held without an answer, as a dead actor would.
  void forget_all();
  /// Requests that come from now on are marked as proposed before they are answered.
  void mark_as_proposed(bool is_marked);
  void put(const std::string& key, std::string value);
  void publish_running();

  std::size_t batches() const;
  std::size_t requests() const;
  bool was_shut_down() const;
  actors::status_board board;
  std::vector<actors::actor_view> actors;
  std::vector<actors::talk_view> talks;
  std::function<actors::answer<actors::checkpoint_done>()> on_checkpoint;
  std::function<actors::answer<actors::restart_under_way>(const std::string&, bool)> on_restart;
  std::function<actors::answer<actors::cluster_changed>(const actors::cluster_change&)> on_change;
  std::function<void(actors::inspection&)> on_inspect;

private:
  void run();
  void perform(const actors::client_write& what);
  void perform(const actors::client_read& what);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<actors::client_batch> waiting_;
  std::map<std::string, storage::row> rows_;
  std::uint64_t index_ = 0;
  std::size_t batches_ = 0;
  std::size_t requests_ = 0;
  std::optional<actors::failure> failure_;
  bool is_held_ = false;
  bool marks_proposed_ = false;
  bool is_stopping_ = false;
  bool was_shut_down_ = false;
  std::thread thread_;
};
