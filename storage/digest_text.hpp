// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "raft/types.hpp"

/// Digests at an index as text, in the state machine's own tables and for people.
namespace storage {

/// `{"index":4096,"version":1,"digest":"…"}`, exactly; the digest as in `to_hex`.
std::string to_text(const raft::digest_point& point);
/// Nothing for any other form.
std::optional<raft::digest_point> digest_point_from_text(std::string_view text);

/// `{"index":4096,"version":1,"digest":"…","majority":"…"}`, exactly.
std::string to_text(const raft::state_outvote& what);
/// Nothing for any other form.
std::optional<raft::state_outvote> outvote_from_text(std::string_view text);

/// 64 lower-case hexadecimal digits.
std::string digest_hex(const raft::digest_point& point);

/// The sentence for the operator, with the index and both digests.
std::string text_of(const raft::state_outvote& what);

} // namespace storage
