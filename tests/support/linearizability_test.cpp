// SPDX-License-Identifier: Apache-2.0
#include "tests/support/linearizability.hpp"

#include <algorithm>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/support/history_json.hpp"
#include "tests/unit/raft/random_source.hpp"

using namespace linearizability;

namespace {

class histories {
public:
  histories& put(content value, std::uint64_t from, std::uint64_t to,
                 operation_outcome outcome = operation_outcome::ok) {
    return add({0, "k", operation_kind::put, outcome, std::move(value), {}, {}, from, to});
  }
  histories& get(content value, std::uint64_t from, std::uint64_t to) {
    return add(
        {0, "k", operation_kind::get, operation_outcome::ok, std::move(value), {}, {}, from, to});
  }
  histories& swap(content expected, content value, std::uint64_t from, std::uint64_t to,
                  operation_outcome outcome = operation_outcome::ok,
                  std::optional<content> observed = {}) {
    return add({0, "k", operation_kind::compare_and_put, outcome, std::move(value),
                std::move(expected), std::move(observed), from, to});
  }
  histories& on(const char* key) {
    all_.back().key = key;
    return *this;
  }
  verdict judged() const { return judge(all_).what; }
  const std::vector<operation>& all() const { return all_; }

private:
  histories& add(operation what) {
    what.client = all_.size() + 1;
    all_.push_back(std::move(what));
    return *this;
  }
  std::vector<operation> all_;
};

constexpr auto unknown = operation_outcome::unknown;
constexpr auto mismatch = operation_outcome::mismatch;
constexpr auto good = verdict::linearizable;
constexpr auto bad = verdict::violated;

} // namespace

TEST_CASE("what happened one after the other is judged by its order", "[linearizability]") {
  CHECK(histories().get({}, 1, 2).put("a", 3, 4).get("a", 5, 6).judged() == good);
  CHECK(histories().put("a", 1, 2).put("b", 3, 4).get("a", 5, 6).judged() == bad);
  CHECK(histories().put("a", 1, 2).get({}, 3, 4).judged() == bad);
  CHECK(histories().put("a", 1, 2).put({}, 3, 4).get({}, 5, 6).judged() == good);
}

TEST_CASE("concurrent operations may have happened in any order", "[linearizability]") {
  CHECK(histories().put("a", 1, 10).put("b", 1, 10).get("a", 11, 12).judged() == good);
  CHECK(histories().put("a", 1, 10).put("b", 1, 10).get("b", 11, 12).judged() == good);
  CHECK(histories().put("a", 1, 10).get({}, 2, 3).get("a", 4, 5).judged() == good);
}

TEST_CASE("a read that goes back in time is found", "[linearizability]") {
  // The second read begins after the first returned, and both overlap the put.
  CHECK(histories().put("a", 1, 10).get("a", 2, 3).get({}, 4, 5).judged() == bad);
  CHECK(histories().put("a", 1, 10).put("b", 1, 10).get("a", 11, 12).get("b", 13, 14).judged()
        == bad);
}

TEST_CASE("a value from nowhere is found", "[linearizability]") {
  CHECK(histories().put("a", 1, 2).get("z", 3, 4).judged() == bad);
  CHECK(histories().put("a", 1, 2, operation_outcome::not_done).get("a", 3, 4).judged() == bad);
}

TEST_CASE("an unknown outcome may happen late or never, and once", "[linearizability]") {
  CHECK(histories().put("a", 1, 0, unknown).get({}, 2, 3).get("a", 50, 51).judged() == good);
  CHECK(histories().put("a", 1, 0, unknown).get({}, 50, 51).judged() == good);
  CHECK(histories().put("a", 1, 0, unknown).get("a", 2, 3).put("b", 4, 5).get("a", 6, 7).judged()
        == bad);
  CHECK(histories().put("a", 5, 0, unknown).get("a", 1, 2).judged() == bad);
}

TEST_CASE("a compare_and_put needs what it expected", "[linearizability]") {
  CHECK(histories().put("a", 1, 2).swap("a", "b", 3, 4).get("b", 5, 6).judged() == good);
  CHECK(histories().put("a", 1, 2).swap("z", "b", 3, 4).judged() == bad);
  // Two of them cannot both have found the same.
  CHECK(histories().put("a", 1, 2).swap("a", "b", 3, 9).swap("a", "c", 3, 9).judged() == bad);
  CHECK(histories().put("a", 1, 2).swap("a", "b", 3, 4, mismatch).judged() == bad);
  CHECK(histories().put("a", 1, 2).swap("z", "b", 3, 4, mismatch, {{"a"}}).judged() == good);
  CHECK(histories().put("a", 1, 2).swap("z", "b", 3, 4, mismatch, {{"y"}}).judged() == bad);
  CHECK(histories().swap({}, "a", 1, 2).swap({}, "b", 3, 4, mismatch).judged() == good);
  CHECK(histories().swap({}, "a", 1, 0, unknown).swap({}, "b", 3, 4, mismatch).judged() == good);
}

TEST_CASE("keys are judged apart", "[linearizability]") {
  CHECK(histories().put("a", 1, 2).on("x").get({}, 3, 4).on("y").judged() == good);
  CHECK(histories().put("a", 1, 2).on("x").get({}, 3, 4).on("x").judged() == bad);
}

TEST_CASE("a lost write among many clients is found, and named", "[linearizability]") {
  histories many;
  for (std::uint64_t i = 0; i < 2000; ++i)
    many.put("v" + std::to_string(i), i * 10, i * 10 + 25,
             i % 7 == 0 ? unknown : operation_outcome::ok)
        .get("v" + std::to_string(i), i * 10 + 5, i * 10 + 15);
  CHECK(many.judged() == good);
  many.get("v3", 30000, 30001);
  auto found = judge(many.all());
  CHECK(found.what == bad);
  CHECK_THAT(found.why, matchers::ContainsSubstring("get k=v3"));
}

TEST_CASE("too many possibilities are said to be undecided", "[linearizability]") {
  histories wide;
  for (std::uint64_t i = 0; i < 20; ++i)
    wide.put("v" + std::to_string(i), 1, 100).get("v" + std::to_string(i), 1, 100);
  CHECK(judge(wide.all(), {1000}).what == verdict::undecided);
  histories wider;
  for (std::uint64_t i = 0; i < 300; ++i)
    wider.get({}, 1, 100);
  CHECK(judge(wider.all()).what == verdict::undecided);
}

namespace {

/// The definition, word for word: some order of the operations that had an effect, which
/// keeps real time, explains everything.
class by_definition {
public:
  explicit by_definition(std::vector<operation> all) : all_(std::move(all)), used_(all_.size()) {}
  bool is_linearizable() { return search({}); }

private:
  bool may_be_next(std::size_t candidate) const {
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (!used_[i] && i != candidate && all_[i].outcome != unknown
          && all_[i].returned < all_[candidate].invoked)
        return false;
    return true;
  }

  bool search(const content& held) {
    bool is_done = true;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (used_[i])
        continue;
      is_done = is_done && all_[i].outcome == unknown;
      auto next = held;
      if (!may_be_next(i) || !take(all_[i], next))
        continue;
      used_[i] = true;
      if (search(next))
        return true;
      used_[i] = false;
    }
    return is_done;
  }

  static bool take(const operation& what, content& held) {
    if (what.kind == operation_kind::get)
      return what.outcome == unknown || held == what.value;
    if (what.outcome == mismatch)
      return held != what.expected && (!what.observed || held == *what.observed);
    if (what.kind == operation_kind::compare_and_put && held != what.expected)
      return false;
    held = what.value;
    return true;
  }

  std::vector<operation> all_;
  std::vector<bool> used_;
};

operation random_operation(raft_test::random_numbers& random, std::uint64_t client) {
  auto any = [&random]() -> content {
    auto number = random.below(4);
    return number == 0 ? content{} : content{"v" + std::to_string(number)};
  };
  operation what;
  what.client = client;
  what.key = "k";
  what.invoked = random.below(12);
  what.returned = what.invoked + random.below(8);
  what.value = any();
  what.kind = static_cast<operation_kind>(random.below(3));
  if (what.kind == operation_kind::compare_and_put) {
    what.expected = any();
    if (random.happens(40)) {
      what.outcome = mismatch;
      if (random.happens(50))
        what.observed = any();
    }
  }
  if (what.kind != operation_kind::get && what.outcome == operation_outcome::ok
      && random.happens(25))
    what.outcome = unknown;
  return what;
}

} // namespace

TEST_CASE("it agrees with the definition on thousands of small histories", "[linearizability]") {
  raft_test::random_numbers random(7);
  std::size_t good_ones = 0;
  std::size_t bad_ones = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<operation> history;
    for (std::uint64_t size = 1 + random.below(7); history.size() < size;)
      history.push_back(random_operation(random, history.size()));
    bool expected = by_definition(history).is_linearizable();
    (expected ? good_ones : bad_ones)++;
    auto found = judge(history);
    if ((found.what == good) != expected) {
      std::string text;
      for (const auto& each : history)
        text += to_string(each) + "\n";
      FAIL("by definition it is " << (expected ? "good" : "bad") << ":\n" << text << found.why);
    }
  }
  CHECK(good_ones > 2000);
  CHECK(bad_ones > 2000);
}

TEST_CASE("a history is written to JSON lines and read back", "[linearizability]") {
  auto history = histories()
                     .put("a", 1, 2)
                     .put({}, 3, 0, unknown)
                     .get("a", 4, 5)
                     .swap("a", "b", 6, 7, mismatch, {content{}})
                     .all();
  std::stringstream lines;
  for (const auto& each : history)
    lines << to_json(each) << "\n\n";
  auto read = read_history(lines);
  REQUIRE(read);
  REQUIRE(read->size() == history.size());
  for (std::size_t i = 0; i < history.size(); ++i)
    CHECK(to_string((*read)[i]) == to_string(history[i]));
}

TEST_CASE("what is no history is refused with its line", "[linearizability]") {
  auto refusal = [](const char* text) {
    std::istringstream in(text);
    auto read = read_history(in);
    return read ? std::string("accepted") : read.error().text;
  };
  CHECK_THAT(refusal("{}"), matchers::StartsWith("line 1: "));
  CHECK_THAT(refusal("\n{\"client\":"), matchers::StartsWith("line 2: "));
  CHECK_THAT(refusal(R"({"client":1,"key":"k","op":"get","outcome":"lost","invoked":1})"),
             matchers::ContainsSubstring("no outcome is called lost"));
  CHECK_THAT(
      refusal(R"({"client":1,"key":"k","op":"put","outcome":"ok","invoked":5,"returned":1})"),
      matchers::ContainsSubstring("returned before"));
}
