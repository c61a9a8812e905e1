// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "raft/types.hpp"
#include "storage/state_inspection.hpp"

/// What stands in the stores, as text and as JSON. Pure.
namespace debug_storage {

std::string_view to_string(raft::entry_kind kind);
/// RFC 3339 in UTC, with milliseconds; `-` for zero.
std::string time_text(std::uint64_t unix_ms);

/// `{"index", "term"}`.
nlohmann::ordered_json to_json(const raft::entry_id& id);
nlohmann::ordered_json to_json(const raft::membership& members);
nlohmann::ordered_json to_json(const raft::snapshot_point& point);
/// With its payload decoded: a command as `POST /v1/batch` takes it, a membership as above. What cannot be
/// decoded stands under `undecodable`.
nlohmann::ordered_json to_json(const raft::entry& entry);
/// `key`, `value` or `value_base64`, `create_revision`, `mod_revision`, `version`, `digest`, and
/// `is_sound: false` where the content does not match it.
nlohmann::ordered_json to_json(const storage::inspected_row& row);

/// What an entry does, on one line: `set photo (1200 bytes)`.
std::string summary_of(const raft::entry& entry);
/// `voters 1 2 3, learners 4`.
std::string summary_of(const raft::membership& members);
/// A key as it may stand in a line: cut at 60 characters, control characters replaced.
std::string key_text(std::string_view key);

/// `value` when it is UTF-8, else `value_base64`.
void put_value(nlohmann::ordered_json& into, base::byte_view value);

} // namespace debug_storage
