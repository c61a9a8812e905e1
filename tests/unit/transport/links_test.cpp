// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/raw_socket.hpp"
#include "transport/bounds.hpp"

using namespace tests;
using transport::send_outcome;

TEST_CASE("two servers link and exchange messages both ways, in order", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  for (std::uint64_t term = 1; term <= 1000; ++term) {
    CHECK(pair.one.send(2, term) == send_outcome::queued);
    CHECK(pair.two.send(1, 2000 + term) == send_outcome::queued);
  }
  REQUIRE(eventually([&] { return pair.one.received() == 1000 && pair.two.received() == 1000; }));
  auto at_two = pair.two.terms();
  auto at_one = pair.one.terms();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(at_two[i] == std::pair{std::uint64_t{1}, i + 1});
    CHECK(at_one[i] == std::pair{std::uint64_t{2}, 2001 + i});
  }
}

TEST_CASE("the lower id dials", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  CHECK(pair.one.state(2)->was_dialled_by_us);
  CHECK(!pair.two.state(1)->was_dialled_by_us);
}

TEST_CASE("each side is told of which membership the other one knew", "[transport][links]") {
  linked_pair pair;
  pair.one.start();
  pair.two.start();
  pair.two.know({pair.one.as_peer()}, 7);
  pair.one.know({pair.two.as_peer()}, 3); // dials from here on
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  CHECK(pair.one.state(2)->membership_index == raft::log_index{7});
  CHECK(pair.two.state(1)->membership_index == raft::log_index{3});
}

TEST_CASE("the higher id dials when nobody comes", "[transport][links]") {
  linked_pair pair;
  pair.two.settings().times.fallback_dial_after = 20ms;
  pair.one.start();
  pair.two.start();
  auto without_address = pair.two.as_peer();
  without_address.address.clear();
  pair.one.know({without_address});
  pair.two.know({pair.one.as_peer()});
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  CHECK(pair.two.state(1)->was_dialled_by_us);
}

TEST_CASE("INV-133: servers that dial each other at once end with one link that stays",
          "[transport][links]") {
  for (int round = 0; round < 10; ++round) {
    linked_pair pair;
    pair.two.settings().times.fallback_dial_after = 0ms;
    pair.start();
    // For a moment each side may hold another one.
    REQUIRE(eventually([&] {
      return pair.are_linked()
             && pair.one.state(2)->was_dialled_by_us != pair.two.state(1)->was_dialled_by_us;
    }));
    REQUIRE(eventually([&] {
      pair.one.send(2, 1);
      pair.two.send(1, 1);
      return pair.one.received() > 0 && pair.two.received() > 0;
    }));
  }
}

TEST_CASE("a long message arrives whole", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  raft::append_entries sent;
  sent.entries.resize(3);
  for (auto& each : sent.entries)
    each.payload = raft::payload(std::string(2 << 20, 'x'));
  CHECK(pair.one.links().send(raft::server_id{2}, sent) == send_outcome::queued);
  REQUIRE(eventually([&] { return pair.two.received() == 1; }));
  CHECK(std::get<raft::append_entries>(pair.two.messages()[0]).entries == sent.entries);
}

TEST_CASE("what is sent without a link is dropped and counted", "[transport][links]") {
  linked_server one(server(1));
  one.start();
  CHECK(one.send(2, 1) == send_outcome::unknown_peer);
  one.know({{raft::server_id{2}, {}, ""}});
  REQUIRE(eventually([&] { return one.state(2).has_value(); }));
  CHECK(one.send(2, 1) == send_outcome::not_connected);
  CHECK(one.state(2)->dropped_not_connected == 1);
}

TEST_CASE("a server that comes back in another process is linked again", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  auto first_boot = pair.one.state(2)->boot;
  auto address = pair.two.links().listening_address();
  pair.two.stop();
  REQUIRE(eventually([&] { return !pair.one.is_linked(2); }));

  linked_server again(server(2));
  again.settings().listen = address;
  again.start();
  again.know({pair.one.as_peer()});
  REQUIRE(eventually([&] { return pair.one.is_linked(2) && again.is_linked(1); }));
  CHECK(pair.one.state(2)->boot != first_boot);
  CHECK(pair.one.state(2)->connects == 2);
  CHECK(pair.one.state(2)->disconnects == 1);
  CHECK(pair.one.send(2, 5) == send_outcome::queued);
  CHECK(eventually([&] { return again.received() == 1; }));
}

TEST_CASE("changes of a link are told, with the state after them", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  pair.two.stop();
  REQUIRE(eventually([&] { return pair.one.changes().size() >= 2; }));
  auto changes = pair.one.changes();
  CHECK(changes[0].is_connected);
  CHECK(changes[0].program_version == "0.1.0-test");
  CHECK(changes[0].http_addr == "127.0.0.1:8002");
  CHECK(!changes[1].is_connected);
  CHECK(!changes[1].last_error.empty());
}

TEST_CASE("the state of a peer tells its round trip, bytes and messages", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] {
    auto state = pair.one.state(2);
    return state && state->round_trip && state->since_heard;
  }));
  pair.one.send(2, 1);
  REQUIRE(eventually([&] { return pair.two.received() == 1; }));
  CHECK(pair.one.state(2)->messages_out == 1);
  CHECK(pair.two.state(1)->messages_in == 1);
  CHECK(pair.one.state(2)->bytes_in > 0);
  CHECK(eventually([&] { return pair.one.state(2)->bytes_out > 0; }));
  CHECK(pair.one.state(2)->incarnation == pair.two.self().incarnation);
}

TEST_CASE("a peer that is no longer listed loses its link and is let in no more",
          "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  pair.two.know({}, 2);
  REQUIRE(eventually([&] { return !pair.two.is_linked(1) && !pair.one.is_linked(2); }));
  CHECK(eventually(
      [&] { return pair.one.last_error(2).find("unknown_server") != std::string::npos; }));
}

TEST_CASE("a server listed in another incarnation loses its link", "[transport][links]") {
  linked_pair pair;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  auto successor = pair.one.as_peer();
  successor.incarnation = base::uuid_from_name("after the wipe");
  pair.two.know({successor}, 2);
  CHECK(eventually(
      [&] { return pair.one.last_error(2).find("outdated_incarnation") != std::string::npos; }));
}

TEST_CASE("a server that waits to join is reached by members it has never heard of",
          "[transport][links]") {
  linked_pair pair;
  pair.one.start();
  pair.two.start();
  pair.one.know({pair.two.as_peer()}, 7); // two knows nothing yet
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  CHECK(!pair.two.state(1)->is_listed);
  CHECK(pair.two.send(1, 3) == send_outcome::queued);
  REQUIRE(eventually([&] { return pair.one.received() == 1; }));
  pair.two.know({pair.one.as_peer()}, 7); // and then it learns of one: the link stays
  REQUIRE(eventually([&] { return pair.two.state(1)->is_listed; }));
  CHECK(pair.two.state(1)->connects == 1);
  CHECK(pair.are_linked());
}

TEST_CASE("INV-132: a server of another cluster is refused, and both sides know why",
          "[transport][links]") {
  linked_pair pair;
  pair.two.settings().self.cluster = base::uuid_from_name("another cluster");
  pair.start();
  CHECK(eventually(
      [&] { return pair.one.last_error(2).find("other_cluster") != std::string::npos; }));
  CHECK(pair.two.links().get_totals().refused > 0);
}

TEST_CASE("INV-132: another server than the one looked for is refused", "[transport][links]") {
  linked_pair pair;
  pair.one.start();
  pair.two.start();
  pair.one.know({{raft::server_id{3}, {}, pair.two.links().listening_address()}});
  CHECK(
      eventually([&] { return pair.one.last_error(3).find("wrong_server") != std::string::npos; }));
}

TEST_CASE("INV-135: peers that do not answer do not keep another one waiting",
          "[transport][links]") {
  auto silent = raw_socket::listening(); // accepts in the kernel, and says nothing
  linked_pair pair;
  pair.one.start();
  pair.two.start();
  pair.one.know({pair.two.as_peer(),
                 {raft::server_id{3}, {}, silent.address()},
                 {raft::server_id{4}, {}, "localhost:1"}});
  pair.two.know({pair.one.as_peer()});
  CHECK(eventually([&] { return pair.are_linked(); }));
  CHECK(eventually([&] { return !pair.one.last_error(4).empty(); }));
  CHECK(pair.one.last_error(3).empty()); // still within its handshake
}

TEST_CASE("a handshake that is not answered ends at its deadline and is tried again",
          "[transport][links]") {
  auto silent = raw_socket::listening();
  linked_server one(server(1));
  one.settings().times.handshake_timeout = 50ms;
  one.start();
  one.know({{raft::server_id{2}, {}, silent.address()}});
  CHECK(eventually([&] { return one.state(2) && one.state(2)->failed_dials >= 3; }));
  CHECK_THAT(one.last_error(2), matchers::ContainsSubstring("too long"));
}

TEST_CASE("a peer that falls silent is found out, and probed again", "[transport][links]") {
  linked_pair pair;
  pair.one.settings().times.silence_max = 300ms;
  pair.two.settings().times.silence_max = patience;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  pair.two.is_frozen = true; // its I/O thread stops at the next message
  pair.one.send(2, 1);
  CHECK(eventually([&] {
    for (const auto& change : pair.one.changes())
      if (!change.is_connected && change.last_error.find("silent") != std::string::npos)
        return true;
    return false;
  }));
  pair.two.is_frozen = false;
  CHECK(eventually([&] { return pair.are_linked(); }));
}

TEST_CASE("INV-136: without TLS nothing but loopback is listened on or dialled",
          "[transport][links]") {
  linked_server one(server(1));
  one.settings().listen = "0.0.0.0:0";
  auto started = one.try_start();
  REQUIRE(!started);
  CHECK(started.error().code == base::errc::invalid);
  CHECK_THAT(started.error().text, matchers::ContainsSubstring("TLS"));

  one.settings().listen = "127.0.0.1:0";
  one.start();
  auto set =
      one.links().set_peers({{{raft::server_id{2}, {}, "192.0.2.1:8082"}}, raft::log_index{1}});
  REQUIRE(!set);
  CHECK_THAT(set.error().text, matchers::ContainsSubstring("192.0.2.1"));
  CHECK(one.links().peer_states().empty());
}

TEST_CASE("peer sets that make no sense change nothing", "[transport][links]") {
  linked_server one(server(1));
  one.start();
  auto refused = [&](std::vector<transport::peer> peers) {
    return !one.links().set_peers({std::move(peers), raft::log_index{1}});
  };
  CHECK(refused({{raft::server_id{1}, {}, ""}}));
  CHECK(refused({{raft::server_id{2}, {}, ""}, {raft::server_id{2}, {}, ""}}));
  CHECK(refused({{raft::server_id{2}, {}, "nonsense"}}));
  CHECK(refused(std::vector<transport::peer>(transport::bounds::peers_max + 1)));
}

TEST_CASE("a taken port is said at once", "[transport][links]") {
  linked_server one(server(1));
  one.start();
  linked_server two(server(2));
  two.settings().listen = one.links().listening_address();
  auto started = two.try_start();
  REQUIRE(!started);
  CHECK(started.error().code == base::errc::busy);
  CHECK_THAT(started.error().text, matchers::ContainsSubstring(two.settings().listen));
}

TEST_CASE("stopping ends links, tries and waits at once, and twice is no error",
          "[transport][links]") {
  auto silent = raw_socket::listening();
  linked_pair pair;
  pair.start();
  pair.one.know({pair.two.as_peer(), {raft::server_id{3}, {}, silent.address()}});
  REQUIRE(eventually([&] { return pair.are_linked(); }));
  pair.one.stop();
  pair.one.stop();
  CHECK(pair.one.send(2, 1) != send_outcome::queued);
  CHECK(pair.one.links().set_peers({}));
  CHECK(pair.one.failures == 0);
}
