// SPDX-License-Identifier: Apache-2.0
// The digest and the sealed values: forms on disk that must never change by themselves.
#include "storage/state_codec.hpp"

#include "storage/digest.hpp"
#include "storage/digest_text.hpp"
#include "storage/key_range.hpp"
#include "storage/recorded_state.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace storage;

state_meta some_meta() {
  state_meta meta;
  meta.last_applied = {raft::log_index{105}, raft::term{3}};
  meta.chain = {1, 2};
  meta.digest = row_digest("k", {revision{1}, revision{2}, 2}, "v");
  meta.membership.voters = {{raft::server_id{1}, base::uuid_from_name("a"), "a:1", "a:2"}};
  return meta;
}

identity some_identity() {
  return {base::uuid_from_name("cluster"), raft::server_id{1}, base::uuid_from_name("life"),
          base::uuid_from_name("log")};
}

} // namespace

TEST_CASE("the digest of a row is what version 1 says") {
  CHECK(digest_version == 1);
  CHECK(to_hex(row_digest("key", {revision{1}, revision{2}, 3}, "value"))
        == "8c90a05eb84f13f15cab8ad73f2061d27b06d87126bf910bb441a09bb988b618");
  CHECK(to_hex(row_digest("", {}, ""))
        == "8f70caae036cc68f9d5498943251597663c469e586221e1b0385c4011912f880");
}

TEST_CASE("the digest of a row depends on each of its parts") {
  row_mark mark{revision{1}, revision{2}, 3};
  auto digest = row_digest("key", mark, "value");
  CHECK(row_digest("kez", mark, "value") != digest);
  CHECK(row_digest("key", mark, "valuf") != digest);
  CHECK(row_digest("keyv", mark, "alue") != digest);
  CHECK(row_digest("key", {revision{2}, revision{2}, 3}, "value") != digest);
  CHECK(row_digest("key", {revision{1}, revision{3}, 3}, "value") != digest);
  CHECK(row_digest("key", {revision{1}, revision{2}, 4}, "value") != digest);
}

TEST_CASE("digests add up in any order and come apart again") {
  auto a = row_digest("a", {}, "1");
  auto b = row_digest("b", {}, "2");
  state_digest left;
  add(left, a);
  add(left, b);
  state_digest right;
  add(right, b);
  add(right, a);
  CHECK(left == right);
  subtract(left, a);
  CHECK(left == b);
  subtract(left, b);
  CHECK(left == state_digest{});
}

TEST_CASE("a digest survives its forms, and no other length is one") {
  auto digest = row_digest("a", {}, "1");
  CHECK(digest_from_bytes(to_bytes(digest)) == digest);
  CHECK(digest_from_hex(to_hex(digest)) == digest);
  CHECK_FALSE(digest_from_bytes(to_bytes(digest) + "x"));
  CHECK_FALSE(digest_from_bytes(to_bytes(digest).substr(1)));
  CHECK_FALSE(digest_from_hex(to_hex(digest).substr(2)));
  CHECK_FALSE(digest_from_hex(std::string(64, 'x')));
}

TEST_CASE("last applied has one form as text") {
  raft::entry_id id{raft::log_index{105}, raft::term{3}};
  CHECK(last_applied_text(id) == R"({"term":3,"index":105})");
  CHECK(last_applied_from(R"({"term":3,"index":105})") == id);
  for (const char* other :
       {"", "{}", "105", R"({"index":105,"term":3})", R"({"term":3})", R"({"term":3,"index":105}x)",
        R"({"term":3,"index":})", R"({"term":-3,"index":105})", R"({"term":3,"index":105,"x":1})",
        R"({"term":99999999999999999999,"index":1})"}) {
    CAPTURE(other);
    CHECK_FALSE(last_applied_from(other));
  }
}

TEST_CASE("recorded values come back as they were, and sealed") {
  auto identity = some_identity();
  log_watermark watermark{9, raft::log_index{105}};
  auto recorded =
      recorded_from(to_values(identity.cluster_id, some_meta()), to_values(identity, watermark, 4));
  REQUIRE(recorded);
  CHECK(recorded->replicated.meta == some_meta());
  CHECK(recorded->identity() == identity);
  CHECK(recorded->local.watermark == watermark);
  CHECK(recorded->local.wal_restarts == 4);
  CHECK(check_seals(*recorded));
}

TEST_CASE("digests at an index come back as they were, and in that form alone") {
  raft::digest_point point{raft::log_index{8192}, 1, {1, 2, 3, 0xf}};
  CHECK(to_text(point)
        == "{\"index\":8192,\"version\":1,\"digest\":"
           "\"000000000000000100000000000000020000000000000003000000000000000f\"}");
  CHECK(digest_point_from_text(to_text(point)) == point);
  raft::state_outvote what{point, {raft::log_index{8192}, 1, {4, 5, 6, 7}}};
  CHECK(outvote_from_text(to_text(what)) == what);
  for (const std::string& text : {std::string(), to_text(what), to_text(point) + " ",
                                  to_text(point).substr(1), std::string("{\"index\":-1}")})
    CHECK_FALSE(digest_point_from_text(text));
  CHECK_FALSE(outvote_from_text(to_text(point)));
  auto meta = some_meta();
  meta.recorded_digest = point;
  auto recorded = recorded_from(to_values(base::uuid_from_name("cluster"), meta),
                                to_values(some_identity(), {}, 0, what));
  REQUIRE(recorded);
  CHECK(recorded->replicated.meta.recorded_digest == point);
  CHECK(recorded->local.outvoted == what);
  CHECK(check_seals(*recorded));
}

TEST_CASE("a change of any recorded value breaks its seal", "[INV-55]") {
  auto values = to_values(base::uuid_from_name("cluster"), some_meta());
  REQUIRE(is_sealed(values));
  for (const auto& [key, value] : values) {
    CAPTURE(key);
    auto changed = values;
    changed[key] += "0";
    CHECK_FALSE(is_sealed(changed));
    changed.erase(key);
    CHECK_FALSE(is_sealed(changed));
  }
  values["another"] = "";
  CHECK_FALSE(is_sealed(values));
}

TEST_CASE("a digest of another version is not read") {
  auto values = to_values(base::uuid_from_name("cluster"), some_meta());
  values["digest_version"] = "2";
  auto read = replicated_from(values);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == base::errc::incompatible);
  CHECK_THAT(read.error().text, matchers::ContainsSubstring("version 2"));
}

TEST_CASE("a scan's bounds come to one interval") {
  scan_request request;
  request.bytes_max = 1;
  CHECK_FALSE(range_of(request).high);
  request.prefix = "ab";
  CHECK(range_of(request).low == "ab");
  CHECK(range_of(request).high == "ac");
  request.start = "aba";
  CHECK(range_of(request).low == "aba");
  request.end = "abc";
  CHECK(range_of(request).high == "abc");
  request.end = "b";
  CHECK(range_of(request).high == "ac");
  request.after = "aa";
  CHECK_FALSE(range_of(request).low_is_excluded);
  request.after = "abb";
  CHECK(range_of(request).low == "abb");
  CHECK(range_of(request).low_is_excluded);
  request.after = "ac";
  CHECK(range_of(request).is_empty());
  request = {};
  request.prefix = "\xff\xff";
  CHECK_FALSE(range_of(request).high);
}
