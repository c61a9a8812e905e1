// SPDX-License-Identifier: Apache-2.0
#include "storage/digest.hpp"

#include "base/hash.hpp"

namespace storage {

namespace {

// Fixed for good: part of the format, version 1.
constexpr std::uint64_t first_seed = 0x617370656e2d7231;  // "aspen-r1"
constexpr std::uint64_t second_seed = 0x617370656e2d7232; // "aspen-r2"

} // namespace

state_digest row_digest(std::string_view key, const row_mark& mark, base::byte_view value) {
  // Reused, because this runs once for every row that is written or read.
  thread_local base::bytes input;
  input.clear();
  base::put_little(input, static_cast<std::uint32_t>(key.size()));
  input.append(key);
  base::put_little(input, mark.create_revision.value);
  base::put_little(input, mark.mod_revision.value);
  base::put_little(input, mark.version);
  input.append(value);
  auto first = base::hash_of(input, first_seed);
  auto second = base::hash_of(input, second_seed);
  return {{first.high, first.low, second.high, second.low}};
}

void add(state_digest& sum, const state_digest& row) {
  for (std::size_t lane = 0; lane < sum.lanes.size(); ++lane)
    sum.lanes[lane] += row.lanes[lane];
}

void subtract(state_digest& sum, const state_digest& row) {
  for (std::size_t lane = 0; lane < sum.lanes.size(); ++lane)
    sum.lanes[lane] -= row.lanes[lane];
}

base::bytes to_bytes(const state_digest& digest) {
  base::bytes bytes;
  for (auto lane : digest.lanes)
    base::put_big(bytes, lane);
  return bytes;
}

std::optional<state_digest> digest_from_bytes(base::byte_view bytes) {
  base::byte_reader reader(bytes);
  state_digest digest;
  for (auto& lane : digest.lanes)
    lane = reader.big<std::uint64_t>();
  if (!reader.at_end())
    return std::nullopt;
  return digest;
}

std::string to_hex(const state_digest& digest) {
  return base::to_hex(base::byte_view(to_bytes(digest)));
}

std::optional<state_digest> digest_from_hex(std::string_view text) {
  if (text.size() != 2 * digest_bytes)
    return std::nullopt;
  auto front = base::hash128_from_hex(text.substr(0, digest_bytes));
  auto back = base::hash128_from_hex(text.substr(digest_bytes));
  if (!front || !back)
    return std::nullopt;
  return state_digest{{front->high, front->low, back->high, back->low}};
}

} // namespace storage
