// SPDX-License-Identifier: Apache-2.0
#include "trace/match.hpp"

#include "tests/support/catch.hpp"

using namespace trace;
using matchers::ContainsSubstring;

namespace {

match_subject a_message() {
  match_subject made;
  made.kind = "handled";
  made.actor = "raft";
  made.from = "log_writer";
  made.message = "peer_spoke";
  made.rpc = "append_entries";
  made.peer = "node 2";
  made.queued = 20'000;
  made.handling = 6'000'000;
  return made;
}

bool fits(const char* expression) {
  auto parsed = match_expression::parse(expression);
  INFO(expression);
  REQUIRE(parsed);
  return parsed->matches(a_message());
}

match_error fault_of(std::string_view expression) {
  auto parsed = match_expression::parse(expression);
  INFO(expression);
  REQUIRE(!parsed);
  return parsed.error();
}

} // namespace

TEST_CASE("an expression compares what an event has", "[trace][match]") {
  for (const char* right :
       {"", "  ", "actor==raft", "actor~\"ra*\"", "actor!~log*", "msg==append_entries",
        "msg==peer_spoke", "handling>5ms", "handling<=6ms", "queued==20us", "queued<0.5ms",
        "kind==handled", "peer==\"node 2\"", "from!=raft", "handling != 1s", "actor == raft",
        "actor~\"raft*\" && msg==\"append_entries\" && handling>5ms"})
    CHECK(fits(right));
  for (const char* wrong : {"actor==raf", "actor~ra?", "msg!=append_entries", "handling>6ms",
                            "kind==received", "peer~node", "queued>1s"})
    CHECK(!fits(wrong));
}

TEST_CASE("and binds tighter than or, not tighter than both", "[trace][match]") {
  CHECK(fits("actor==x || actor==raft && kind==handled"));
  CHECK(!fits("(actor==x || actor==raft) && kind==sent"));
  CHECK(fits("!actor==x && !(kind==sent || kind==timer)"));
  CHECK(fits("!!actor==raft"));
}

TEST_CASE("what an event does not have fits only what is not equal", "[trace][match]") {
  CHECK(!fits("took>0ns"));
  CHECK(!fits("took<=1s"));
  CHECK(!fits("waiting==0"));
  CHECK(fits("took!=1s"));
  CHECK(fits("!took>0ns"));
  CHECK(fits("trace==\"\""));
}

TEST_CASE("what is wrong is told with its place and what may stand there", "[trace][match]") {
  struct example {
    const char* expression;
    std::size_t position;
    const char* text;
  };
  for (const auto& each : {
           example{"actr==raft", 0, "'actr' is no field; there are actor, from, msg, kind"},
           example{"actor=raft", 5, "actor is compared by ==, !=, ~ or !~"},
           example{"handling~5ms", 8, "handling is compared by ==, !=, <, <=, > or >="},
           example{"handling>5", 9, "a time is expected, as 300us"},
           example{"handling>-5ms", 9, "a time is expected"},
           example{"waiting>many", 8, "a number is expected"},
           example{"kind==handeld", 6, "'handeld' is no kind; there are spawned"},
           example{"actor==\"raft", 7, "has no end"},
           example{"(actor==raft", 12, "')' is missing for the '(' in column 1"},
           example{"actor==raft &&", 14, "the expression ends here where a condition is expected"},
           example{"actor==raft kind==sent", 12, "what may follow is '&&' or '||'"},
           example{"&& actor==raft", 0, "where a condition is expected"},
           example{"actor==", 7, "a text is expected"},
       }) {
    auto fault = fault_of(each.expression);
    CHECK(fault.position == each.position);
    CHECK_THAT(fault.text, ContainsSubstring(each.text));
  }
}

TEST_CASE("an expression has bounds", "[trace][match]") {
  CHECK_THAT(fault_of(std::string(match_bytes_max + 1, ' ')).text, ContainsSubstring("1000 bytes"));
  CHECK_THAT(fault_of(std::string(100, '(') + "actor==x").text, ContainsSubstring("at most 32"));
  CHECK_THAT(fault_of(std::string(100, '!') + "actor==x").text, ContainsSubstring("at most 32"));
  CHECK_THAT(fault_of("waiting>99999999999999999999").text, ContainsSubstring("too large"));
}

TEST_CASE("a star stands for any text, a question mark for one byte", "[trace][match]") {
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*c*e", "abcde"));
  CHECK(matches_glob("*ab", "aab"));
  CHECK(matches_glob("r??t", "raft"));
  CHECK(!matches_glob("r?t", "raft"));
  CHECK(!matches_glob("", "a"));
  CHECK(!matches_glob("a*b", "ac"));
}
