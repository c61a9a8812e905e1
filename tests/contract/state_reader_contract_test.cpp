// SPDX-License-Identifier: Apache-2.0
// What a reader sees of every state machine: whole batches, in order, within bounds.
#include <atomic>
#include <thread>

#include "tests/support/state_machine_fixture.hpp"

namespace {

using namespace storage;
using tests::state_machine_fixture;

/// Each test runs once for every backend.
class any_machine : public state_machine_fixture {
public:
  any_machine() : state_machine_fixture(GENERATE("sqlite", "lmdb", "memory")) {}

  void put_all(const std::vector<std::string>& keys) {
    for (const auto& key : keys)
      put(key, "value of " + key.substr(0, 10));
  }

  std::vector<std::string> keys_of(const scan_request& request) {
    std::vector<std::string> keys;
    for (const auto& row : scan(request).rows)
      keys.push_back(row.key);
    return keys;
  }
};

using names = std::vector<std::string>;

scan_request everything() {
  scan_request request;
  request.items_max = 1000;
  request.bytes_max = std::size_t{16} << 20;
  return request;
}

scan_request with_prefix(std::string prefix) {
  auto request = everything();
  request.prefix = std::move(prefix);
  return request;
}

scan_request between(std::string start, std::string end) {
  auto request = everything();
  request.start = std::move(start);
  request.end = std::move(end);
  return request;
}

} // namespace

TEST_CASE_METHOD(any_machine, "a scan yields rows in the order of their bytes") {
  put_all({"b", "\xc3\xa9", "a", "Z", "ab", "\xf0\x9f\x8c\xa8", "\xe2\x98\x83", "a b"});
  CHECK(keys_of(everything())
        == names{"Z", "a", "a b", "ab", "b", "\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x8c\xa8"});
  CHECK(scan(everything()).is_last);
}

TEST_CASE_METHOD(any_machine, "a scan is bounded by prefix, start and end") {
  put_all({"a", "aa", "ab", "abc", "ac", "b"});
  CHECK(keys_of(with_prefix("ab")) == names{"ab", "abc"});
  CHECK(keys_of(with_prefix("x")).empty());
  CHECK(keys_of(between("ab", "ac")) == names{"ab", "abc"});
  CHECK(keys_of(between("ab", "")) == names{"ab", "abc", "ac", "b"});
  CHECK(keys_of(between("", "ab")) == names{"a", "aa"});
  CHECK(keys_of(between("b", "a")).empty());
  auto both = between("aa", "abb");
  both.prefix = "a";
  CHECK(keys_of(both) == names{"aa", "ab"});
}

TEST_CASE_METHOD(any_machine, "a prefix that ends at the last code point finds its rows") {
  std::string last = "\xf4\x8f\xbf\xbf";
  put_all({"a", last, last + "a"});
  CHECK(keys_of(with_prefix(last)) == names{last, last + "a"});
}

TEST_CASE_METHOD(any_machine, "a scan goes on after the cursor") {
  put_all({"a", "b", "c"});
  auto request = everything();
  request.after = "a";
  CHECK(keys_of(request) == names{"b", "c"});
  request.after = "ab";
  CHECK(keys_of(request) == names{"b", "c"});
  request.after = "c";
  CHECK(keys_of(request).empty());
  request.after = "a";
  request.start = "c";
  CHECK(keys_of(request) == names{"c"});
}

TEST_CASE_METHOD(any_machine, "pages of a scan join to the whole") {
  names expected;
  for (int i = 0; i < 100; ++i)
    expected.push_back("key " + std::to_string(1000 + i));
  put_all(expected);
  names found;
  auto request = everything();
  request.items_max = 7;
  for (bool is_last = false; !is_last;) {
    auto page = scan(request);
    REQUIRE(page.rows.size() <= 7);
    for (const auto& row : page.rows)
      found.push_back(row.key);
    is_last = page.is_last;
    request.after = found.back();
  }
  CHECK(found == expected);
}

TEST_CASE_METHOD(any_machine, "a page is the last exactly when nothing follows") {
  put_all({"a", "b"});
  auto request = everything();
  request.items_max = 2;
  CHECK(scan(request).is_last);
  request.items_max = 1;
  CHECK_FALSE(scan(request).is_last);
}

TEST_CASE_METHOD(any_machine, "a page ends before its bytes pass the bound, but is never empty") {
  for (const char* key : {"a", "b", "c"})
    put(key, std::string(99, 'v'));
  auto request = everything();
  request.bytes_max = 200;
  CHECK(keys_of(request) == names{"a", "b"});
  CHECK_FALSE(scan(request).is_last);
  request.bytes_max = 1;
  CHECK(keys_of(request) == names{"a"});
}

TEST_CASE_METHOD(any_machine, "a scan of keys leaves the values out") {
  put("a", "1");
  auto request = everything();
  request.keys_only = true;
  auto page = scan(request);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0] == row{"a", "", revision{1}, revision{1}, 1});
}

TEST_CASE_METHOD(any_machine, "long keys that begin alike stand in order and come and go") {
  std::string stem(499, 's');
  std::string twice(999, 's');
  names expected{"a",        stem,  stem + "s",  stem + "sa",  stem + "sb",
                 stem + "t", twice, twice + "s", twice + "sx", "t"};
  std::sort(expected.begin(), expected.end());
  put_all({expected.rbegin(), expected.rend()});
  CHECK(keys_of(everything()) == expected);
  CHECK(keys_of(with_prefix(stem + "s")).size() == 6);
  CHECK(keys_of(with_prefix(twice)) == names{twice, twice + "s", twice + "sx"});
  CHECK(keys_of(between(stem + "sb", "t")).front() != stem + "sa");
  CHECK(get(twice + "s").key == twice + "s");
  for (const auto& key : expected) {
    CHECK(std::get<command_done>(remove(key)).rows_deleted == 1);
    CHECK_FALSE(has(key));
  }
  CHECK(keys_of(everything()).empty());
  put_all({twice});
  CHECK(keys_of(everything()) == names{twice});
  verified_digest();
}

TEST_CASE_METHOD(any_machine, "many keys are answered from one snapshot, in the order asked") {
  put_all({"a", "b"});
  auto results = reader().get_many({"b", "absent", "a"});
  REQUIRE(results);
  REQUIRE(results->size() == 3);
  CHECK((*results)[0].found->key == "b");
  CHECK_FALSE((*results)[1].found);
  CHECK((*results)[2].found->key == "a");
  for (const auto& each : *results)
    CHECK(each.at == raft::log_index{2});
}

TEST_CASE_METHOD(any_machine, "a read says which index it stands at") {
  auto nothing = reader().get("a");
  REQUIRE(nothing);
  CHECK(nothing->at == raft::log_index{0});
  put("a", "1");
  apply_one(source.no_op());
  CHECK(reader().get("a")->at == raft::log_index{2});
  CHECK(scan(everything()).at == raft::log_index{2});
}

TEST_CASE_METHOD(any_machine, "readers beside a writer see whole batches only", "[INV-54]") {
  constexpr std::uint64_t batches = 200;
  std::atomic<bool> is_over{false};
  std::atomic<int> torn{0};
  std::atomic<int> failed{0};
  std::atomic<std::uint64_t> reads{0};
  auto read = [&] {
    auto own = machine().open_reader();
    if (!own) {
      ++failed;
      return;
    }
    while (!is_over) {
      auto pair = (*own)->get_many({"x", "y"});
      auto page = (*own)->scan(everything());
      if (!pair || !page) {
        ++failed;
        return;
      }
      auto value = [](const get_result& each) { return each.found ? each.found->value : ""; };
      auto at = (*pair)[0].at.value;
      // Each batch sets both to its number, in two entries.
      if (value((*pair)[0]) != value((*pair)[1]) || at % 2 != 0
          || (at != 0 && value((*pair)[0]) != std::to_string(at / 2)))
        ++torn;
      if (page->rows.size() == 2 && page->rows[0].value != page->rows[1].value)
        ++torn;
      ++reads;
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (std::uint64_t batch = 1; batch <= batches || reads < 100; ++batch) {
    auto number = std::to_string(batch);
    REQUIRE(apply({source.set("x", number), source.set("y", number)}));
    if (failed > 0)
      break;
  }
  is_over = true;
  first.join();
  second.join();
  CHECK(torn == 0);
  CHECK(failed == 0);
}
