// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "actors/peer_transport.hpp"

namespace actors {

class memory_transport;

/// Stands for all connections between the nodes of one test: messages wait until they are
/// delivered, and a cut connection loses them. One thread.
class memory_network {
public:
  /// The transport of the server that is found at `raft_addr`.
  std::shared_ptr<memory_transport> attach(const std::string& raft_addr);

  /// Delivers what is under way; false when nothing was.
  bool deliver();

  void cut(raft::server_id one, raft::server_id other);
  void isolate(raft::server_id one);
  void heal();
  bool is_cut(raft::server_id one, raft::server_id other) const;

private:
  friend class memory_transport;
  struct parcel {
    storage::identity from;
    raft::server_id to;
    raft::message body;
  };
  memory_transport* find(raft::server_id id) const;
  memory_transport* find_at(const std::string& raft_addr) const;

  std::map<std::string, std::weak_ptr<memory_transport>> all_;
  std::deque<parcel> under_way_;
  std::set<std::pair<raft::server_id, raft::server_id>> cuts_;
  std::set<raft::server_id> isolated_;
};

/// The twin of the real transport, without threads and sockets.
class memory_transport final : public peer_transport {
public:
  memory_transport(memory_network& network, std::string raft_addr)
    : network_(network), raft_addr_(std::move(raft_addr)) {}

  base::status open(const storage::identity& self,
                    std::shared_ptr<peer_listener> listener) override;
  void close() override;
  base::status set_peers(std::vector<peer_address> peers,
                         raft::log_index membership_index) override;
  bool send(raft::server_id to, raft::message body) override;
  std::vector<peer_link> links() const override;

  /// What `open` answers next, and what its peers are told about it.
  base::status next_open;
  std::string http_addr;
  std::size_t sent = 0;

private:
  friend class memory_network;
  bool reaches(const memory_transport* other) const;

  memory_network& network_;
  std::string raft_addr_;
  storage::identity self_;
  std::shared_ptr<peer_listener> listener_;
  std::vector<peer_address> peers_;
  raft::log_index membership_index_;
};

} // namespace actors
