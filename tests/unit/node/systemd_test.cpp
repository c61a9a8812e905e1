// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "node/systemd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

/// Stands for the service manager: the socket that sd_notify(3) writes to.
class manager {
public:
  manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto path = (directory_ / "notify").string();
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    timeval bound{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  }
  ~manager() {
    ::close(socket_);
    for (const char* each : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(each);
  }

  /// The next message; empty when none came within the bound.
  std::string next() {
    std::array<char, 4096> text{};
    auto length = ::recv(socket_, text.data(), text.size(), 0);
    return {text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
  }
  /// The first message that holds `part`; empty when messages end before.
  std::string next_with(const std::string& part) {
    for (auto text = next(); !text.empty(); text = next())
      if (text.find(part) != std::string::npos)
        return text;
    return "";
  }

private:
  tests::temp_dir directory_{"notify"};
  int socket_;
};

} // namespace

TEST_CASE("ready is said once the node is started, and more time is asked for until then",
          "[systemd]") {
  manager systemd;
  std::atomic<bool> is_started = false;
  node::service_notifier notifier({[] { return true; }, [&] { return is_started.load(); },
                                   [] { return std::string("checking\nstores"); }});
  auto first = systemd.next();
  CHECK_THAT(first, matchers::ContainsSubstring("STATUS=checking stores\n"));
  CHECK_THAT(first, matchers::ContainsSubstring("EXTEND_TIMEOUT_USEC="));
  CHECK_THAT(first, !matchers::ContainsSubstring("READY=1"));
  is_started = true;
  CHECK_THAT(systemd.next_with("READY=1"), !matchers::ContainsSubstring("EXTEND_TIMEOUT_USEC="));
}

TEST_CASE("the watchdog hears only from a live node", "[systemd][INV-123]") {
  manager systemd;
  std::atomic<bool> is_live = true;
  std::atomic<int> number = 0;
  node::service_notifier notifier({[&] { return is_live.load(); }, [] { return true; },
                                   [&] { return std::to_string(++number); }});
  CHECK_FALSE(systemd.next_with("WATCHDOG=1").empty());
  is_live = false;
  // One message may have been on its way; from then on every new status comes alone.
  auto passed = systemd.next_with("STATUS=" + std::to_string(number + 2) + "\n");
  REQUIRE_FALSE(passed.empty());
  for (int i = 0; i < 3; ++i)
    CHECK_THAT(systemd.next(), !matchers::ContainsSubstring("WATCHDOG=1"));
}

TEST_CASE("the end is announced", "[systemd]") {
  manager systemd;
  node::service_notifier notifier(
      {[] { return true; }, [] { return true; }, [] { return std::string("x"); }});
  notifier.stopping();
  CHECK(systemd.next_with("STOPPING=1") == "STOPPING=1");
}

TEST_CASE("without a service manager nothing is asked", "[systemd]") {
  ::unsetenv("NOTIFY_SOCKET");
  bool was_asked = false;
  auto ask = [&] { return was_asked = true; };
  {
    node::service_notifier notifier({ask, ask, [] { return std::string(); }});
  }
  CHECK_FALSE(was_asked);
}
