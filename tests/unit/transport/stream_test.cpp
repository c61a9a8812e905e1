// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/transport/resident.hpp"
#include "tests/unit/transport/streaming_pair.hpp"
#include "transport/bounds.hpp"
#include "transport/certificates.hpp"

using namespace tests;
using namespace transport;

TEST_CASE("a file travels on a connection of its own, with its offer", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto size = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5'000'000});
  auto ends = pair.open(size);
  CHECK(ends.incoming->from() == raft::server_id{1});
  CHECK(ends.incoming->offer().size_bytes == size);
  CHECK(ends.incoming->offer().point.id == offer_of(0).point.id);
  CHECK(ends.incoming->offer().attributes == "digest and more");
  auto sending = ends.send();
  CHECK(read_all(*ends.incoming, 0) == size);
  REQUIRE(ends.incoming->complete());
  auto sent = sending.get();
  INFO((sent ? std::string() : sent.error().text));
  CHECK(sent);
}

TEST_CASE("a receiver that has the beginning asks for the rest only", "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  auto offset = GENERATE(std::uint64_t{700'001}, std::uint64_t{1'000'000});
  auto ends = pair.open(1'000'000, offset);
  CHECK(ends.outgoing->resume_offset() == offset);
  auto sending = ends.send();
  CHECK(read_all(*ends.incoming, offset) == 1'000'000);
  CHECK(ends.incoming->complete());
  CHECK(sending.get());
}

TEST_CASE("INV-138: a reader that is slow holds the sender back, and memory stays small",
          "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  constexpr std::uint64_t size = 200'000'000;
  auto ends = pair.open(size);
  auto before = resident_bytes();
  std::atomic<std::uint64_t> written{0};
  auto sending = std::async(std::launch::async, [&]() -> base::status {
    const base::bytes block(1 << 20, 'x');
    while (written < size) {
      auto count = std::min<std::uint64_t>(block.size(), size - written);
      if (auto done = ends.outgoing->write(base::byte_view(block).substr(0, count)); !done)
        return done;
      written += count;
    }
    return ends.outgoing->finish();
  });
  REQUIRE(eventually([&] { return written + (1 << 20) >= bounds::stream_window_bytes; }));
  std::uint64_t read = 0;
  std::uint64_t resident_max = 0;
  for (;;) {
    CHECK(written <= read + bounds::stream_window_bytes);
    auto bytes = ends.incoming->read();
    REQUIRE(bytes);
    if (bytes->empty())
      break;
    read += bytes->size();
    resident_max = std::max(resident_max, resident_bytes());
  }
  CHECK(read == size);
  CHECK(ends.incoming->complete());
  CHECK(sending.get());
  CHECK(resident_max < before + resident_growth_max);
}

TEST_CASE("a reader may pause longer than silence is borne: its node shows life",
          "[transport][stream]") {
  streaming_pair pair;
  pair.one.settings().times.silence_max = 2000ms;
  pair.two.settings().times.silence_max = 2000ms;
  pair.start();
  auto ends = pair.open(5'000'000);
  auto sending = ends.send();
  auto pause = std::chrono::steady_clock::now() + 5000ms;
  eventually([&] { return std::chrono::steady_clock::now() > pause; });
  CHECK(read_all(*ends.incoming, 0) == 5'000'000);
  CHECK(ends.incoming->complete());
  CHECK(sending.get());
}

TEST_CASE("so many snapshots come in at a time, and one more is told to wait",
          "[transport][stream]") {
  streaming_pair pair;
  pair.start();
  std::vector<stream_ends> streams;
  for (std::size_t i = 0; i < bounds::incoming_streams_max; ++i)
    streams.push_back(pair.open(10));
  auto refused = pair.offer(10).get();
  REQUIRE(!refused);
  CHECK(refused.error().code == base::errc::busy);
  streams.pop_back();
  CHECK(eventually([&] {
    auto opening = pair.offer(10);
    if (opening.wait_for(100ms) == std::future_status::ready)
      return false;
    pair.two.take_stream()->refuse("enough");
    return true;
  }));
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
  auto ends = pair.open(20'000'000);
  auto sending = ends.send();
  CHECK(read_all(*ends.incoming, 0) == 20'000'000);
  CHECK(ends.incoming->complete());
  CHECK(sending.get());
}
