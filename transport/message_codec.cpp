// SPDX-License-Identifier: Apache-2.0
#include "transport/message_codec.hpp"

#include <array>
#include <string>
#include <utility>

#include "transport/message_layout.hpp"

namespace transport {

namespace {

template <class Message>
constexpr frame_type type_v = wire::layout<Message>::type;

template <class Message>
bool decode_as(wire::reader& in, raft::message& out) {
  in.take(out.emplace<Message>());
  return true;
}

// Decodes into the alternative of that type; false when no message has it.
template <class... Each>
bool decode_into(std::variant<Each...>& out, frame_type type, wire::reader& in) {
  return ((type == type_v<Each> && decode_as<Each>(in, out)) || ...);
}

template <class... Each>
constexpr bool holds(frame_type type, const std::variant<Each...>*) {
  return ((type == type_v<Each>) || ...);
}

constexpr std::array names{
    std::pair{frame_type::hello, "hello"},
    std::pair{frame_type::welcome, "welcome"},
    std::pair{frame_type::refused, "refused"},
    std::pair{frame_type::ping, "ping"},
    std::pair{frame_type::pong, "pong"},
    std::pair{frame_type::request_vote, "request_vote"},
    std::pair{frame_type::request_vote_reply, "request_vote_reply"},
    std::pair{frame_type::append_entries, "append_entries"},
    std::pair{frame_type::append_entries_reply, "append_entries_reply"},
    std::pair{frame_type::timeout_now, "timeout_now"},
    std::pair{frame_type::forward_proposal, "forward_proposal"},
    std::pair{frame_type::forward_proposal_reply, "forward_proposal_reply"},
    std::pair{frame_type::read_index, "read_index"},
    std::pair{frame_type::read_index_reply, "read_index_reply"},
    std::pair{frame_type::state_outvoted, "state_outvoted"},
    std::pair{frame_type::entry_request, "entry_request"},
    std::pair{frame_type::entry_reply, "entry_reply"},
    std::pair{frame_type::stream_offered, "stream_offered"},
    std::pair{frame_type::stream_accepted, "stream_accepted"},
    std::pair{frame_type::stream_chunk, "stream_chunk"},
    std::pair{frame_type::stream_progress, "stream_progress"},
    std::pair{frame_type::stream_end, "stream_end"},
    std::pair{frame_type::stream_complete, "stream_complete"},
    std::pair{frame_type::stream_given_up, "stream_given_up"},
};

} // namespace

frame_type type_of(const raft::message& body) {
  return std::visit([](const auto& each) { return type_v<std::decay_t<decltype(each)>>; }, body);
}

bool is_message(frame_type type) {
  return holds(type, static_cast<const raft::message*>(nullptr));
}

base::bytes encode_message(const raft::message& body, std::uint8_t version,
                           const identity& sender) {
  auto frame = begin_frame();
  std::visit([&](const auto& each) { wire::writer(frame).put(each); }, body);
  finish_frame(frame, type_of(body), version, sender);
  return frame;
}

base::result<raft::message> decode_message(frame_type type, base::byte_view body) {
  raft::message out;
  wire::reader in(body);
  if (!decode_into(out, type, in))
    return base::fail(base::errc::corrupt, to_string(type) + " is no message of Raft's");
  if (in.ok() && !in.at_end())
    in.refuse("bytes are left over");
  if (!in.ok())
    return base::fail(base::errc::corrupt,
                      to_string(type) + " cannot be read: " + std::string(in.refusal()));
  return out;
}

std::string to_string(frame_type type) {
  for (const auto& [known, name] : names)
    if (known == type)
      return name;
  return "frame type " + std::to_string(static_cast<unsigned>(type));
}

} // namespace transport
