// SPDX-License-Identifier: Apache-2.0
#include "storage/log_codec.hpp"

#include "base/check.hpp"
#include "base/limits.hpp"
#include "storage/sealed_record.hpp"

namespace storage::log_codec {

using base::errc;

void put_id(base::bytes& out, const raft::entry_id& id) {
  base::put_little(out, id.index.value);
  base::put_little(out, id.term.value);
}

raft::entry_id take_id(base::byte_reader& in) {
  raft::log_index index{in.little<std::uint64_t>()};
  return {index, raft::term{in.little<std::uint64_t>()}};
}

base::bytes encode_key(raft::log_index index) {
  base::bytes key;
  base::put_big(key, index.value);
  return key;
}

base::result<raft::log_index> decode_key(base::byte_view key) {
  base::byte_reader in(key);
  raft::log_index index{in.big<std::uint64_t>()};
  if (!in.at_end())
    return base::fail(errc::corrupt, "a key of " + std::to_string(key.size()) + " bytes");
  return index;
}

base::bytes encode_entry(const raft::entry& what, const base::uuid& log_uuid) {
  BASE_CHECK(what.payload.size() <= base::limits::persist_bytes_max,
             "a payload fits its length field and the batch");
  base::bytes record;
  record.reserve(entry_overhead_bytes + what.payload.size());
  base::put_little(record, record_format);
  base::put_little(record, static_cast<std::uint8_t>(what.kind));
  base::put_little(record, std::uint16_t{0});
  base::put_little(record, static_cast<std::uint32_t>(what.payload.size()));
  put_id(record, what.id);
  base::put_little(record, what.leader_time_ms);
  what.trace.append_to(record);
  base::put_little(record, what.client_id);
  base::put_little(record, what.sequence);
  what.chain.append_to(record);
  record += what.payload.bytes();
  seal_record(record, log_uuid);
  return record;
}

base::result<raft::entry> decode_entry(base::byte_view record, raft::log_index expected,
                                       const base::uuid& log_uuid) {
  // The map may change under a reader of a damaged file: look only at a copy.
  const base::bytes copy(record);
  auto body = unseal_record(copy, log_uuid);
  if (!body)
    return base::fail(body.error());
  base::byte_reader in(*body);
  raft::entry what;
  what.kind = static_cast<raft::entry_kind>(in.little<std::uint8_t>());
  auto reserved = in.little<std::uint16_t>();
  auto payload_bytes = in.little<std::uint32_t>();
  what.id = take_id(in);
  what.leader_time_ms = in.little<std::uint64_t>();
  what.trace = base::uuid::read_from(in);
  what.client_id = in.little<std::uint64_t>();
  what.sequence = in.little<std::uint64_t>();
  what.chain = base::hash128::read_from(in);
  auto payload = in.take(payload_bytes);
  if (!in.at_end() || reserved != 0)
    return base::fail(errc::corrupt, "the record is not one entry");
  if (what.id.index != expected)
    return base::fail(errc::corrupt,
                      "the record says it is entry " + std::to_string(what.id.index.value));
  what.payload = raft::payload(std::string(payload));
  return what;
}

base::result<entry_head> peek_entry(base::byte_view record) {
  if (record.size() < entry_overhead_bytes)
    return base::fail(errc::corrupt, "a record of " + std::to_string(record.size()) + " bytes");
  const base::bytes head(record.substr(1, entry_overhead_bytes - record_envelope_bytes));
  base::byte_reader in(head);
  auto kind = static_cast<raft::entry_kind>(in.little<std::uint8_t>());
  in.take(sizeof(std::uint16_t) + sizeof(std::uint32_t)); // reserved, length
  return entry_head{take_id(in), kind};
}

} // namespace storage::log_codec
