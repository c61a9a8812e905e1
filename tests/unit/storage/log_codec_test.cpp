// SPDX-License-Identifier: Apache-2.0
#include "storage/log_codec.hpp"

#include "storage/log_mark_codec.hpp"
#include "storage/sealed_record.hpp"
#include "tests/support/catch.hpp"

namespace {

using base::errc;
using namespace storage;

const base::uuid log_uuid = base::uuid_from_name("this log");
const base::uuid other_uuid = base::uuid_from_name("another log");

raft::entry sample_entry() {
  raft::entry one;
  one.id = {raft::log_index{7}, raft::term{3}};
  one.kind = raft::entry_kind::command;
  one.leader_time_ms = 1700000000123;
  one.trace = base::uuid_from_name("trace");
  one.client_id = 8;
  one.sequence = 9;
  one.payload = raft::payload(std::string("pay\0load", 8));
  one.chain = {0x1122334455667788, 0x99aabbccddeeff00};
  return one;
}

base::result<raft::entry> decode(const base::bytes& record) {
  return log_codec::decode_entry(record, raft::log_index{7}, log_uuid);
}

raft::snapshot_point sample_point() {
  raft::snapshot_point point;
  point.id = {raft::log_index{41}, raft::term{5}};
  point.chain = base::hash_of("chain");
  point.membership.voters.push_back(
      {raft::server_id{1}, base::uuid_from_name("life"), "raft:1", "http:1"});
  return point;
}

/// Every way to change one bit of a record.
template <class Judge>
void flip_every_bit(base::bytes record, Judge judge) {
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    auto mask = static_cast<char>(1 << (bit % 8));
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ mask);
    judge(record);
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ mask);
  }
}

} // namespace

TEST_CASE("Keys sort as their indexes do", "[log]") {
  CHECK(log_codec::encode_key(raft::log_index{255}) < log_codec::encode_key(raft::log_index{256}));
  auto largest = raft::log_index{~std::uint64_t{0}};
  CHECK(log_codec::decode_key(log_codec::encode_key(largest)) == largest);
  CHECK(log_codec::decode_key("1234567").error().code == errc::corrupt);
}

TEST_CASE("An entry survives its record", "[log]") {
  auto record = log_codec::encode_entry(sample_entry(), log_uuid);
  CHECK(record.size() == log_codec::entry_overhead_bytes + 8);
  CHECK(decode(record) == sample_entry());
  auto head = log_codec::peek_entry(record);
  REQUIRE(head);
  CHECK(head->id == sample_entry().id);
  CHECK(head->kind == raft::entry_kind::command);
}

TEST_CASE("The bytes of an entry are as documented", "[log]") {
  auto record = log_codec::encode_entry(sample_entry(), log_uuid);
  CHECK(base::to_hex(record.substr(0, 32))
        == "01020000080000000700000000000000030000000000000" + std::string("07b68e5cf8b010000"));
  CHECK(record.substr(80, 8) == std::string("pay\0load", 8));
}

TEST_CASE("No flipped bit of an entry goes unnoticed (INV-32)", "[log]") {
  flip_every_bit(log_codec::encode_entry(sample_entry(), log_uuid), [](const auto& record) {
    auto decoded = decode(record);
    REQUIRE_FALSE(decoded);
    REQUIRE(decoded.error().code == errc::corrupt);
  });
}

TEST_CASE("No prefix of an entry's record is an entry", "[log]") {
  auto record = log_codec::encode_entry(sample_entry(), log_uuid);
  for (std::size_t size = 0; size < record.size(); ++size)
    REQUIRE(decode(record.substr(0, size)).error().code == errc::corrupt);
}

TEST_CASE("An entry of another log is corrupt (INV-32)", "[log]") {
  auto record = log_codec::encode_entry(sample_entry(), other_uuid);
  CHECK(decode(record).error().code == errc::corrupt);
}

TEST_CASE("An entry in another's place is corrupt (INV-33)", "[log]") {
  auto record = log_codec::encode_entry(sample_entry(), log_uuid);
  auto decoded = log_codec::decode_entry(record, raft::log_index{8}, log_uuid);
  CHECK(decoded.error().code == errc::corrupt);
  CHECK(decoded.error().text == "the record says it is entry 7");
}

TEST_CASE("A record of a future format is incompatible, naming both versions", "[log]") {
  base::bytes record("\x02 whatever the future holds");
  seal_record(record, log_uuid);
  auto decoded = decode(record);
  CHECK(decoded.error().code == errc::incompatible);
  CHECK(decoded.error().text == "record format 2 found, this program knows 1");
}

TEST_CASE("Marks survive their records", "[log]") {
  storage::identity who{base::uuid_from_name("c"), raft::server_id{4}, base::uuid_from_name("i"),
                        log_uuid};
  CHECK(log_codec::decode_identity(log_codec::encode(who)) == who);
  raft::hard_state state{raft::term{1}, raft::server_id{2}, raft::log_index{3}};
  CHECK(log_codec::decode_hard_state(log_codec::encode(state)) == state);
  CHECK(log_codec::decode_snapshot_point(log_codec::encode(sample_point())) == sample_point());
  storage::pending_install pending{sample_point(), {{1, 2, 3, 4}}, "install-41-5.db"};
  CHECK(log_codec::decode_pending_install(log_codec::encode(pending)) == pending);
  auto marks = log_codec::decode_checkpoints(
      log_codec::encode(log_codec::checkpoint_marks{raft::log_index{9}, raft::log_index{8}}));
  CHECK(marks->started == raft::log_index{9});
  CHECK(marks->completed == raft::log_index{8});
}

TEST_CASE("A mark under another's name is corrupt (INV-31)", "[log]") {
  auto record = log_codec::seal("hard_state", "body", log_uuid);
  CHECK(log_codec::unseal("hard_state", record, log_uuid).value() == "body");
  CHECK(log_codec::unseal("checkpoints", record, log_uuid).error().code == errc::corrupt);
  CHECK(log_codec::unseal("hard_state", record, other_uuid).error().code == errc::corrupt);
}

TEST_CASE("No flipped bit of a mark goes unnoticed (INV-31)", "[log]") {
  auto body = log_codec::encode(raft::hard_state{});
  flip_every_bit(log_codec::seal("hard_state", body, log_uuid), [](const auto& record) {
    REQUIRE(log_codec::unseal("hard_state", record, log_uuid).error().code == errc::corrupt);
  });
}

TEST_CASE("A mark's body of the wrong length is corrupt", "[log]") {
  auto whole = log_codec::encode(storage::pending_install{sample_point(), {}, "file"});
  for (std::size_t size = 0; size < whole.size(); ++size)
    REQUIRE_FALSE(log_codec::decode_pending_install(whole.substr(0, size)));
  CHECK_FALSE(log_codec::decode_pending_install(whole + "x"));
  CHECK_FALSE(log_codec::decode_hard_state(log_codec::encode(raft::hard_state{}) + "x"));
}
