// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/wire_samples.hpp"
#include "transport/address.hpp"
#include "transport/admission.hpp"
#include "transport/back_off.hpp"
#include "transport/bounds.hpp"
#include "transport/outbox.hpp"

using namespace transport;
using tests::some_identity;

namespace {

struct door {
  admission here{
      some_identity(1),
      {{{raft::server_id{2}, some_identity(2).incarnation, "a:1"}}, raft::log_index{10}}};
  identity other = some_identity(2);
  hello first;

  door() {
    first.to = raft::server_id{1};
    first.membership_index = raft::log_index{10};
  }
  std::optional<refusal_reason> verdict() const {
    auto why = judge_hello(here, other, first);
    return why ? std::optional(why->reason) : std::nullopt;
  }
  std::optional<refusal_reason> verdict_of_welcome(
      std::uint8_t version = protocol_version_max) const {
    auto why =
        judge_welcome(here, raft::server_id{2}, other, {version, first.membership_index, "", ""});
    return why ? std::optional(why->reason) : std::nullopt;
  }
};

} // namespace

TEST_CASE("a listed server of the same cluster is let in", "[transport][admission]") {
  CHECK(!door().verdict());
  CHECK(!door().verdict_of_welcome());
}

TEST_CASE("a server of another cluster is refused, naming both", "[transport][admission]") {
  door at;
  at.other.cluster = base::uuid_from_name("another");
  CHECK(at.verdict() == refusal_reason::other_cluster);
  CHECK(at.verdict_of_welcome() == refusal_reason::other_cluster);
  auto text = judge_hello(at.here, at.other, at.first)->text;
  CHECK_THAT(text, matchers::ContainsSubstring(to_string(at.other.cluster)));
  CHECK_THAT(text, matchers::ContainsSubstring(to_string(at.here.self.cluster)));
}

TEST_CASE("a server that was not looked for is refused", "[transport][admission]") {
  door at;
  at.first.to = raft::server_id{3};
  CHECK(at.verdict() == refusal_reason::wrong_server);
  at = door();
  at.other.server = raft::server_id{1};
  CHECK(at.verdict() == refusal_reason::wrong_server);
  at = door();
  at.other.server = raft::server_id{3};
  CHECK(at.verdict_of_welcome() == refusal_reason::wrong_server);
}

TEST_CASE("a version that cannot be spoken is refused, naming both ranges",
          "[transport][admission]") {
  door at;
  at.first.version_min = 3;
  at.first.version_max = 9;
  CHECK(at.verdict() == refusal_reason::version_not_speakable);
  CHECK_THAT(judge_hello(at.here, at.other, at.first)->text, matchers::ContainsSubstring("3 to 9"));
  CHECK(at.verdict_of_welcome(9) == refusal_reason::version_not_speakable);
  at.first.version_min = 0;
  CHECK(!at.verdict());
  CHECK(common_version(0, 9) == protocol_version_max);
  CHECK(!common_version(0, 0));
}

TEST_CASE("INV-132: a server the newest membership does not list is refused",
          "[transport][admission]") {
  door at;
  at.other = some_identity(3);
  CHECK(at.verdict() == refusal_reason::unknown_server);
  at.first.membership_index = raft::log_index{11}; // it knows more than this server
  CHECK(!at.verdict());
}

TEST_CASE("INV-132: another life than the newest membership lists is refused",
          "[transport][admission]") {
  door at;
  at.other.incarnation = base::uuid_from_name("wiped");
  CHECK(at.verdict() == refusal_reason::outdated_incarnation);
  CHECK(at.verdict_of_welcome() == refusal_reason::outdated_incarnation);
  at.first.membership_index = raft::log_index{11};
  CHECK(!at.verdict());
  CHECK(!at.verdict_of_welcome());
  at.first.membership_index = raft::log_index{9};
  at.here.known.peers.front().incarnation = {};
  CHECK(!at.verdict()); // no life of it is known yet
  at.other.incarnation = {};
  CHECK(at.verdict() == refusal_reason::outdated_incarnation);
}

TEST_CASE("a server that was itself replaced is told so", "[transport][admission]") {
  door at;
  at.first.to_incarnation = base::uuid_from_name("its successor");
  CHECK(!at.verdict()); // the dialler knows no more than this server
  at.first.membership_index = raft::log_index{11};
  CHECK(at.verdict() == refusal_reason::outdated_incarnation);
}

TEST_CASE("a server that waits to join lets in who knows more", "[transport][admission]") {
  door at;
  at.here.known = {};
  CHECK(!at.verdict());
  at.first.membership_index = {};
  CHECK(at.verdict() == refusal_reason::unknown_server);
}

TEST_CASE("INV-133: of two links both sides keep the same one", "[transport][admission]") {
  auto boot = base::uuid_from_name("boot");
  auto later = base::uuid_from_name("later boot");
  CHECK(replaces({boot, true}, {boot, false}));
  CHECK(!replaces({boot, false}, {boot, true}));
  CHECK(replaces({boot, true}, {boot, true})); // its dialler gave the other up
  CHECK(replaces({boot, false}, {boot, false}));
  CHECK(replaces({later, false}, {boot, true}));
}

TEST_CASE("texts of the other side are cut to their bounds", "[transport][greeting]") {
  hello first;
  first.program_version = std::string(500, 'v');
  auto frame = encode_hello(first, some_identity());
  CHECK(frame.size() - frame_header_bytes <= bounds::greeting_body_bytes_max);
  auto got = decode_hello(base::byte_view(frame).substr(frame_header_bytes));
  REQUIRE(got);
  CHECK(got->program_version.size() == bounds::program_version_bytes_max);
  auto refused = encode_refusal({refusal_reason::other, std::string(5000, 'r')}, some_identity());
  CHECK(refused.size() - frame_header_bytes <= bounds::greeting_body_bytes_max);
}

TEST_CASE("a hello with fields of a later version can be read", "[transport][greeting]") {
  hello first;
  first.to = raft::server_id{5};
  auto body = encode_hello(first, some_identity()).substr(frame_header_bytes) + "more";
  auto got = decode_hello(body);
  REQUIRE(got);
  CHECK(got->to == raft::server_id{5});
  CHECK(!decode_hello(base::byte_view(body).substr(0, 20)));
}

TEST_CASE("addresses are read, and what is wrong with one is said", "[transport][address]") {
  CHECK(parse_address("example.org:80")->host == "example.org");
  CHECK(parse_address("[::1]:8082")->host == "::1");
  CHECK(parse_address("[::1]:8082")->port == 8082);
  for (auto bad :
       {"", "host", ":1", "host:", "host:x", "host:65536", "host:1x", "::1:80", "[a]:1"}) {
    INFO(bad);
    auto got = parse_address(bad);
    REQUIRE(!got);
    CHECK(got.error().code == base::errc::invalid);
  }
}

TEST_CASE("INV-136: loopback is what cannot leave the machine", "[transport][address]") {
  for (auto inside : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"})
    CHECK(is_loopback(*parse_address(inside)));
  for (auto outside : {"10.0.0.1:1", "0.0.0.0:1", "[::]:1", "127.example.org:1", "example.org:1"})
    CHECK(!is_loopback(*parse_address(outside)));
}

TEST_CASE("waits double up to a bound and are shortened by chance", "[transport][back_off]") {
  using std::chrono::milliseconds;
  back_off waits(milliseconds(100), milliseconds(1000));
  CHECK(waits.next(0) == milliseconds(100));
  CHECK(waits.next(0) == milliseconds(200));
  for (int i = 0; i < 10; ++i)
    waits.next(0);
  CHECK(waits.next(0) == milliseconds(1000));
  for (std::uint64_t chance = 0; chance < 2000; ++chance) {
    auto wait = waits.next(chance);
    CHECK((wait >= milliseconds(500) && wait <= milliseconds(1000)));
  }
  waits.reset();
  CHECK(waits.next(0) == milliseconds(100));
}

TEST_CASE("INV-134: an outbox takes what fits its bound, and what is written frees it",
          "[transport][outbox]") {
  outbox box(10);
  CHECK(box.put("12345").wakes);
  auto second = box.put("6789a");
  CHECK((second.is_taken && !second.wakes));
  CHECK(!box.put("b").is_taken);
  CHECK(box.take() == "123456789a");
  CHECK(!box.put("b").is_taken); // being written still counts
  CHECK(box.take().empty());
  CHECK(box.bytes() == 0);
  CHECK(box.put("b").wakes);
  box.close();
  CHECK(!box.put("c").is_taken);
}
