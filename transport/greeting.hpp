// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "transport/frame.hpp"
#include "transport/refusal.hpp"

/// The handshake: the side that dialled says `hello`, the other answers `welcome` or
/// `refused`. Who speaks stands in the frame's header. Later versions may append fields;
/// what is here is read by all. Pure.
namespace transport {

enum class purpose : std::uint8_t { messages = 0, snapshot = 1 };

/// Dialler → listener.
struct hello {
  transport::purpose purpose = transport::purpose::messages;
  std::uint8_t version_min = protocol_version_min;
  std::uint8_t version_max = protocol_version_max;
  raft::server_id to;               ///< whom the dialler looks for
  raft::incarnation to_incarnation; ///< nil: any
  raft::log_index membership_index; ///< of the newest membership the dialler knows
  std::string program_version;
  std::string http_addr; ///< where the dialler serves clients
};

/// Listener → dialler.
struct welcome {
  std::uint8_t version = 0; ///< spoken from here on
  raft::log_index membership_index;
  std::string program_version;
  std::string http_addr;
};

/// Either → other: why nothing comes of it; the sender closes.
base::bytes encode_refusal(const refusal& why, const identity& sender);
base::bytes encode_hello(const hello& body, const identity& sender);
base::bytes encode_welcome(const welcome& body, const identity& sender);

/// Errors: `corrupt` with what is wrong. Texts are cut to their bounds.
base::result<hello> decode_hello(base::byte_view body);
base::result<welcome> decode_welcome(base::byte_view body);
base::result<refusal> decode_refusal(base::byte_view body);

} // namespace transport
