// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/wire_samples.hpp"
#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"

using namespace transport;
using tests::some_identity;

namespace {

base::bytes body_of(const raft::message& message) {
  return encode_message(message, protocol_version_max, some_identity()).substr(frame_header_bytes);
}

raft::append_entries append(std::vector<raft::entry> entries) {
  raft::append_entries message;
  message.term = raft::term{7};
  message.entries = std::move(entries);
  return message;
}

} // namespace

TEST_CASE("every message arrives as it was sent", "[transport][codec]") {
  tests::wire_samples samples(1);
  for (std::size_t i = 0; i < 100 * std::variant_size_v<raft::message>; ++i) {
    auto sent = samples.message(i);
    auto body = body_of(sent);
    auto got = decode_message(type_of(sent), body);
    REQUIRE(got);
    CHECK(got->index() == sent.index());
    CHECK(raft::term_of(*got) == raft::term_of(sent));
    CHECK(body_of(*got) == body);
  }
}

TEST_CASE("entries travel with all they are stored with", "[transport][codec]") {
  tests::wire_samples samples(2);
  for (int i = 0; i < 200; ++i) {
    raft::append_entries sent;
    samples.fill(sent);
    auto got = decode_message(frame_type::append_entries, body_of(sent));
    REQUIRE(got);
    const auto& received = std::get<raft::append_entries>(*got);
    CHECK(received.entries == sent.entries);
    CHECK(received.previous == sent.previous);
    CHECK(received.previous_chain == sent.previous_chain);
    CHECK(received.leader_commit == sent.leader_commit);
    CHECK(received.read_round == sent.read_round);
  }
}

TEST_CASE("the chain of a received entry follows from the bytes received", "[transport][codec]") {
  auto cluster = base::uuid_from_name("c");
  raft::entry sent;
  sent.id = {raft::log_index{1}, raft::term{1}};
  sent.kind = raft::entry_kind::command;
  sent.payload = raft::payload("some bytes");
  sent.chain = raft::next_chain(raft::chain_seed(cluster), sent.id, sent.kind, sent.payload.hash());
  auto got = decode_message(frame_type::append_entries, body_of(append({sent})));
  REQUIRE(got);
  const auto& entry = std::get<raft::append_entries>(*got).entries.at(0);
  CHECK(entry.chain
        == raft::next_chain(raft::chain_seed(cluster), entry.id, entry.kind, entry.payload.hash()));
}

TEST_CASE("an entry of a kind that is not known yet travels unchanged", "[transport][codec]") {
  raft::entry sent;
  sent.kind = static_cast<raft::entry_kind>(200);
  auto got = decode_message(frame_type::append_entries, body_of(append({sent})));
  REQUIRE(got);
  CHECK(std::get<raft::append_entries>(*got).entries.at(0) == sent);
}

TEST_CASE("INV-131: a message cut anywhere is refused, and so is one with a byte more",
          "[transport][codec]") {
  tests::wire_samples samples(3);
  for (std::size_t i = 0; i < 3 * std::variant_size_v<raft::message>; ++i) {
    auto sent = samples.message(i);
    auto body = body_of(sent);
    for (std::size_t size = 0; size < body.size(); ++size)
      CHECK(!decode_message(type_of(sent), base::byte_view(body).substr(0, size)));
    auto got = decode_message(type_of(sent), body + '\0');
    REQUIRE(!got);
    CHECK_THAT(got.error().text, matchers::ContainsSubstring("left over"));
    CHECK_THAT(got.error().text, matchers::ContainsSubstring(to_string(type_of(sent))));
  }
}

TEST_CASE("a flag or a choice that no writer makes is refused", "[transport][codec]") {
  auto vote = body_of(raft::request_vote{});
  vote.back() = 2;
  CHECK(!decode_message(frame_type::request_vote, vote));
  auto reply = body_of(raft::append_entries_reply{});
  reply[8] = 3;
  auto got = decode_message(frame_type::append_entries_reply, reply);
  REQUIRE(!got);
  CHECK_THAT(got.error().text, matchers::ContainsSubstring("choice"));
}

TEST_CASE("INV-130: a count of entries the bytes cannot hold is refused before room is made",
          "[transport][codec]") {
  auto body = body_of(append({}));
  auto count_at = body.size() - 4;
  body.replace(count_at, 4, std::string("\x00\x10\x00\x00", 4));
  auto got = decode_message(frame_type::append_entries, body);
  REQUIRE(!got);
  CHECK_THAT(got.error().text, matchers::ContainsSubstring("too short"));
  body.replace(count_at, 4, std::string("\xff\xff\xff\xff", 4));
  CHECK_THAT(decode_message(frame_type::append_entries, body).error().text,
             matchers::ContainsSubstring("more entries"));
}

TEST_CASE("the frames of the handshake, of streams and unknown ones are no messages",
          "[transport][codec]") {
  for (auto type : {frame_type::hello, frame_type::ping, frame_type::stream_chunk,
                    static_cast<frame_type>(0), static_cast<frame_type>(255)}) {
    CHECK(!is_message(type));
    CHECK(!decode_message(type, ""));
  }
}

TEST_CASE("the smallest entry takes as many bytes as the bound says", "[transport][codec]") {
  CHECK(body_of(append({raft::entry{}})).size() - body_of(append({})).size()
        == wire::entry_bytes_min);
}

TEST_CASE("the longest batch of a proposal fits one frame", "[transport][codec]") {
  raft::entry entry;
  entry.payload = raft::payload(std::string(base::limits::persist_bytes_max, 'x'));
  CHECK(body_of(append({entry})).size() <= bounds::frame_body_bytes_max);
}
