// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "http/inbox.hpp"
#include "tests/support/catch.hpp"

namespace {

bool is_signalled(const http::inbox& box) {
  pollfd event{box.descriptor(), POLLIN, 0};
  return poll(&event, 1, 0) == 1;
}

std::vector<std::shared_ptr<actors::slot_base>> some_slots(std::size_t count) {
  std::vector<std::shared_ptr<actors::slot_base>> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(std::make_shared<actors::slot<int>>(nullptr));
  return made;
}

} // namespace

TEST_CASE("However much comes before the worker looks, it is woken once", "[INV-111]") {
  auto box = *http::inbox::make();
  CHECK_FALSE(is_signalled(*box));
  box->deliver(some_slots(3));
  box->deliver(some_slots(2));
  box->wake();
  CHECK(is_signalled(*box));
  http::inbox::contents taken;
  box->take(taken);
  CHECK(taken.answers.size() == 5);
  CHECK_FALSE(is_signalled(*box));
  box->deliver(some_slots(1));
  CHECK(is_signalled(*box));
}

TEST_CASE("Nothing that many threads deliver is lost", "[INV-111]") {
  auto box = *http::inbox::make();
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 2000;
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < threads; ++i)
    senders.emplace_back([&] {
      for (std::size_t n = 0; n < each; ++n)
        box->deliver(some_slots(1));
    });
  std::size_t seen = 0;
  while (seen < threads * each) {
    pollfd event{box->descriptor(), POLLIN, 0};
    REQUIRE(poll(&event, 1, 30'000) == 1); // a lost wake-up would end here
    http::inbox::contents taken;
    box->take(taken);
    seen += taken.answers.size();
  }
  for (auto& sender : senders)
    sender.join();
  CHECK(seen == threads * each);
}

TEST_CASE("A closed inbox keeps nothing, and closes sockets it is given") {
  auto box = *http::inbox::make();
  box->close();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  box->adopt(ends[0]);
  box->deliver(some_slots(1));
  CHECK_FALSE(is_signalled(*box));
  CHECK(::write(ends[1], "x", 1) == -1); // nobody reads
  ::close(ends[1]);
}
