// SPDX-License-Identifier: Apache-2.0
#include "raft/bounds.hpp"
#include "raft/progress.hpp"
#include "tests/support/catch.hpp"

using namespace raft;

namespace {

progress replicating_from(std::uint64_t next) {
  progress peer(log_index{next});
  peer.accepted(log_index{next - 1});
  return peer;
}

} // namespace

// Its answers told that it held nothing, and no new snapshot was wanted.
TEST_CASE("a peer that refuses again what it was sent a snapshot for gets another one",
          "[raft][thesis 5]") {
  progress peer(log_index{10});
  peer.found_compacted();
  peer.snapshot_begun();
  peer.conflict_number = 5;
  peer.rejected(log_index{9}, log_index{9});
  CHECK(peer.snapshot_state() == progress::snapshot::streaming);
  peer.snapshot_sent(log_index{20}, 7);
  peer.found_compacted();
  CHECK(peer.snapshot_state() == progress::snapshot::installing);
  peer.conflict_number = 8; // asked after it had the snapshot
  peer.rejected(log_index{19}, log_index{19});
  CHECK(peer.snapshot_state() == progress::snapshot::wanted);
}

TEST_CASE("a probe waits for its answer or the next heartbeat", "[raft]") {
  progress peer(log_index{5});
  CHECK(peer.may_send());
  peer.sent(log_index{6}, 10, log_index{0});
  CHECK_FALSE(peer.may_send());
  CHECK(peer.next_index() == log_index{5});
  peer.heartbeat_passed();
  CHECK(peer.may_send());
}

TEST_CASE("a peer that takes nothing of what it lacks is told apart after some checks", "[raft]") {
  auto peer = replicating_from(5);
  auto check = [&peer](std::uint64_t last) {
    for (std::uint32_t i = 0; i < bounds::stalled_checks_max; ++i)
      peer.quorum_checked(log_index{last});
  };
  constexpr std::uint64_t snapshot_checks_max = 2 * bounds::stalled_checks_max + 1;
  auto takes_nothing = [&peer] { return peer.takes_nothing(snapshot_checks_max); };
  check(4); // it lacks nothing
  peer.quorum_checked(log_index{7});
  CHECK_FALSE(takes_nothing());
  check(7);
  CHECK(takes_nothing());
  peer.accepted(log_index{5}); // not all, but some
  CHECK_FALSE(takes_nothing());
  peer.quorum_checked(log_index{7});
  CHECK_FALSE(takes_nothing());
  peer.found_compacted(); // it waits for a snapshot, which takes longer
  check(7);
  CHECK_FALSE(takes_nothing());
  check(7);
  peer.quorum_checked(log_index{7});
  CHECK(takes_nothing());
}

TEST_CASE("an accepted probe begins replication", "[raft]") {
  auto peer = replicating_from(5);
  CHECK(peer.current_mode() == progress::mode::replicate);
  peer.sent(log_index{7}, 10, log_index{0});
  CHECK(peer.next_index() == log_index{8});
  CHECK(peer.may_send());
}

TEST_CASE("a probe that was answered for less goes on probing", "[raft]") {
  progress peer(log_index{9});
  peer.accepted(log_index{3});
  CHECK(peer.current_mode() == progress::mode::probe);
  CHECK(peer.match_index() == log_index{3});
  CHECK(peer.next_index() == log_index{9});
}

TEST_CASE("what is on its way is bounded in messages and bytes", "[raft]") {
  auto peer = replicating_from(1);
  SECTION("messages") {
    for (std::size_t i = 1; i <= bounds::messages_in_flight_max; ++i)
      peer.sent(log_index{i}, 1, log_index{0});
  }
  SECTION("bytes") {
    peer.sent(log_index{1}, bounds::peer_bytes_in_flight_max, log_index{0});
  }
  CHECK_FALSE(peer.may_send());
  peer.accepted(log_index{1});
  CHECK(peer.may_send());
}

TEST_CASE("a refusal in replication goes back to probing", "[raft][thesis 3.5]") {
  auto peer = replicating_from(5);
  peer.sent(log_index{9}, 1, log_index{0});
  peer.rejected(log_index{9}, log_index{6});
  CHECK(peer.current_mode() == progress::mode::probe);
  CHECK(peer.next_index() == log_index{7});
}

TEST_CASE("next_index never goes back to what is matched", "[raft][INV-14]") {
  auto peer = replicating_from(5);
  peer.sent(log_index{9}, 1, log_index{0});
  peer.rejected(log_index{9}, log_index{1});
  CHECK(peer.next_index() == log_index{5});
}

TEST_CASE("overtaken refusals are ignored", "[raft]") {
  SECTION("of what was accepted since") {
    auto peer = replicating_from(5);
    peer.rejected(log_index{3}, log_index{1});
    CHECK(peer.current_mode() == progress::mode::replicate);
  }
  SECTION("of an earlier probe") {
    progress peer(log_index{5});
    peer.rejected(log_index{8}, log_index{1});
    CHECK(peer.next_index() == log_index{5});
  }
}

TEST_CASE("a commit index is news to who holds what it commits and was not told", "[raft]") {
  auto peer = replicating_from(5);
  CHECK(peer.should_hear_of(log_index{9}));
  peer.sent(log_index{9}, 1, log_index{3});
  CHECK(peer.should_hear_of(log_index{4}));
  peer.sent(log_index{4}, 1, log_index{9});
  CHECK_FALSE(peer.should_hear_of(log_index{9})); // it holds 4, and knows that 4 is committed
  peer.accepted(log_index{9});
  CHECK(peer.should_hear_of(log_index{9}));
}

TEST_CASE("nothing is sent to who diverged or needs a snapshot", "[raft]") {
  auto peer = replicating_from(5);
  SECTION("diverged") {
    peer.fence();
  }
  SECTION("compacted") {
    peer.found_compacted();
  }
  CHECK_FALSE(peer.may_send());
  peer.heartbeat_passed();
  CHECK_FALSE(peer.may_send());
}
