// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/raw_socket.hpp"
#include "tests/unit/transport/streaming_pair.hpp"
#include "transport/bounds.hpp"

using namespace tests;
using namespace transport;

TEST_CASE("a refusal reaches the sender in the receiver's words", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto opening = pair.offer(10);
  pair.two.take_stream()->refuse("no room for it");
  auto outgoing = opening.get();
  REQUIRE(!outgoing);
  CHECK(outgoing.error().code == base::errc::invalid);
  CHECK_THAT(outgoing.error().text, matchers::ContainsSubstring("no room for it"));
}

TEST_CASE("a receiver that goes away in the midst, or does not like the file, fails the sender",
          "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto ends = pair.open(50'000'000);
  auto sending = ends.send();
  REQUIRE(ends.incoming->read());
  bool says_why = GENERATE(true, false);
  if (says_why)
    ends.incoming->refuse("the digest differs");
  ends.incoming.reset();
  auto sent = sending.get();
  REQUIRE(!sent);
  CHECK_THAT(sent.error().text,
             matchers::ContainsSubstring(says_why ? "the digest differs" : "the receiver gave up"));
}

TEST_CASE("a sender that goes away fails the receiver", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto ends = pair.open(1'000'000);
  REQUIRE(ends.outgoing->write(piece(0, 1000)));
  ends.outgoing.reset();
  CHECK(!read_all(*ends.incoming, 0));
}

TEST_CASE("a receiver whose process is frozen ends the stream", "[transport][stream]") {
  linked_server one(server(1));
  one.settings().times.silence_max = 300ms;
  one.start();
  auto listening = raw_socket::listening();
  one.know({{raft::server_id{2}, {}, listening.address()}});
  auto opening = std::async(std::launch::async, [&] {
    return one.links().open_stream(raft::server_id{2}, offer_of(10'000'000), patience);
  });
  auto two = server(2);
  // The link dials, too: whichever connection is the stream's is answered.
  for (;;) {
    auto peer = listening.accept();
    auto first = peer.read_frame();
    REQUIRE(first);
    if (decode_hello(first->second)->purpose != purpose::snapshot)
      continue;
    peer.write(encode_welcome({protocol_version_max, raft::log_index{2}, "", ""}, two));
    peer.write(encode_stream(stream_accepted{0}, protocol_version_max, two));
    auto outgoing = opening.get();
    REQUIRE(outgoing);
    auto sent = send_all(**outgoing, 10'000'000);
    REQUIRE(!sent);
    CHECK(sent.error().code == base::errc::timeout);
    break;
  }
}

TEST_CASE("stopping either side wakes who waits on a stream", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto ends = pair.open(50'000'000);
  auto sending = ends.send();
  REQUIRE(ends.incoming->read());
  bool sender_stops = GENERATE(true, false);
  (sender_stops ? pair.one : pair.two).stop();
  auto sent = sending.get();
  REQUIRE(!sent);
  if (sender_stops)
    CHECK(sent.error().code == base::errc::interrupted);
  CHECK(!read_all(*ends.incoming, ends.incoming->offer().size_bytes));
  // Handles may outlive the links.
  (sender_stops ? pair.two : pair.one).stop();
}

TEST_CASE("a blocked call is cancelled from another thread", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto ends = pair.open(50'000'000);
  auto sending = ends.send();
  ends.outgoing->cancel();
  auto sent = sending.get();
  REQUIRE(!sent);
  CHECK(sent.error().code == base::errc::interrupted);
  CHECK(!read_all(*ends.incoming, 0));
}

TEST_CASE("no stream goes to a server without an address", "[transport][stream]") {
  linked_server one(server(1));
  one.start();
  auto opened = one.links().open_stream(raft::server_id{9}, offer_of(1), patience);
  REQUIRE(!opened);
  CHECK(opened.error().code == base::errc::not_found);
}

TEST_CASE("INV-138: chunks that skip, overlap, exceed the window or the offer end the stream",
          "[transport][stream][hostile]") {
  linked_server one(server(1));
  auto two = server(2);
  one.start();
  one.know({{raft::server_id{2}, two.incarnation, ""}});
  auto peer = raw_socket::connected_to(one.port());
  peer.greet(two, 1, purpose::snapshot);
  peer.write(encode_stream(offer_of(50'000'000), protocol_version_max, two));
  auto incoming = one.take_stream();
  REQUIRE(incoming->accept(1000));

  auto chunk = [](std::uint64_t offset, std::size_t size) {
    return stream_chunk{offset, piece(offset, size)};
  };
  auto attack = GENERATE(0, 1, 2, 3, 4, 5);
  if (attack == 0)
    peer.write(encode_stream(chunk(1001, 10), protocol_version_max, two));
  if (attack == 1)
    peer.write(encode_stream(chunk(0, 10), protocol_version_max, two));
  if (attack == 2)
    for (std::uint64_t at = 1000; at < 20'000'000; at += bounds::chunk_bytes_max)
      if (!peer.write(encode_stream(chunk(at, bounds::chunk_bytes_max), protocol_version_max, two)))
        break;
  if (attack == 3)
    peer.write(encode_stream(stream_end{50'000'000}, protocol_version_max, two));
  if (attack == 4)
    peer.write(encode_stream(chunk(1000, 0), protocol_version_max, two));
  if (attack == 5)
    peer.write(encode_stream(chunk(1000, bounds::chunk_bytes_max + 1), protocol_version_max, two));
  peer.read_to_end();
  auto got = attack == 2 ? [&]() -> base::result<base::bytes> {
    eventually([&] { return one.links().get_totals().bad_frames == 1; });
    return incoming->read();
  }()
      : incoming->read();
  REQUIRE(!got);
  CHECK(got.error().code == base::errc::corrupt);
}
