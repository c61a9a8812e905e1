// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <chrono>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/transport/raw_socket.hpp"
#include "tests/unit/transport/resident.hpp"
#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"
#include "transport/ping.hpp"

using namespace tests;
using transport::frame_type;
using transport::send_outcome;
namespace bounds = transport::bounds;

namespace {

// Server 1, and a raw peer that plays server 2.
struct attacked {
  linked_server one{server(1)};
  transport::identity two = server(2);

  attacked() {
    one.start();
    one.know({{raft::server_id{2}, two.incarnation, ""}});
  }
  raw_socket connect() { return raw_socket::connected_to(one.port()); }
  raw_socket linked() {
    auto peer = connect();
    peer.greet(two, 1);
    REQUIRE(eventually([&] { return one.is_linked(2); }));
    return peer;
  }
};

std::chrono::microseconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
         + std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

} // namespace

TEST_CASE("INV-132: nothing but a hello is taken before the handshake", "[transport][hostile]") {
  attacked at;
  raft::message vote = raft::request_vote{};
  for (const auto& first :
       {transport::encode_message(vote, transport::protocol_version_max, at.two),
        transport::encode_ping({}, transport::protocol_version_max, at.two), base::bytes(5000, 'x'),
        base::bytes("GET / HTTP/1.1\r\n\r\n") + base::bytes(100, '\n'),
        base::bytes("\x16\x03\x01") + base::bytes(200, '\0')}) {
    auto peer = at.connect();
    peer.write(first);
    peer.read_to_end();
  }
  CHECK(at.one.received() == 0);
  CHECK(at.one.links().get_totals().refused == 5);
  at.linked();
}

TEST_CASE("INV-130: before the handshake no body longer than a greeting is waited for",
          "[transport][hostile]") {
  attacked at;
  auto peer = at.connect();
  raft::append_entries large;
  large.entries.resize(1);
  large.entries[0].payload = raft::payload(base::bytes(1 << 20, 'x'));
  auto frame = transport::encode_message(large, transport::protocol_version_max, at.two);
  peer.write(base::byte_view(frame).substr(0, transport::frame_header_bytes));
  peer.read_to_end();
  CHECK(at.one.received() == 0);
}

TEST_CASE("INV-132: a link is ended by a frame in another server's name", "[transport][hostile]") {
  attacked at;
  auto change = GENERATE(0, 1, 2, 3);
  auto peer = at.linked();
  auto forged = at.two;
  if (change == 0)
    forged.server = raft::server_id{3};
  if (change == 1)
    forged.incarnation = base::random_uuid();
  if (change == 2)
    forged.boot = base::random_uuid();
  if (change == 3)
    forged.cluster = base::random_uuid();
  peer.write(transport::encode_message(raft::timeout_now{raft::term{9}},
                                       transport::protocol_version_max, forged));
  peer.read_to_end();
  REQUIRE(eventually([&] { return !at.one.is_linked(2); }));
  CHECK(at.one.received() == 0);
  CHECK(at.one.links().get_totals().bad_frames == 1);
}

TEST_CASE("INV-131: a frame that is no message ends the link, and the other side is told",
          "[transport][hostile]") {
  attacked at;
  auto peer = at.linked();
  auto frame = transport::begin_frame();
  frame += "no vote";
  transport::finish_frame(frame, frame_type::request_vote, transport::protocol_version_max, at.two);
  peer.write(frame);
  for (;;) {
    auto answer = peer.read_frame();
    REQUIRE(answer);
    if (answer->first != frame_type::refused)
      continue;
    CHECK_THAT(transport::decode_refusal(answer->second)->text,
               matchers::ContainsSubstring("request_vote"));
    break;
  }
  CHECK(eventually([&] { return !at.one.is_linked(2); }));
}

TEST_CASE("frames that have no place on a link, or speak another version, end it",
          "[transport][hostile]") {
  attacked at;
  static constexpr int spoken = transport::protocol_version_max;
  auto [type, version] =
      GENERATE(std::pair{frame_type::hello, spoken}, std::pair{frame_type::stream_chunk, spoken},
               std::pair{static_cast<frame_type>(99), spoken}, std::pair{frame_type::ping, 7},
               std::pair{frame_type::pong, spoken});
  auto peer = at.linked();
  auto frame = transport::begin_frame();
  transport::finish_frame(frame, type, static_cast<std::uint8_t>(version), at.two);
  peer.write(frame);
  peer.read_to_end();
  CHECK(eventually([&] { return !at.one.is_linked(2); }));
}

TEST_CASE("a peer that closes in the midst of a frame leaves nothing behind",
          "[transport][hostile]") {
  attacked at;
  auto frame = transport::encode_message(raft::timeout_now{raft::term{9}},
                                         transport::protocol_version_max, at.two);
  for (std::size_t size = 1; size < frame.size(); size += 7) {
    auto peer = at.linked();
    peer.write(base::byte_view(frame).substr(0, size));
    peer.close();
    REQUIRE(eventually([&] { return !at.one.is_linked(2); }));
  }
  CHECK(at.one.received() == 0);
}

TEST_CASE("INV-134: a peer that does not read costs a bounded number of bytes, then its messages",
          "[transport][hostile]") {
  linked_server one(server(1));
  auto two = server(2);
  one.settings().outbound_bytes_max = 1 << 20;
  one.start();
  one.know({{raft::server_id{2}, two.incarnation, ""}});
  auto peer = raw_socket::connected_to(one.port(), 4096);
  peer.greet(two, 1);
  REQUIRE(eventually([&] { return one.is_linked(2); }));

  raft::append_entries message;
  message.entries.resize(1);
  message.entries[0].payload = raft::payload(base::bytes(64 << 10, 'x'));
  auto before = resident_bytes();
  std::uint64_t dropped = 0;
  std::uint64_t queued = 0;
  // 1 GiB, of which the kernel's buffers and the bound take a few MiB. On a slow machine the
  // link is found silent before the end, and the rest finds none.
  for (int i = 0; i < 16384; ++i) {
    auto outcome = one.links().send(raft::server_id{2}, message);
    dropped += outcome == send_outcome::over_bound ? 1 : 0;
    queued += outcome == send_outcome::queued ? 1 : 0;
  }
  CHECK(dropped > 0);
  CHECK(queued < 1024);
  CHECK(one.state(2)->dropped_over_bound == dropped);
  CHECK(one.state(2)->outbound_bytes <= (1 << 20));
  CHECK(resident_bytes() < before + resident_growth_max);
}

TEST_CASE("a peer that does not read and is silent is given up", "[transport][hostile]") {
  linked_server one(server(1));
  auto two = server(2);
  one.settings().times.silence_max = 300ms;
  one.start();
  one.know({{raft::server_id{2}, two.incarnation, ""}});
  auto peer = raw_socket::connected_to(one.port(), 4096);
  peer.greet(two, 1);
  CHECK(eventually([&] { return one.state(2)->disconnects == 1; }));
  CHECK_THAT(one.last_error(2), matchers::ContainsSubstring("silent"));
}

TEST_CASE("INV-133: a new run of the peer takes the place of a connection that hangs",
          "[transport][hostile]") {
  attacked at;
  auto half_open = at.linked();
  at.two.boot = base::random_uuid();
  auto fresh = at.connect();
  fresh.greet(at.two, 1);
  CHECK(eventually([&] { return at.one.state(2)->boot == at.two.boot; }));
  half_open.read_to_end();
  CHECK(at.one.is_linked(2));
}

TEST_CASE("INV-139: who waits at the door is bounded, and the oldest goes first",
          "[transport][hostile]") {
  attacked at;
  std::vector<raw_socket> idle;
  for (std::size_t i = 0; i < bounds::strangers_max + 20; ++i)
    idle.push_back(at.connect());
  CHECK(eventually([&] { return at.one.links().get_totals().strangers_dropped >= 20; }));
  for (std::size_t i = 0; i < 20; ++i)
    idle[i].read_to_end();
  at.linked(); // and a peer still gets in
}

TEST_CASE("a stranger that says nothing is shown out at the deadline", "[transport][hostile]") {
  linked_server one(server(1));
  one.settings().times.handshake_timeout = 50ms;
  one.start();
  raw_socket::connected_to(one.port()).read_to_end();
}

TEST_CASE("INV-139: running out of descriptors pauses the listener, and does not spin",
          "[transport][hostile]") {
  linked_pair pair;
  pair.one.settings().times.accept_pause = 50ms;
  pair.start();
  REQUIRE(eventually([&] { return pair.are_linked(); }));

  // All numbers up to the bound are taken; the sockets that knock were made before.
  std::vector<raw_socket> knocking;
  for (int i = 0; i < 8; ++i)
    knocking.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 128;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<int> taken;
  for (int number = ::dup(0); number >= 0; number = ::dup(0))
    taken.push_back(number);

  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(pair.one.port());
  for (auto& each : knocking)
    ::connect(each.number(), reinterpret_cast<sockaddr*>(&where), sizeof where);
  auto has_paused_times = [&](std::uint64_t times) {
    return eventually([&] { return pair.one.links().get_totals().accept_pauses >= times; });
  };
  bool has_paused = has_paused_times(3);
  auto began = std::chrono::steady_clock::now();
  auto used = processor_time();
  has_paused = has_paused && has_paused_times(9);
  used = processor_time() - used;
  auto passed = std::chrono::steady_clock::now() - began;
  bool are_linked = pair.are_linked();

  for (int number : taken)
    ::close(number);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(has_paused);
  CHECK(are_linked);        // what stands goes on
  CHECK(used < passed / 2); // a thread that spins uses all of it
  CHECK(pair.one.failures == 0);
  CHECK(eventually([&] { return pair.one.links().get_totals().accepted >= 8; }));
}
