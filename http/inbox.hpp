// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/answer.hpp"
#include "base/result.hpp"

namespace http {

/// What others hand to one worker: filled slots, and new connections. An `eventfd` in
/// the worker's epoll set says that something is there. Shared with every slot that may
/// still be filled, so that it outlives its worker; what comes then is dropped.
class inbox : public actors::answer_sink {
public:
  /// Errors: `resource` when there is no descriptor left.
  static base::result<std::shared_ptr<inbox>> make();
  ~inbox() override;

  struct contents {
    std::vector<std::shared_ptr<actors::slot_base>> answers;
    std::vector<int> sockets; ///< owned by whoever took them
  };

  /// Any thread. A batch wakes the worker at most once, and not at all when it is
  /// already going to look (INV-111).
  void deliver(std::vector<std::shared_ptr<actors::slot_base>> filled) override;
  /// Hands over an accepted socket; closes it when the worker is gone. Any thread.
  void adopt(int socket);
  /// Makes the worker look, without giving it anything. Any thread.
  void wake();

  /// Takes everything and re-arms the wake-up. The worker's thread.
  void take(contents& into);
  /// From now on nothing is kept. The worker's thread, as its last act.
  void close();

  int descriptor() const { return event_; }

private:
  explicit inbox(int event) : event_(event) {}
  void signal();

  std::mutex mutex_;
  contents waiting_;
  bool is_signalled_ = false;
  bool is_closed_ = false;
  const int event_;
};

} // namespace http
