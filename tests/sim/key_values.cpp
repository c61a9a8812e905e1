// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/key_values.hpp"

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace sim {

raft::payload encode(const command& what) {
  base::bytes out;
  base::put_little(out, what.operation);
  base::put_little(out, what.key);
  base::put_little(out, static_cast<std::uint8_t>(what.is_conditional));
  base::put_little(out, what.value);
  base::put_little(out, what.expected);
  return raft::payload(std::move(out));
}

command decode(const raft::payload& bytes) {
  base::byte_reader in(bytes.bytes());
  command what;
  what.operation = in.little<std::uint64_t>();
  what.key = in.little<std::uint32_t>();
  what.is_conditional = in.little<std::uint8_t>() != 0;
  what.value = in.little<std::uint64_t>();
  what.expected = in.little<std::uint64_t>();
  BASE_CHECK(in.at_end() && what.key < keys_max, "a command arrives as it was made");
  return what;
}

std::uint64_t key_values::digest() const {
  std::uint64_t sum = last_applied_.index.value * 0x9e3779b97f4a7c15u ^ last_applied_.term.value;
  auto mix = [&sum](std::uint64_t number) {
    sum = (sum ^ number) * 0xff51afd7ed558ccdu;
    sum ^= sum >> 32;
  };
  for (const auto& each : cells_) {
    mix(each.value);
    mix(each.revision);
    mix(each.version);
  }
  mix(membership_digest_);
  return sum;
}

effect key_values::apply(const raft::entry& next) {
  auto outcome = take(next);
  if (next.id.index.value % digest_interval == 0)
    recorded_digest_ = raft::digest_point{next.id.index, 1, {digest(), 0, 0, 0}};
  return outcome;
}

effect key_values::take(const raft::entry& next) {
  BASE_CHECK(next.id.index == last_applied_.index.next(), "INV-51: entries are applied in order");
  BASE_CHECK(next.id.term >= last_applied_.term
                 && next.chain == raft::next_chain(chain_, next.id, next.kind, next.payload.hash()),
             "INV-52: an applied entry continues the state's chain");
  last_applied_ = next.id;
  chain_ = next.chain;
  if (next.kind == raft::entry_kind::membership) {
    raft::membership members;
    BASE_CHECK(raft::decode(next.payload.bytes(), members), "a membership arrives whole");
    take_membership(std::move(members));
  }
  if (next.kind != raft::entry_kind::command)
    return {};
  auto what = decode(next.payload);
  auto& held = cells_[what.key];
  effect outcome{what.operation, !what.is_conditional || held.value == what.expected, held.value};
  if (outcome.is_done)
    held = {what.value, next.id.index.value, held.version + 1};
  return outcome;
}

void key_values::take_membership(raft::membership members) {
  membership_ = std::move(members);
  membership_digest_ = 14695981039346656037u; // FNV-1a
  for (unsigned char each : raft::encode(membership_))
    membership_digest_ = (membership_digest_ ^ each) * 1099511628211u;
}

void key_values::pretend_applied(const raft::entry_id& last, const raft::chain_hash& chain) {
  last_applied_ = last;
  chain_ = chain;
}

} // namespace sim
