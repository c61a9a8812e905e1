// SPDX-License-Identifier: Apache-2.0
#include "transport/greeting.hpp"

#include <utility>

#include "transport/bounds.hpp"
#include "transport/wire_fields.hpp"

namespace transport {

namespace wire {

template <>
struct enum_max<purpose> {
  static constexpr std::uint8_t value = 1;
};
template <>
struct enum_max<refusal_reason> {
  // A newer program may have reasons of its own; the text tells them.
  static constexpr std::uint8_t value = 255;
};

template <>
struct layout<hello> {
  static constexpr auto fields = std::tuple{
      &hello::purpose,        &hello::version_min,      &hello::version_max,     &hello::to,
      &hello::to_incarnation, &hello::membership_index, &hello::program_version, &hello::http_addr};
};
template <>
struct layout<welcome> {
  static constexpr auto fields = std::tuple{&welcome::version, &welcome::membership_index,
                                            &welcome::program_version, &welcome::http_addr};
};
template <>
struct layout<refusal> {
  static constexpr auto fields = std::tuple{&refusal::reason, &refusal::text};
};

} // namespace wire

namespace {

template <class Body>
base::bytes encode(const Body& body, frame_type type, const identity& sender) {
  auto frame = begin_frame();
  wire::writer(frame).put(body);
  finish_frame(frame, type, greeting_version, sender);
  return frame;
}

// What is left over is a later version's.
template <class Body>
base::result<Body> decode(base::byte_view bytes, std::string_view name) {
  Body body;
  wire::reader in(bytes);
  in.take(body);
  if (!in.ok())
    return base::fail(base::errc::corrupt,
                      std::string(name) + " cannot be read: " + std::string(in.refusal()));
  return body;
}

void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    text.resize(bytes_max);
}

} // namespace

std::string to_string(refusal_reason reason) {
  switch (reason) {
  case refusal_reason::other: return "other";
  case refusal_reason::other_cluster: return "other_cluster";
  case refusal_reason::wrong_certificate: return "wrong_certificate";
  case refusal_reason::wrong_server: return "wrong_server";
  case refusal_reason::unknown_server: return "unknown_server";
  case refusal_reason::outdated_incarnation: return "outdated_incarnation";
  case refusal_reason::version_not_speakable: return "version_not_speakable";
  case refusal_reason::duplicate_link: return "duplicate_link";
  case refusal_reason::bad_frame: return "bad_frame";
  case refusal_reason::busy: return "busy";
  case refusal_reason::stopping: return "stopping";
  }
  return "refusal " + std::to_string(static_cast<unsigned>(reason));
}

base::bytes encode_refusal(const refusal& why, const identity& sender) {
  auto cut_to_bound = why;
  cut(cut_to_bound.text, bounds::reason_bytes_max);
  return encode(cut_to_bound, frame_type::refused, sender);
}

base::bytes encode_hello(const hello& body, const identity& sender) {
  auto cut_to_bound = body;
  cut(cut_to_bound.program_version, bounds::program_version_bytes_max);
  cut(cut_to_bound.http_addr, bounds::http_addr_bytes_max);
  return encode(cut_to_bound, frame_type::hello, sender);
}

base::bytes encode_welcome(const welcome& body, const identity& sender) {
  auto cut_to_bound = body;
  cut(cut_to_bound.program_version, bounds::program_version_bytes_max);
  cut(cut_to_bound.http_addr, bounds::http_addr_bytes_max);
  return encode(cut_to_bound, frame_type::welcome, sender);
}

base::result<hello> decode_hello(base::byte_view body) {
  auto got = decode<hello>(body, "hello");
  if (got) {
    cut(got->program_version, bounds::program_version_bytes_max);
    cut(got->http_addr, bounds::http_addr_bytes_max);
  }
  return got;
}

base::result<welcome> decode_welcome(base::byte_view body) {
  auto got = decode<welcome>(body, "welcome");
  if (got) {
    cut(got->program_version, bounds::program_version_bytes_max);
    cut(got->http_addr, bounds::http_addr_bytes_max);
  }
  return got;
}

base::result<refusal> decode_refusal(base::byte_view body) {
  auto got = decode<refusal>(body, "refused");
  if (got)
    cut(got->text, bounds::reason_bytes_max);
  return got;
}

} // namespace transport
