// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "actors/actor_registry.hpp"
#include "actors/node_status.hpp"

namespace node {

/// Looks at the actors several times a second, without a message, for what is worth a dump of the
/// flight recorder and nobody reports: a message that waits for long, leadership that is lost.
class trigger_watch {
public:
  static constexpr std::chrono::milliseconds look_every{250};

  /// Called on the watch's thread; must not block.
  using tell = std::function<void(std::string_view trigger, const std::string& reason)>;

  /// `slow_mailbox` zero: no message waits too long. Looks on a thread of its own, from now on.
  trigger_watch(std::shared_ptr<actors::actor_registry> registry,
                std::shared_ptr<const actors::status_board> board,
                std::chrono::milliseconds slow_mailbox, tell told);
  /// No call of `told` is under way or follows.
  ~trigger_watch();
  trigger_watch(const trigger_watch&) = delete;
  trigger_watch& operator=(const trigger_watch&) = delete;

private:
  void run();
  void look_at_mailboxes();
  void look_at_leadership();

  const std::shared_ptr<actors::actor_registry> registry_;
  const std::shared_ptr<const actors::status_board> board_;
  const std::chrono::milliseconds slow_mailbox_;
  const tell told_;
  std::uint64_t losses_seen_ = 0;
  std::uint64_t term_seen_ = 0; ///< at the look before
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace node
