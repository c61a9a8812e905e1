// SPDX-License-Identifier: Apache-2.0
#include "storage/state_codec.hpp"

#include <charconv>

#include "base/hash.hpp"
#include "storage/digest.hpp"
#include "storage/digest_text.hpp"

namespace storage {

namespace {

constexpr std::string_view cluster_id_key = "cluster_id";
constexpr std::string_view chain_key = "chain";
constexpr std::string_view membership_key = "membership";
constexpr std::string_view digest_key = "digest";
constexpr std::string_view digest_version_key = "digest_version";
constexpr std::string_view recorded_digest_key = "recorded_digest";
constexpr std::string_view outvoted_key = "outvoted";
constexpr std::string_view server_id_key = "server_id";
constexpr std::string_view incarnation_key = "incarnation";
constexpr std::string_view log_uuid_key = "log_uuid";
constexpr std::string_view log_write_counter_key = "log_write_counter";
constexpr std::string_view log_committed_key = "log_committed";
constexpr std::string_view wal_restarts_key = "wal_restarts";

constexpr std::uint64_t seal_seed = 0x617370656e2d7365; // "aspen-se"

void set(value_table& values, std::string_view key, std::string value) {
  values.insert_or_assign(std::string(key), std::move(value));
}

std::string seal_of(const value_table& values) {
  base::bytes input;
  for (const auto& [key, value] : values) {
    if (key == seal_key)
      continue;
    base::put_little(input, static_cast<std::uint32_t>(key.size()));
    input += key;
    base::put_little(input, static_cast<std::uint32_t>(value.size()));
    input += value;
  }
  return base::to_hex(base::hash_of(input, seal_seed));
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<base::bytes> bytes_from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  base::bytes bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned octet = 0;
    auto [end, failure] = std::from_chars(text.data() + at, text.data() + at + 2, octet, 16);
    if (failure != std::errc{} || end != text.data() + at + 2)
      return std::nullopt;
    bytes.push_back(static_cast<char>(octet));
  }
  return bytes;
}

std::optional<raft::membership> membership_from_hex(std::string_view text) {
  auto bytes = bytes_from_hex(text);
  raft::membership members;
  if (!bytes || !raft::decode(*bytes, members))
    return std::nullopt;
  return members;
}

/// Reads named values one after the other and remembers the first that failed.
class value_reader {
public:
  explicit value_reader(const value_table& values) : values_(values) {}

  template <class Parse>
  auto read(std::string_view key, Parse parse) {
    using value_type = typename decltype(parse(std::string_view{}))::value_type;
    auto found = values_.find(key);
    if (found == values_.end()) {
      fail(std::string(key) + " is missing");
      return value_type{};
    }
    auto parsed = parse(std::string_view(found->second));
    if (!parsed)
      fail(std::string(key) + " cannot be read: \"" + found->second.substr(0, 200) + "\"");
    return parsed.value_or(value_type{});
  }

  const std::optional<std::string>& problem() const { return problem_; }

  /// A value that need not be there.
  template <class Parse>
  auto read_optional(std::string_view key, Parse parse) {
    return values_.contains(key) ? std::optional(read(key, parse)) : std::nullopt;
  }

private:
  void fail(std::string what) {
    if (!problem_)
      problem_ = std::move(what);
  }

  const value_table& values_;
  std::optional<std::string> problem_;
};

} // namespace

value_table to_values(const base::uuid& cluster_id, const state_meta& meta) {
  value_table values;
  set(values, cluster_id_key, to_string(cluster_id));
  set(values, last_applied_key, last_applied_text(meta.last_applied));
  set(values, chain_key, base::to_hex(meta.chain));
  set(values, membership_key, base::to_hex(base::byte_view(raft::encode(meta.membership))));
  set(values, digest_key, to_hex(meta.digest));
  set(values, digest_version_key, std::to_string(digest_version));
  if (meta.recorded_digest)
    set(values, recorded_digest_key, to_text(*meta.recorded_digest));
  set(values, seal_key, seal_of(values));
  return values;
}

value_table to_values(const identity& identity, const log_watermark& watermark,
                      std::uint64_t wal_restarts,
                      const std::optional<raft::state_outvote>& outvoted) {
  value_table values;
  set(values, server_id_key, std::to_string(identity.server.value));
  set(values, incarnation_key, to_string(identity.incarnation));
  set(values, log_uuid_key, to_string(identity.log_uuid));
  set(values, log_write_counter_key, std::to_string(watermark.write_counter));
  set(values, log_committed_key, std::to_string(watermark.committed.value));
  set(values, wal_restarts_key, std::to_string(wal_restarts));
  if (outvoted)
    set(values, outvoted_key, to_text(*outvoted));
  set(values, seal_key, seal_of(values));
  return values;
}

bool is_sealed(const value_table& values) {
  auto seal = values.find(seal_key);
  return seal != values.end() && seal->second == seal_of(values);
}

base::result<replicated_values> replicated_from(const value_table& values) {
  value_reader reader(values);
  auto version = reader.read(digest_version_key, number_from);
  if (!reader.problem() && version != digest_version)
    return base::fail(base::errc::incompatible,
                      "the state's digest has version " + std::to_string(version)
                          + ", this program computes version " + std::to_string(digest_version));
  replicated_values out;
  out.cluster_id = reader.read(cluster_id_key, base::uuid_from_string);
  out.meta.last_applied = reader.read(last_applied_key, last_applied_from);
  out.meta.chain = reader.read(chain_key, base::hash128_from_hex);
  out.meta.membership = reader.read(membership_key, membership_from_hex);
  out.meta.digest = reader.read(digest_key, digest_from_hex);
  out.meta.recorded_digest = reader.read_optional(recorded_digest_key, digest_point_from_text);
  if (reader.problem())
    return base::fail(base::errc::corrupt, "state_machine_meta: " + *reader.problem());
  return out;
}

base::result<local_values> local_from(const value_table& values) {
  value_reader reader(values);
  local_values out;
  out.identity.server = raft::server_id{reader.read(server_id_key, number_from)};
  out.identity.incarnation = reader.read(incarnation_key, base::uuid_from_string);
  out.identity.log_uuid = reader.read(log_uuid_key, base::uuid_from_string);
  out.watermark.write_counter = reader.read(log_write_counter_key, number_from);
  out.watermark.committed = raft::log_index{reader.read(log_committed_key, number_from)};
  out.wal_restarts = reader.read(wal_restarts_key, number_from);
  out.outvoted = reader.read_optional(outvoted_key, outvote_from_text);
  if (reader.problem())
    return base::fail(base::errc::corrupt, "node_local: " + *reader.problem());
  return out;
}

std::string last_applied_text(const raft::entry_id& id) {
  return "{\"term\":" + std::to_string(id.term.value)
         + ",\"index\":" + std::to_string(id.index.value) + "}";
}

std::optional<raft::entry_id> last_applied_from(std::string_view text) {
  constexpr std::string_view before_term = "{\"term\":";
  constexpr std::string_view before_index = ",\"index\":";
  auto comma = text.find(',');
  if (!text.starts_with(before_term) || comma == text.npos || !text.ends_with('}')
      || !text.substr(comma).starts_with(before_index))
    return std::nullopt;
  auto term = number_from(text.substr(before_term.size(), comma - before_term.size()));
  auto index_text = text.substr(comma + before_index.size());
  auto index = number_from(index_text.substr(0, index_text.size() - 1));
  if (!term || !index)
    return std::nullopt;
  return raft::entry_id{raft::log_index{*index}, raft::term{*term}};
}

} // namespace storage
