// SPDX-License-Identifier: Apache-2.0
#include "raft/messages.hpp"
#include "raft/ready.hpp"
#include "raft/types.hpp"
#include "tests/support/catch.hpp"

using namespace raft;

TEST_CASE("a payload knows its hash, and copies share its bytes", "[raft]") {
  payload one("abc");
  auto copy = one;
  CHECK(one.hash() == base::hash_of("abc"));
  CHECK(&one.bytes() == &copy.bytes());
  CHECK(payload().size() == 0);
  CHECK(payload() == payload(""));
  CHECK_FALSE(payload("a") == payload("b"));
}

TEST_CASE("the chain depends on everything that came before", "[raft]") {
  auto seed = chain_seed(base::uuid_from_name("c"));
  entry_id id{log_index{1}, term{1}};
  auto hash = payload("abc").hash();
  auto chain = next_chain(seed, id, entry_kind::command, hash);
  CHECK_FALSE(chain == next_chain(chain_seed({}), id, entry_kind::command, hash));
  CHECK_FALSE(chain == next_chain(seed, {log_index{2}, term{1}}, entry_kind::command, hash));
  CHECK_FALSE(chain == next_chain(seed, {log_index{1}, term{2}}, entry_kind::command, hash));
  CHECK_FALSE(chain == next_chain(seed, id, entry_kind::no_op, hash));
  CHECK_FALSE(chain == next_chain(seed, id, entry_kind::command, payload("abd").hash()));
}

TEST_CASE("the chain is the same in every version of the program", "[raft]") {
  // Known answers: a change here is a change of the format on disk.
  auto seed = chain_seed(base::uuid_from_name("aspen"));
  CHECK(base::to_hex(seed) == "85975eed4d7904a5cb1f17f4f922cb91");
  CHECK(base::to_hex(
            next_chain(seed, {log_index{1}, term{2}}, entry_kind::command, payload("a=1").hash()))
        == "bfabc375bfd64e3d4326c7911ae9eeb2");
}

TEST_CASE("positions order by index, then by term", "[raft]") {
  CHECK(entry_id{log_index{1}, term{9}} < entry_id{log_index{2}, term{1}});
}

TEST_CASE("every message tells its term, and whether it answers", "[raft]") {
  CHECK(term_of(request_vote{term{3}, {}, false, false}) == term{3});
  CHECK(term_of(append_entries_reply{term{4}, append_accepted{}, 0}) == term{4});
  CHECK(is_reply(request_vote_reply{}));
  CHECK(is_reply(append_entries_reply{}));
  CHECK(is_reply(read_index_reply{}));
  CHECK_FALSE(is_reply(request_vote{}));
  CHECK_FALSE(is_reply(append_entries{}));
  CHECK_FALSE(is_reply(read_index{}));
  CHECK_FALSE(is_reply(timeout_now{}));
}

TEST_CASE("a ready that asks for anything is not empty", "[raft]") {
  ready owed;
  REQUIRE(owed.empty());
  SECTION("event") {
    owed.events.emplace_back();
  }
  SECTION("message") {
    owed.send_now.emplace_back();
  }
  SECTION("persist") {
    owed.persist.emplace();
  }
  SECTION("message after it") {
    owed.send_after_persist.emplace_back();
  }
  SECTION("proposal") {
    owed.proposals.emplace_back(proposal_dropped{});
  }
  SECTION("read") {
    owed.reads.emplace_back(read_dropped{});
  }
  SECTION("apply") {
    owed.apply.emplace();
  }
  SECTION("log read") {
    owed.log_read.emplace();
  }
  SECTION("compaction") {
    owed.compact.emplace();
  }
  SECTION("timer") {
    owed.start_apply_timer = true;
  }
  CHECK_FALSE(owed.empty());
}
