// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "raft/messages.hpp"
#include "transport/frame.hpp"

/// The bodies of Raft's messages. No other message can be expressed: a peer reaches the
/// core and nothing else of the node. Pure.
namespace transport {

/// Which frame carries it.
frame_type type_of(const raft::message& body);

/// Whether the type is one of Raft's messages.
bool is_message(frame_type type);

/// The whole frame.
base::bytes encode_message(const raft::message& body, std::uint8_t version, const identity& sender);

/// The message of a body of that type: what `encode_message` was given, the payloads'
/// hashes computed anew. Never throws but for lack of memory; allocates at most a small
/// multiple of `body`. Errors: `corrupt`, naming the type and what is wrong with it; also
/// for bytes left over (INV-131).
base::result<raft::message> decode_message(frame_type type, base::byte_view body);

/// The type's name in snake case; its number when it is unknown.
std::string to_string(frame_type type);

} // namespace transport
