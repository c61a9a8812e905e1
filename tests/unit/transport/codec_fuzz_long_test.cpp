// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/fuzz_codec.hpp"
#include "tests/unit/transport/mutator.hpp"
#include "tests/unit/transport/raw_socket.hpp"

using namespace tests;

TEST_CASE("INV-130, INV-131: a million malformed inputs are refused or read, and no more",
          "[transport][fuzz]") {
  std::uint64_t inputs = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto counts = fuzz_codec(seed, 50'000);
    inputs += counts.frames + counts.bodies;
  }
  CHECK(inputs == 1'000'000);
}

TEST_CASE("a server under a stream of malformed frames goes on serving its peers",
          "[transport][fuzz]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  auto three = server(3);
  auto known = pair.two.as_peer();
  pair.one.know({known, {raft::server_id{3}, {}, ""}});
  mutator source(7);
  // Some before a handshake, some behind one; each connection takes damage until it is ended.
  for (int round = 0; round < 3000; ++round) {
    auto peer = raw_socket::connected_to(pair.one.port());
    if (round % 2 == 0) {
      three.boot = base::random_uuid();
      peer.greet(three, 1);
    }
    base::bytes burst;
    for (int i = 0; i < 20; ++i)
      burst += source.frame();
    peer.write(burst);
    if (round % 3 == 0)
      peer.close();
  }
  CHECK(pair.are_linked());
  CHECK(pair.one.state(2)->disconnects == 0);
  pair.two.send(1, 77);
  CHECK(eventually([&] {
    auto terms = pair.one.terms();
    return std::find(terms.begin(), terms.end(), std::pair<std::uint64_t, std::uint64_t>{2, 77})
           != terms.end();
  }));
  CHECK(pair.one.failures == 0);
}
