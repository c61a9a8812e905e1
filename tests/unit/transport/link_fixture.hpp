// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "transport/links.hpp"

namespace tests {

using namespace std::chrono_literals;

/// Longer than anything takes, even on a machine that is busy with other things.
inline constexpr auto patience = 60s;

/// Waits until `holds`, looking every few milliseconds.
template <class Condition>
bool eventually(Condition holds, std::chrono::milliseconds bound = patience) {
  auto end = std::chrono::steady_clock::now() + bound;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

inline base::uuid cluster_id() {
  return base::uuid_from_name("the cluster");
}

inline transport::identity server(std::uint64_t id, const std::string& life = "first") {
  return {cluster_id(), raft::server_id{id},
          base::uuid_from_name(life + " life of " + std::to_string(id)), base::random_uuid()};
}

/// A server's links on a port of their own, and what they brought.
class linked_server {
public:
  explicit linked_server(const transport::identity& self) {
    with_.self = self;
    with_.listen = "127.0.0.1:0";
    with_.program_version = "0.1.0-test";
    with_.http_addr = "127.0.0.1:" + std::to_string(8000 + self.server.value);
    // Much shorter than the defaults where a test waits for them, and never shorter than a
    // busy machine needs where it does not.
    with_.times.back_off_min = 10ms;
    with_.times.back_off_max = 200ms;
    with_.times.ping_interval = 50ms;
    with_.times.silence_max = patience;
    with_.times.handshake_timeout = patience;
    with_.times.fallback_dial_after = patience;
  }

  /// To be changed before `start`.
  transport::settings& settings() { return with_; }
  const transport::identity& self() const { return with_.self; }

  linked_server& start() {
    auto made = try_start();
    INFO((made ? std::string() : made.error().text));
    REQUIRE(made);
    return *this;
  }

  base::status try_start() {
    auto made = transport::links::start(
        with_,
        {[this](raft::server_id from, raft::message body) { on_message(from, std::move(body)); },
         [this](const transport::peer_state& state) { on_change(state); },
         [this](std::unique_ptr<transport::incoming_stream> stream) {
           on_stream(std::move(stream));
         },
         [this](const base::error&) { ++failures; }});
    if (!made)
      return base::fail(made.error());
    links_ = std::move(*made);
    return {};
  }

  transport::links& links() { return *links_; }
  transport::peer as_peer() const {
    return {with_.self.server, with_.self.incarnation, links_->listening_address()};
  }
  std::uint16_t port() const {
    auto address = links_->listening_address();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  void know(std::vector<transport::peer> peers, std::uint64_t membership_index = 1) {
    auto set = links_->set_peers({std::move(peers), raft::log_index{membership_index}});
    INFO((set ? std::string() : set.error().text));
    REQUIRE(set);
  }

  std::optional<transport::peer_state> state(std::uint64_t id) const {
    for (const auto& each : links_->peer_states())
      if (each.id == raft::server_id{id})
        return each;
    return std::nullopt;
  }
  bool is_linked(std::uint64_t id) const {
    auto now = state(id);
    return now && now->is_connected;
  }
  std::string last_error(std::uint64_t id) const {
    auto now = state(id);
    return now ? now->last_error : std::string();
  }

  /// A heartbeat of that term.
  transport::send_outcome send(std::uint64_t to, std::uint64_t term) {
    return links_->send(raft::server_id{to}, raft::timeout_now{raft::term{term}});
  }
  std::size_t received() const {
    std::lock_guard lock(mutex_);
    return received_.size();
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> terms() const {
    std::lock_guard lock(mutex_);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
    for (const auto& [from, body] : received_)
      out.emplace_back(from.value, raft::term_of(body).value);
    return out;
  }
  std::vector<raft::message> messages() const {
    std::lock_guard lock(mutex_);
    std::vector<raft::message> out;
    for (const auto& [from, body] : received_)
      out.push_back(body);
    return out;
  }
  std::vector<transport::peer_state> changes() const {
    std::lock_guard lock(mutex_);
    return changes_;
  }

  /// The next stream another server opened to this one.
  std::unique_ptr<transport::incoming_stream> take_stream() {
    std::unique_lock lock(mutex_);
    REQUIRE(came_.wait_for(lock, patience, [this] { return !streams_.empty(); }));
    auto stream = std::move(streams_.front());
    streams_.pop_front();
    return stream;
  }

  void stop() { links_->stop(); }

  std::atomic<int> failures{0};
  /// Makes the I/O thread wait within `on_message`, for as long as it is true.
  std::atomic<bool> is_frozen{false};

private:
  void on_message(raft::server_id from, raft::message body) {
    while (is_frozen)
      std::this_thread::sleep_for(1ms);
    std::lock_guard lock(mutex_);
    received_.emplace_back(from, std::move(body));
  }
  void on_change(const transport::peer_state& state) {
    std::lock_guard lock(mutex_);
    changes_.push_back(state);
  }
  void on_stream(std::unique_ptr<transport::incoming_stream> stream) {
    std::lock_guard lock(mutex_);
    streams_.push_back(std::move(stream));
    came_.notify_all();
  }

  transport::settings with_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::pair<raft::server_id, raft::message>> received_;
  std::vector<transport::peer_state> changes_;
  std::deque<std::unique_ptr<transport::incoming_stream>> streams_;
  std::unique_ptr<transport::links> links_; // ends before what its callbacks use
};

/// Two servers that know each other and are linked.
struct linked_pair {
  linked_server one{server(1)};
  linked_server two{server(2)};

  void start() {
    one.start();
    two.start();
    introduce();
  }
  void introduce() {
    one.know({two.as_peer()});
    two.know({one.as_peer()});
  }
  bool are_linked() { return one.is_linked(2) && two.is_linked(1); }
};

} // namespace tests
