// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/memory_network.hpp"

#include <algorithm>

namespace actors {

std::shared_ptr<memory_transport> memory_network::attach(const std::string& raft_addr) {
  auto made = std::make_shared<memory_transport>(*this, raft_addr);
  all_[raft_addr] = made;
  return made;
}

memory_transport* memory_network::find(raft::server_id id) const {
  for (const auto& [address, each] : all_)
    if (auto one = each.lock(); one && one->listener_ && one->self_.server == id)
      return one.get();
  return nullptr;
}

memory_transport* memory_network::find_at(const std::string& raft_addr) const {
  auto found = all_.find(raft_addr);
  return found == all_.end() ? nullptr : found->second.lock().get();
}

bool memory_network::deliver() {
  auto now = std::exchange(under_way_, {});
  for (auto& each : now) {
    auto* to = find(each.to);
    if (to != nullptr && find(each.from.server) != nullptr && !is_cut(each.from.server, each.to))
      to->listener_->on_message({each.from.server, each.from.incarnation}, std::move(each.body));
  }
  return !now.empty();
}

void memory_network::cut(raft::server_id one, raft::server_id other) {
  cuts_.insert({std::min(one, other), std::max(one, other)});
}

void memory_network::isolate(raft::server_id one) {
  isolated_.insert(one);
}

void memory_network::heal() {
  cuts_.clear();
  isolated_.clear();
}

bool memory_network::is_cut(raft::server_id one, raft::server_id other) const {
  return isolated_.contains(one) || isolated_.contains(other)
         || cuts_.contains({std::min(one, other), std::max(one, other)});
}

base::status memory_transport::open(const storage::identity& self,
                                    std::shared_ptr<peer_listener> listener) {
  if (!next_open)
    return next_open;
  self_ = self;
  listener_ = std::move(listener);
  return {};
}

void memory_transport::close() {
  listener_.reset();
  peers_.clear();
  membership_index_ = {};
}

base::status memory_transport::set_peers(std::vector<peer_address> peers,
                                         raft::log_index membership_index) {
  peers_ = std::move(peers);
  membership_index_ = membership_index;
  return {};
}

bool memory_transport::reaches(const memory_transport* other) const {
  return listener_ && other != nullptr && other->listener_
         && !network_.is_cut(self_.server, other->self_.server);
}

bool memory_transport::send(raft::server_id to, raft::message body) {
  if (!reaches(network_.find(to)))
    return false;
  ++sent;
  network_.under_way_.push_back({self_, to, std::move(body)});
  return true;
}

std::vector<peer_link> memory_transport::links() const {
  std::vector<peer_link> all;
  for (const auto& each : peers_) {
    peer_link link;
    link.id = each.id;
    link.raft_addr = each.raft_addr;
    auto* other = network_.find_at(each.raft_addr);
    link.is_connected = reaches(other) && other->self_.server == each.id;
    if (link.is_connected) {
      link.incarnation = other->self_.incarnation;
      link.http_addr = other->http_addr;
      link.membership_index = other->membership_index_;
      link.version = "test";
    } else {
      link.trouble = "no connection";
    }
    all.push_back(std::move(link));
  }
  return all;
}

} // namespace actors
