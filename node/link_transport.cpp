// SPDX-License-Identifier: Apache-2.0
#include "node/link_transport.hpp"

#include <atomic>
#include <map>
#include <mutex>

#include "base/version.hpp"
#include "transport/links.hpp"

namespace node {

namespace {

transport::settings setup_of(const settings& all) {
  transport::settings setup;
  setup.listen = to_string(all.cluster.raft_addr);
  setup.program_version = std::string(base::version);
  setup.http_addr = to_string(all.cluster.http_addr);
  if (all.security.has_peer_tls())
    setup.tls = transport::tls_files{all.security.peer_ca_file, all.security.peer_cert_file,
                                     all.security.peer_key_file};
  return setup;
}

/// Who is told now; between two lives of the actors nobody.
class switchboard {
public:
  void set(std::shared_ptr<actors::peer_listener> listener) {
    std::shared_ptr<actors::peer_listener> before;
    std::lock_guard guard(mutex_);
    before = std::exchange(listener_, std::move(listener));
  }
  template <class Tell>
  void tell(Tell&& how) {
    std::lock_guard guard(mutex_);
    if (listener_)
      how(*listener_);
  }

private:
  std::mutex mutex_;
  std::shared_ptr<actors::peer_listener> listener_;
};

actors::peer_link to_link(const transport::peer_state& from) {
  actors::peer_link link;
  link.id = from.id;
  link.incarnation = from.incarnation;
  link.raft_addr = from.address;
  link.version = from.program_version;
  link.http_addr = from.http_addr;
  link.is_connected = from.is_connected;
  link.membership_index = from.membership_index;
  if (from.since_heard)
    link.last_heard = std::chrono::steady_clock::now() - *from.since_heard;
  link.round_trip = from.round_trip;
  link.trouble = from.is_connected ? std::string() : from.last_error;
  link.calls_us_no_member =
      !from.is_connected
      && (from.refused_us == transport::refusal_reason::unknown_server
          || from.refused_us == transport::refusal_reason::outdated_incarnation);
  link.bytes_waiting = from.outbound_bytes;
  link.messages_dropped = from.dropped_not_connected + from.dropped_over_bound;
  link.reconnects = from.connects > 0 ? from.connects - 1 : 0;
  return link;
}

class process_links final : public link_transport {
public:
  process_links(transport::settings setup, std::function<void(const base::error&)> on_taken)
    : setup_(std::move(setup)), on_taken_(std::move(on_taken)) {}

  base::status open(const storage::identity& self,
                    std::shared_ptr<actors::peer_listener> listener) override {
    std::lock_guard guard(mutex_);
    if (!links_ || has_failed_->load()) {
      links_.reset();
      setup_.self = {self.cluster_id, self.server, self.incarnation, base::random_uuid()};
      has_failed_->store(false);
      auto started = transport::links::start(setup_, callbacks());
      if (!started) {
        if (started.error().code == base::errc::busy && on_taken_)
          on_taken_(started.error());
        return base::fail(started.error().within("peers at " + setup_.listen));
      }
      on_taken_ = nullptr;
      links_ = std::move(*started);
    }
    board_->set(std::move(listener));
    return {};
  }

  void close() override { board_->set(nullptr); }

  base::status set_peers(std::vector<actors::peer_address> peers,
                         raft::log_index membership_index) override {
    transport::peer_set wanted;
    wanted.membership_index = membership_index;
    for (auto& each : peers)
      wanted.peers.push_back({each.id, each.incarnation, std::move(each.raft_addr)});
    auto links = current();
    return links ? links->set_peers(std::move(wanted)) : base::status{};
  }

  bool send(raft::server_id to, raft::message body) override {
    auto links = current();
    return links && links->send(to, body) == transport::send_outcome::queued;
  }

  std::vector<actors::peer_link> links() const override {
    std::vector<actors::peer_link> all;
    if (auto links = current())
      for (const auto& each : links->peer_states())
        all.push_back(to_link(each));
    return all;
  }

  base::result<std::unique_ptr<transport::outgoing_stream>> open_stream(
      raft::server_id to, transport::stream_offer what,
      std::chrono::milliseconds timeout) override {
    if (auto links = current())
      return links->open_stream(to, std::move(what), timeout);
    return base::fail(base::errc::interrupted, "there are no links to peers");
  }

  void take_streams(stream_taker taker) override { taker_ = std::move(taker); }

  base::status reload_certificates() override {
    auto links = current();
    return links ? links->reload() : base::status{};
  }

private:
  /// Shared, so that a call goes on while the links are replaced.
  std::shared_ptr<transport::links> current() const {
    std::lock_guard guard(mutex_);
    return links_;
  }

  transport::callbacks callbacks() {
    transport::callbacks to;
    // A link's state is told before its first message, on the same thread.
    auto lives = std::make_shared<std::map<raft::server_id, raft::incarnation>>();
    to.on_message = [board = board_, lives](raft::server_id from, raft::message body) {
      raft::server_life life{from, (*lives)[from]};
      board->tell([&](auto& listener) { listener.on_message(life, std::move(body)); });
    };
    to.on_peer_change = [board = board_, lives](const transport::peer_state& state) {
      if (state.is_connected)
        (*lives)[state.id] = state.incarnation;
      board->tell([&](auto& listener) { listener.on_link_change(state.id); });
    };
    to.on_failure = [board = board_, failed = has_failed_](const base::error& why) {
      failed->store(true);
      board->tell([&](auto& listener) { listener.on_failure(why); });
    };
    to.on_stream = taker_;
    return to;
  }

  transport::settings setup_;
  std::function<void(const base::error&)> on_taken_; ///< null once it was open
  stream_taker taker_;
  const std::shared_ptr<switchboard> board_ = std::make_shared<switchboard>();
  const std::shared_ptr<std::atomic<bool>> has_failed_ = std::make_shared<std::atomic<bool>>(false);
  mutable std::mutex mutex_;
  std::shared_ptr<transport::links> links_;
};

} // namespace

std::shared_ptr<link_transport> make_link_transport(
    const settings& all, std::function<void(const base::error&)> on_taken) {
  return std::make_shared<process_links>(setup_of(all), std::move(on_taken));
}

} // namespace node
