// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "actors/interfaces.hpp"

namespace actors {

/// Where each actor is now. The start functions put a handle in, the supervisor's stop
/// takes it out: nobody keeps a reference to a dead actor. Any thread.
class directory {
public:
  struct handles {
    log_writer_handle log_writer;
    storage_writer_handle storage_writer;
    reader_pool_handle reader_pool;
    snapshot_sender_handle snapshot_sender;
    snapshot_receiver_handle snapshot_receiver;
    inspector_handle inspector;
    storage_scanner_handle storage_scanner;
    raft_handle raft;
    peer_links_handle peer_links;
    checkpoint_scheduler_handle checkpoint_scheduler;
  };

  /// A copy; a handle that is null names an actor that does not run now.
  handles get() const {
    std::lock_guard guard(mutex_);
    return handles_;
  }

  template <class Change>
  void change(Change&& how) {
    // The old handles are let go outside the lock: the last reference may end an actor.
    handles before;
    {
      std::lock_guard guard(mutex_);
      before = handles_;
      how(handles_);
    }
  }

private:
  mutable std::mutex mutex_;
  handles handles_;
};

} // namespace actors
