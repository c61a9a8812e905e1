// SPDX-License-Identifier: Apache-2.0
#include "raft/types.hpp"

#include "base/bytes.hpp"

namespace raft {

namespace {

// Every no_op shares one empty payload.
const std::shared_ptr<const std::string>& empty_bytes() {
  static const auto shared = std::make_shared<const std::string>();
  return shared;
}

const base::hash128& empty_hash() {
  static const auto hash = base::hash_of({});
  return hash;
}

} // namespace

payload::payload() : bytes_(empty_bytes()), hash_(empty_hash()) {}

payload::payload(std::string bytes)
  : bytes_(std::make_shared<const std::string>(std::move(bytes))), hash_(base::hash_of(*bytes_)) {}

chain_hash chain_seed(const base::uuid& cluster_id) {
  base::bytes input("aspen chain");
  cluster_id.append_to(input);
  return base::hash_of(input);
}

chain_hash next_chain(const chain_hash& previous, const entry_id& id, entry_kind kind,
                      const base::hash128& payload_hash) {
  base::bytes input;
  input.reserve(49);
  previous.append_to(input);
  base::put_big(input, id.index.value);
  base::put_big(input, id.term.value);
  base::put_big(input, static_cast<std::uint8_t>(kind));
  payload_hash.append_to(input);
  return base::hash_of(input);
}

} // namespace raft
