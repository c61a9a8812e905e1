// SPDX-License-Identifier: Apache-2.0
#include "storage/log_mark_codec.hpp"

#include "storage/log_codec.hpp"
#include "storage/sealed_record.hpp"

namespace storage::log_codec {

using base::errc;

namespace {

template <class Value>
base::result<Value> whole(const base::byte_reader& in, Value value, const char* what) {
  if (!in.at_end())
    return base::fail(errc::corrupt, std::string("the record is not one ") + what);
  return value;
}

void put_sized(base::bytes& out, base::byte_view content) {
  base::put_little(out, static_cast<std::uint32_t>(content.size()));
  out += content;
}

base::byte_view take_sized(base::byte_reader& in) {
  return in.take(in.little<std::uint32_t>());
}

void put_point(base::bytes& out, const raft::snapshot_point& point) {
  put_id(out, point.id);
  point.chain.append_to(out);
  put_sized(out, raft::encode(point.membership));
}

/// False when the membership within does not decode.
bool take_point(base::byte_reader& in, raft::snapshot_point& point) {
  point.id = take_id(in);
  point.chain = base::hash128::read_from(in);
  return raft::decode(take_sized(in), point.membership);
}

} // namespace

base::bytes seal(std::string_view name, base::byte_view body, const base::uuid& log_uuid) {
  base::bytes record;
  base::put_little(record, record_format);
  record += body;
  seal_record(record, log_uuid, name);
  return record;
}

base::result<base::byte_view> unseal(std::string_view name, base::byte_view record,
                                     const base::uuid& log_uuid) {
  auto body = unseal_record(record, log_uuid, name);
  if (!body)
    return base::fail(body.error().within("mark " + std::string(name)));
  return body;
}

base::bytes encode(std::uint64_t number) {
  base::bytes out;
  base::put_little(out, number);
  return out;
}

base::result<std::uint64_t> decode_number(base::byte_view body) {
  base::byte_reader in(body);
  auto number = in.little<std::uint64_t>();
  return whole(in, number, "number");
}

base::bytes encode(const storage::identity& who) {
  base::bytes out;
  who.cluster_id.append_to(out);
  base::put_little(out, who.server.value);
  who.incarnation.append_to(out);
  who.log_uuid.append_to(out);
  return out;
}

base::result<storage::identity> decode_identity(base::byte_view body) {
  base::byte_reader in(body);
  storage::identity who;
  who.cluster_id = base::uuid::read_from(in);
  who.server = raft::server_id{in.little<std::uint64_t>()};
  who.incarnation = base::uuid::read_from(in);
  who.log_uuid = base::uuid::read_from(in);
  return whole(in, who, "identity");
}

base::bytes encode(const raft::hard_state& state) {
  base::bytes out;
  base::put_little(out, state.current_term.value);
  base::put_little(out, state.voted_for.value);
  base::put_little(out, state.commit_index.value);
  return out;
}

base::result<raft::hard_state> decode_hard_state(base::byte_view body) {
  base::byte_reader in(body);
  raft::hard_state state;
  state.current_term = raft::term{in.little<std::uint64_t>()};
  state.voted_for = raft::server_id{in.little<std::uint64_t>()};
  state.commit_index = raft::log_index{in.little<std::uint64_t>()};
  return whole(in, state, "hard state");
}

base::bytes encode(const raft::snapshot_point& point) {
  base::bytes out;
  put_point(out, point);
  return out;
}

base::result<raft::snapshot_point> decode_snapshot_point(base::byte_view body) {
  base::byte_reader in(body);
  raft::snapshot_point point;
  if (!take_point(in, point))
    return base::fail(errc::corrupt, "the record is not one snapshot point");
  return whole(in, std::move(point), "snapshot point");
}

base::bytes encode(const checkpoint_marks& marks) {
  base::bytes out;
  base::put_little(out, marks.started.value);
  base::put_little(out, marks.completed.value);
  return out;
}

base::result<checkpoint_marks> decode_checkpoints(base::byte_view body) {
  base::byte_reader in(body);
  checkpoint_marks marks;
  marks.started = raft::log_index{in.little<std::uint64_t>()};
  marks.completed = raft::log_index{in.little<std::uint64_t>()};
  return whole(in, marks, "pair of checkpoint marks");
}

base::bytes encode(const storage::pending_install& pending) {
  base::bytes out;
  put_point(out, pending.point);
  for (auto lane : pending.digest.lanes)
    base::put_little(out, lane);
  put_sized(out, pending.file);
  return out;
}

base::result<storage::pending_install> decode_pending_install(base::byte_view body) {
  base::byte_reader in(body);
  storage::pending_install pending;
  bool has_point = take_point(in, pending.point);
  for (auto& lane : pending.digest.lanes)
    lane = in.little<std::uint64_t>();
  pending.file = take_sized(in);
  if (!has_point)
    return base::fail(errc::corrupt, "the record is not one pending install");
  return whole(in, std::move(pending), "pending install");
}

} // namespace storage::log_codec
