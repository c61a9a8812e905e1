// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "node/signals.hpp"
#include "tests/support/catch.hpp"

namespace {

/// What the listener did, in order.
class heard {
public:
  void add(std::string what) {
    std::lock_guard guard(mutex_);
    log_ += what + " ";
    changed_.notify_all();
  }
  /// Waits until `expected` was heard; false when it was not within the bound.
  bool wait_for(const std::string& expected) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, std::chrono::seconds(30), [&] { return log_ == expected; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string log_;
};

} // namespace

TEST_CASE("the first signal stops, every further one at once, a hang-up neither",
          "[signals][INV-122]") {
  node::block_signals();
  heard log;
  {
    node::signal_listener listener(
        {[&](int number) { log.add("stop" + std::to_string(number)); },
         [&](int number) { log.add("at-once" + std::to_string(number)); },
         [&] { log.add("hang-up"); }, [&] { log.add("dump"); }});
    ::kill(::getpid(), SIGHUP);
    REQUIRE(log.wait_for("hang-up "));
    ::kill(::getpid(), SIGUSR2);
    REQUIRE(log.wait_for("hang-up dump "));
    ::kill(::getpid(), SIGTERM);
    REQUIRE(log.wait_for("hang-up dump stop15 "));
    ::kill(::getpid(), SIGINT);
    REQUIRE(log.wait_for("hang-up dump stop15 at-once2 "));
  }
  node::unblock_signals();
}

TEST_CASE("a listener ends when it is not needed, and another process's wake-up does not end it",
          "[signals]") {
  node::block_signals();
  heard log;
  {
    node::signal_listener listener({[&](int) { log.add("stop"); }, [](int) {}, [] {}, [] {}});
    ::kill(::getpid(), SIGUSR2);
    ::kill(::getpid(), SIGTERM);
    CHECK(log.wait_for("stop "));
  }
  node::unblock_signals();
}
