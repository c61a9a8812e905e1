// SPDX-License-Identifier: Apache-2.0
#include "http/inbox.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <sys/eventfd.h>
#include <unistd.h>

namespace http {

base::result<std::shared_ptr<inbox>> inbox::make() {
  int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event < 0)
    return base::fail(base::errc::resource, std::string("eventfd: ") + std::strerror(errno));
  return std::shared_ptr<inbox>(new inbox(event));
}

inbox::~inbox() {
  close();
  ::close(event_);
}

void inbox::signal() {
  // The counter cannot overflow: it is written once between two reads.
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(event_, &one, sizeof one);
}

void inbox::deliver(std::vector<std::shared_ptr<actors::slot_base>> filled) {
  bool must_signal;
  {
    std::lock_guard guard(mutex_);
    if (is_closed_)
      return;
    waiting_.answers.insert(waiting_.answers.end(), std::make_move_iterator(filled.begin()),
                            std::make_move_iterator(filled.end()));
    must_signal = !is_signalled_;
    is_signalled_ = true;
  }
  if (must_signal)
    signal();
}

void inbox::adopt(int socket) {
  bool must_signal;
  {
    std::lock_guard guard(mutex_);
    if (is_closed_) {
      ::close(socket);
      return;
    }
    waiting_.sockets.push_back(socket);
    must_signal = !is_signalled_;
    is_signalled_ = true;
  }
  if (must_signal)
    signal();
}

void inbox::wake() {
  bool must_signal;
  {
    std::lock_guard guard(mutex_);
    must_signal = !is_closed_ && !is_signalled_;
    is_signalled_ = true;
  }
  if (must_signal)
    signal();
}

void inbox::take(contents& into) {
  std::uint64_t count = 0;
  [[maybe_unused]] auto read = ::read(event_, &count, sizeof count);
  std::lock_guard guard(mutex_);
  is_signalled_ = false;
  std::swap(into, waiting_);
}

void inbox::close() {
  contents dropped;
  {
    std::lock_guard guard(mutex_);
    is_closed_ = true;
    std::swap(dropped, waiting_);
  }
  for (int socket : dropped.sockets)
    ::close(socket);
}

} // namespace http
