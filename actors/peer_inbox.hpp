// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "raft/messages.hpp"

namespace actors {

/// About how much memory a message takes while it waits, in bytes.
std::uint64_t weight_of(const raft::message& body);

/// Bounds what has come from peers and is not handled yet. Any thread; shared by the
/// transport's listener and the messages in the raft actor's mailbox.
class inbound_budget {
public:
  explicit inbound_budget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// False, and nothing is taken, when it would pass the bound; an empty budget lets any
  /// single message through.
  bool take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }

private:
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> taken_{0};
};

/// A peer's message on its way to the raft actor; gives its weight back when it goes.
class inbound_message {
public:
  /// Null when the budget does not allow it: the message is lost, as on any network.
  static std::shared_ptr<inbound_message> admit(std::shared_ptr<inbound_budget> budget,
                                                raft::message&& body);
  inbound_message(std::shared_ptr<inbound_budget> budget, raft::message&& what,
                  std::uint64_t weight)
    : body(std::move(what)), budget_(std::move(budget)), weight_(weight) {}
  ~inbound_message() { budget_->give_back(weight_); }
  inbound_message(const inbound_message&) = delete;
  inbound_message& operator=(const inbound_message&) = delete;

  raft::message body;

private:
  std::shared_ptr<inbound_budget> budget_;
  std::uint64_t weight_;
};

} // namespace actors
