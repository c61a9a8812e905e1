// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/transport/raw_socket.hpp"
#include "tests/unit/transport/resident.hpp"
#include "transport/bounds.hpp"
#include "transport/certificates.hpp"
#include "transport/stream_codec.hpp"

using namespace tests;
using namespace transport;

namespace {

stream_offer offer_of(std::uint64_t size_bytes) {
  stream_offer what;
  what.term = raft::term{4};
  what.point.id = {raft::log_index{100}, raft::term{3}};
  what.point.membership.voters = {{raft::server_id{1}, base::random_uuid(), "a:1", "b:2"}};
  what.size_bytes = size_bytes;
  what.file = base::uuid_from_name("the file");
  what.attributes = "digest and more";
  return what;
}

// Byte `i` of the file.
char byte_at(std::uint64_t i) {
  return static_cast<char>((i * 2654435761U) >> 24);
}

base::bytes piece(std::uint64_t offset, std::size_t size) {
  base::bytes out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = byte_at(offset + i);
  return out;
}

struct streaming_pair : linked_pair {
  streaming_pair() {
    one.settings().times.connect_timeout = two.settings().times.connect_timeout = patience;
  }

  auto open(std::uint64_t size_bytes) {
    return std::async(std::launch::async, [this, size_bytes] {
      return one.links().open_stream(raft::server_id{2}, offer_of(size_bytes), patience);
    });
  }
};

// Reads to the end; the number of bytes that were what they should be.
base::result<std::uint64_t> read_all(incoming_stream& stream, std::uint64_t offset) {
  for (;;) {
    auto bytes = stream.read();
    if (!bytes)
      return base::fail(bytes.error());
    if (bytes->empty())
      return offset;
    if (*bytes != piece(offset, bytes->size()))
      return base::fail(base::errc::corrupt, "other bytes than were sent");
    offset += bytes->size();
  }
}

base::status send_all(outgoing_stream& stream, std::uint64_t size_bytes) {
  for (auto at = stream.resume_offset(); at < size_bytes;) {
    auto size = std::min<std::uint64_t>(size_bytes - at, 100'000);
    if (auto written = stream.write(piece(at, size)); !written)
      return written;
    at += size;
  }
  return stream.finish();
}

} // namespace

TEST_CASE("a file travels on a connection of its own, with its offer", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto size = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5'000'000});
  auto opening = pair.open(size);
  auto incoming = pair.two.take_stream();
  CHECK(incoming->from() == raft::server_id{1});
  CHECK(incoming->offer().size_bytes == size);
  CHECK(incoming->offer().point.id == offer_of(0).point.id);
  CHECK(incoming->offer().attributes == "digest and more");
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, size); });
  auto got = read_all(*incoming, 0);
  REQUIRE(got);
  CHECK(*got == size);
  REQUIRE(incoming->complete());
  auto sent = sending.get();
  INFO((sent ? std::string() : sent.error().text));
  CHECK(sent);
}

TEST_CASE("a receiver that has the beginning asks for the rest only", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto offset = GENERATE(std::uint64_t{700'001}, std::uint64_t{1'000'000});
  auto opening = pair.open(1'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(offset));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  CHECK((*outgoing)->resume_offset() == offset);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 1'000'000); });
  CHECK(read_all(*incoming, offset) == 1'000'000);
  CHECK(incoming->complete());
  CHECK(sending.get());
}

TEST_CASE("a refusal reaches the sender in the receiver's words", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto opening = pair.open(10);
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
  auto opening = pair.open(50'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 50'000'000); });
  REQUIRE(incoming->read());
  bool says_why = GENERATE(true, false);
  if (says_why)
    incoming->refuse("the digest differs");
  incoming.reset();
  auto sent = sending.get();
  REQUIRE(!sent);
  CHECK_THAT(sent.error().text,
             matchers::ContainsSubstring(says_why ? "the digest differs" : "the receiver gave up"));
}

TEST_CASE("a sender that goes away fails the receiver", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto opening = pair.open(1'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  REQUIRE((*outgoing)->write(piece(0, 1000)));
  (*outgoing).reset();
  CHECK(!read_all(*incoming, 0));
}

TEST_CASE("INV-138: a reader that is slow holds the sender back, and memory stays small",
          "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  constexpr std::uint64_t size = 200'000'000;
  auto opening = pair.open(size);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto before = resident_bytes();
  std::atomic<std::uint64_t> written{0};
  auto sending = std::async(std::launch::async, [&]() -> base::status {
    const base::bytes block(1 << 20, 'x');
    while (written < size) {
      auto count = std::min<std::uint64_t>(block.size(), size - written);
      if (auto done = (*outgoing)->write(base::byte_view(block).substr(0, count)); !done)
        return done;
      written += count;
    }
    return (*outgoing)->finish();
  });
  REQUIRE(eventually([&] { return written + (1 << 20) >= bounds::stream_window_bytes; }));
  std::uint64_t read = 0;
  std::uint64_t resident_max = 0;
  for (;;) {
    CHECK(written <= read + bounds::stream_window_bytes);
    auto bytes = incoming->read();
    REQUIRE(bytes);
    if (bytes->empty())
      break;
    read += bytes->size();
    resident_max = std::max(resident_max, resident_bytes());
  }
  CHECK(read == size);
  CHECK(incoming->complete());
  CHECK(sending.get());
  CHECK(resident_max < before + resident_growth_max);
}

TEST_CASE("a reader may pause longer than silence is borne: its node shows life",
          "[transport][stream]") {
  streaming_pair pair;
  pair.one.settings().times.silence_max = 2000ms;
  pair.two.settings().times.silence_max = 2000ms;
  pair.start();
  auto opening = pair.open(5'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 5'000'000); });
  auto pause = std::chrono::steady_clock::now() + 5000ms;
  eventually([&] { return std::chrono::steady_clock::now() > pause; });
  CHECK(read_all(*incoming, 0) == 5'000'000);
  CHECK(incoming->complete());
  CHECK(sending.get());
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
    peer.write(encode_welcome({1, raft::log_index{2}, "", ""}, two));
    peer.write(encode_stream(stream_accepted{0}, 1, two));
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
  auto opening = pair.open(50'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 50'000'000); });
  REQUIRE(incoming->read());
  bool sender_stops = GENERATE(true, false);
  (sender_stops ? pair.one : pair.two).stop();
  auto sent = sending.get();
  REQUIRE(!sent);
  if (sender_stops)
    CHECK(sent.error().code == base::errc::interrupted);
  CHECK(!read_all(*incoming, incoming->offer().size_bytes));
  // Handles may outlive the links.
  (sender_stops ? pair.two : pair.one).stop();
}

TEST_CASE("a blocked call is cancelled from another thread", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto opening = pair.open(50'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 50'000'000); });
  (*outgoing)->cancel();
  auto sent = sending.get();
  REQUIRE(!sent);
  CHECK(sent.error().code == base::errc::interrupted);
  CHECK(!read_all(*incoming, 0));
}

TEST_CASE("so many snapshots come in at a time, and one more is told to wait",
          "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  std::vector<std::unique_ptr<incoming_stream>> taken;
  std::vector<std::unique_ptr<outgoing_stream>> sent;
  for (std::size_t i = 0; i < bounds::incoming_streams_max; ++i) {
    auto opening = pair.open(10);
    taken.push_back(pair.two.take_stream());
    REQUIRE(taken.back()->accept(0));
    auto opened = opening.get();
    REQUIRE(opened);
    sent.push_back(std::move(*opened));
  }
  auto refused = pair.open(10).get();
  REQUIRE(!refused);
  CHECK(refused.error().code == base::errc::busy);
  taken.pop_back();
  sent.pop_back();
  CHECK(eventually([&] {
    auto opening = pair.open(10);
    if (opening.wait_for(100ms) == std::future_status::ready)
      return false;
    pair.two.take_stream()->refuse("enough");
    return true;
  }));
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
  peer.write(encode_stream(offer_of(50'000'000), 1, two));
  auto incoming = one.take_stream();
  REQUIRE(incoming->accept(1000));

  auto chunk = [](std::uint64_t offset, std::size_t size) {
    return stream_chunk{offset, piece(offset, size)};
  };
  auto attack = GENERATE(0, 1, 2, 3, 4, 5);
  if (attack == 0)
    peer.write(encode_stream(chunk(1001, 10), 1, two));
  if (attack == 1)
    peer.write(encode_stream(chunk(0, 10), 1, two));
  if (attack == 2)
    for (std::uint64_t at = 1000; at < 20'000'000; at += bounds::chunk_bytes_max)
      if (!peer.write(encode_stream(chunk(at, bounds::chunk_bytes_max), 1, two)))
        break;
  if (attack == 3)
    peer.write(encode_stream(stream_end{50'000'000}, 1, two));
  if (attack == 4)
    peer.write(encode_stream(chunk(1000, 0), 1, two));
  if (attack == 5)
    peer.write(encode_stream(chunk(1000, bounds::chunk_bytes_max + 1), 1, two));
  peer.read_to_end();
  auto got = attack == 2 ? [&]() -> base::result<base::bytes> {
    eventually([&] { return one.links().get_totals().bad_frames == 1; });
    return incoming->read();
  }()
      : incoming->read();
  REQUIRE(!got);
  CHECK(got.error().code == base::errc::corrupt);
}

TEST_CASE("a stream goes over TLS, too", "[transport][stream][tls]") {
  temp_dir directory("stream-tls");
  auto authority = authority_files::in(directory.path());
  REQUIRE(make_authority(authority, "test", 1));
  streaming_pair pair;
  for (auto* each : {&pair.one, &pair.two}) {
    auto id = each->self().server;
    tls_files files{authority.certificate, directory / (std::to_string(id.value) + ".pem"),
                    directory / (std::to_string(id.value) + "-key.pem")};
    REQUIRE(make_node_certificate(authority, {id, {}, 1}, files.certificate, files.key));
    each->settings().tls = files;
  }
  pair.start();
  auto opening = pair.open(20'000'000);
  auto incoming = pair.two.take_stream();
  REQUIRE(incoming->accept(0));
  auto outgoing = opening.get();
  REQUIRE(outgoing);
  auto sending = std::async(std::launch::async, [&] { return send_all(**outgoing, 20'000'000); });
  CHECK(read_all(*incoming, 0) == 20'000'000);
  CHECK(incoming->complete());
  CHECK(sending.get());
}
