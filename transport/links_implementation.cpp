// SPDX-License-Identifier: Apache-2.0
#include "transport/links_implementation.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <asio/post.hpp>

#include "base/check.hpp"
#include "base/log.hpp"
#include "transport/quiet_thread.hpp"

namespace transport {

links::implementation::implementation(settings with, callbacks to)
  : node_(std::make_shared<node_context>(std::move(with))),
    listener_(
        node_,
        [this](const identity& other, const hello& body) { return judge_on_io(other, body); },
        [this](greeted fresh) { take_on_io(std::move(fresh)); }),
    callbacks_(std::move(to)), work_(asio::make_work_guard(*node_->io)) {}

base::status links::implementation::open() {
  auto opened = listener_.open(node_->settings.listen);
  listening_address_ = listener_.local_address();
  return opened;
}

base::status links::implementation::reload() {
  if (!node_->settings.tls)
    return {};
  auto fresh = tls_context::load(*node_->settings.tls, node_->settings.self.server);
  if (!fresh)
    return base::fail(fresh.error().within("certificates of the peer port"));
  node_->set_tls(std::move(*fresh));
  return {};
}

// --- the thread

void links::implementation::run() {
  listener_.start();
  thread_ = quiet_thread([this] { thread_main(); });
}

void links::implementation::thread_main() {
  try {
    node_->io->run();
  } catch (const std::exception& failure) {
    // A broken invariant or no memory: nothing here can be trusted to go on.
    base::error why{base::errc::resource, std::string("peer links: ") + failure.what()};
    base::log::error(log_target, "the I/O thread ended", {{"reason", why.text}});
    stop_on_io();
    if (callbacks_.on_failure)
      callbacks_.on_failure(why);
  }
}

void links::implementation::stop() {
  std::lock_guard lock(stop_mutex_);
  if (!thread_.joinable())
    return;
  BASE_CHECK(thread_.get_id() != std::this_thread::get_id(), "the I/O thread does not stop itself");
  {
    std::lock_guard peers_lock(peers_mutex_);
    is_stopped_ = true;
  }
  asio::post(*node_->io, [this] { stop_on_io(); });
  thread_.join();
}

// Everything under way is ended; then the thread has nothing left to wait for.
void links::implementation::stop_on_io() {
  node_->is_stopping = true;
  listener_.stop();
  for (const auto& each : streams_)
    if (auto channel = each.lock())
      channel->end({base::errc::interrupted, "this server is stopping"});
  for (const auto& [id, peer] : peers_)
    peer->stop();
  work_.reset();
}

// --- peers

base::status links::implementation::check(const peer_set& peers) const {
  if (peers.peers.size() > bounds::peers_max)
    return base::fail(base::errc::limit,
                      "more than " + std::to_string(bounds::peers_max) + " peers");
  std::set<raft::server_id> seen{node_->settings.self.server};
  for (const auto& each : peers.peers) {
    auto name = "peer " + std::to_string(each.id.value);
    if (!seen.insert(each.id).second)
      return base::fail(base::errc::invalid, name + " is listed twice, or is this server");
    if (each.address.empty())
      continue;
    auto where = parse_address(each.address);
    if (!where)
      return base::fail(where.error().within(name));
    if (!node_->settings.tls && !is_loopback(*where))
      return base::fail(base::errc::invalid,
                        name + ": " + each.address
                            + " is beyond loopback: that needs TLS certificates");
  }
  return {};
}

base::status links::implementation::set_peers(peer_set to) {
  if (auto good = check(to); !good)
    return good;
  std::lock_guard lock(peers_mutex_);
  if (is_stopped_)
    return {};
  wanted_ = to;
  asio::post(*node_->io, [this, to = std::move(to)]() mutable { set_peers_on_io(std::move(to)); });
  return {};
}

void links::implementation::set_peers_on_io(peer_set to) {
  if (node_->is_stopping)
    return;
  node_->here.known = to;
  for (const auto& each : to.peers)
    find_or_add_on_io(each.id)->list(each);
  for (const auto& [id, peer] : peer_links(peers_)) {
    bool is_listed = std::any_of(to.peers.begin(), to.peers.end(),
                                 [id = id](const transport::peer& each) { return each.id == id; });
    if (!is_listed)
      peer->unlist(to.membership_index);
  }
  prune_on_io();
}

std::shared_ptr<peer_link> links::implementation::find(raft::server_id id) const {
  std::lock_guard lock(peers_mutex_);
  auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second;
}

std::shared_ptr<peer_link> links::implementation::find_or_add_on_io(raft::server_id id) {
  std::lock_guard lock(peers_mutex_);
  auto& peer = peers_[id];
  if (!peer)
    peer = std::make_shared<peer_link>(node_, callbacks_, id);
  return peer;
}

// Whoever is neither listed nor linked is forgotten.
void links::implementation::prune_on_io() {
  std::lock_guard lock(peers_mutex_);
  std::erase_if(peers_, [](const auto& each) {
    return !each.second->is_listed() && !each.second->is_linked();
  });
}

send_outcome links::implementation::send(raft::server_id to, const raft::message& body) {
  auto peer = find(to);
  return peer ? peer->send(body) : send_outcome::unknown_peer;
}

std::vector<peer_state> links::implementation::peer_states() const {
  std::vector<std::shared_ptr<peer_link>> all;
  {
    std::lock_guard lock(peers_mutex_);
    for (const auto& [id, peer] : peers_)
      all.push_back(peer);
  }
  std::vector<peer_state> states;
  for (const auto& each : all)
    if (auto state = each->state(); state.is_listed || state.is_connected)
      states.push_back(std::move(state));
  return states;
}

// --- the door

std::optional<refusal> links::implementation::judge_on_io(const identity& other,
                                                          const hello& body) {
  if (body.purpose == purpose::snapshot) {
    if (incoming_streams_on_io() >= bounds::incoming_streams_max)
      return refusal{refusal_reason::busy, "as many snapshots as may be are on their way here"};
    return std::nullopt;
  }
  if (auto peer = find(other.server))
    return peer->would_refuse(other);
  prune_on_io();
  auto unlisted = std::count_if(peers_.begin(), peers_.end(),
                                [](const auto& each) { return !each.second->is_listed(); });
  if (static_cast<std::size_t>(unlisted) >= bounds::unlisted_links_max)
    return refusal{refusal_reason::busy, "too many servers that are not listed here are linked"};
  return std::nullopt;
}

void links::implementation::take_on_io(greeted fresh) {
  if (fresh.purpose == purpose::messages)
    return find_or_add_on_io(fresh.other.server)->adopt(std::move(fresh));
  auto receiver = std::make_shared<stream_receiver>(node_, callbacks_.on_stream);
  remember_on_io(receiver);
  incoming_.push_back(receiver);
  receiver->begin(std::move(fresh));
}

// --- streams

void links::implementation::remember_on_io(const std::shared_ptr<stream_channel>& channel) {
  std::erase_if(streams_, [](const auto& each) { return each.expired(); });
  streams_.push_back(channel);
}

std::size_t links::implementation::incoming_streams_on_io() {
  std::erase_if(incoming_, [](const auto& each) {
    auto receiver = each.lock();
    return !receiver || receiver->has_ended();
  });
  return incoming_.size();
}

base::result<std::unique_ptr<outgoing_stream>> links::implementation::open_stream(
    raft::server_id to, stream_offer what, std::chrono::milliseconds timeout) {
  BASE_CHECK(what.attributes.size() <= bounds::offer_attributes_bytes_max,
             "the attributes of an offer are bounded");
  auto sender = std::make_shared<stream_sender>(node_, std::move(what));
  {
    std::lock_guard lock(peers_mutex_);
    if (is_stopped_)
      return base::fail(base::errc::interrupted, "this server is stopping");
    auto listed = std::find_if(wanted_.peers.begin(), wanted_.peers.end(),
                               [to](const peer& each) { return each.id == to; });
    if (listed == wanted_.peers.end() || listed->address.empty())
      return base::fail(base::errc::not_found,
                        "no address is known of server " + std::to_string(to.value));
    asio::post(*node_->io, [this, sender, target = *listed] {
      remember_on_io(sender);
      sender->begin(target);
    });
  }
  auto stream = std::make_unique<outgoing_stream>(sender);
  if (auto answered = sender->wait_for_answer(timeout); !answered)
    return base::fail(answered.error());
  return stream;
}

} // namespace transport
