// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>

#include "transport/links.hpp"
#include "transport/listener.hpp"
#include "transport/node_context.hpp"
#include "transport/peer_link.hpp"
#include "transport/stream_receiver.hpp"
#include "transport/stream_sender.hpp"

namespace transport {

/// The table of peers and the thread. What ends in `_on_io` runs on the I/O thread.
class links::implementation {
public:
  implementation(settings with, callbacks to);

  base::status open();
  void run();
  void stop();
  base::status set_peers(peer_set to);
  send_outcome send(raft::server_id to, const raft::message& body);
  base::result<std::unique_ptr<outgoing_stream>> open_stream(raft::server_id to, stream_offer what,
                                                             std::chrono::milliseconds timeout);
  std::vector<peer_state> peer_states() const;
  base::status reload();

  const std::shared_ptr<node_context> node_;
  listener listener_;
  std::string listening_address_;

private:
  using peer_links = std::map<raft::server_id, std::shared_ptr<peer_link>>;

  void thread_main();
  base::status check(const peer_set& peers) const;
  std::shared_ptr<peer_link> find(raft::server_id id) const;
  std::shared_ptr<peer_link> find_or_add_on_io(raft::server_id id);
  void set_peers_on_io(peer_set to);
  void prune_on_io();
  std::optional<refusal> judge_on_io(const identity& other, const hello& body);
  void take_on_io(greeted fresh);
  void remember_on_io(const std::shared_ptr<stream_channel>& channel);
  std::size_t incoming_streams_on_io();
  void stop_on_io();

  const callbacks callbacks_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  std::mutex stop_mutex_;

  mutable std::mutex peers_mutex_; // written by the I/O thread under it
  peer_links peers_;
  peer_set wanted_; // the newest `set_peers`; under peers_mutex_
  bool is_stopped_ = false;

  // I/O thread only.
  std::vector<std::weak_ptr<stream_channel>> streams_;
  std::vector<std::weak_ptr<stream_receiver>> incoming_;
};

} // namespace transport
