// SPDX-License-Identifier: Apache-2.0
#include "transport/stream_codec.hpp"

#include "transport/bounds.hpp"
#include "transport/message_codec.hpp"
#include "transport/wire_fields.hpp"

namespace transport {

namespace wire {

template <>
struct layout<stream_offer> {
  static constexpr auto fields =
      std::tuple{&stream_offer::term, &stream_offer::point, &stream_offer::size_bytes,
                 &stream_offer::file, &stream_offer::attributes};
};
template <>
struct layout<stream_accepted> {
  static constexpr auto fields = std::tuple{&stream_accepted::offset};
};
template <>
struct layout<stream_chunk> {
  static constexpr auto fields = std::tuple{&stream_chunk::offset, &stream_chunk::bytes};
};
template <>
struct layout<stream_progress> {
  static constexpr auto fields = std::tuple{&stream_progress::offset};
};
template <>
struct layout<stream_end> {
  static constexpr auto fields = std::tuple{&stream_end::size_bytes};
};
template <>
struct layout<stream_complete> {
  static constexpr auto fields = std::tuple{&stream_complete::size_bytes};
};
template <>
struct layout<stream_given_up> {
  static constexpr auto fields = std::tuple{&stream_given_up::reason};
};

} // namespace wire

namespace {

template <class Body>
base::bytes encode(const Body& body, frame_type type, std::uint8_t version,
                   const identity& sender) {
  auto frame = begin_frame();
  wire::writer(frame).put(body);
  finish_frame(frame, type, version, sender);
  return frame;
}

template <class Body>
base::result<Body> decode(frame_type type, base::byte_view bytes) {
  Body body;
  wire::reader in(bytes);
  in.take(body);
  if (in.ok() && !in.at_end())
    in.refuse("bytes are left over");
  if (!in.ok())
    return base::fail(base::errc::corrupt,
                      to_string(type) + " cannot be read: " + std::string(in.refusal()));
  return body;
}

} // namespace

base::bytes encode_stream(const stream_offer& body, std::uint8_t version, const identity& sender) {
  return encode(body, frame_type::stream_offered, version, sender);
}
base::bytes encode_stream(const stream_accepted& body, std::uint8_t version,
                          const identity& sender) {
  return encode(body, body.type, version, sender);
}
base::bytes encode_stream(const stream_chunk& body, std::uint8_t version, const identity& sender) {
  return encode(body, body.type, version, sender);
}
base::bytes encode_stream(const stream_progress& body, std::uint8_t version,
                          const identity& sender) {
  return encode(body, body.type, version, sender);
}
base::bytes encode_stream(const stream_end& body, std::uint8_t version, const identity& sender) {
  return encode(body, body.type, version, sender);
}
base::bytes encode_stream(const stream_complete& body, std::uint8_t version,
                          const identity& sender) {
  return encode(body, body.type, version, sender);
}
base::bytes encode_stream(const stream_given_up& body, std::uint8_t version,
                          const identity& sender) {
  auto cut_to_bound = body;
  if (cut_to_bound.reason.size() > bounds::reason_bytes_max)
    cut_to_bound.reason.resize(bounds::reason_bytes_max);
  return encode(cut_to_bound, body.type, version, sender);
}

base::result<stream_offer> decode_stream_offer(base::byte_view body) {
  auto got = decode<stream_offer>(frame_type::stream_offered, body);
  if (got && got->attributes.size() > bounds::offer_attributes_bytes_max)
    return base::fail(base::errc::corrupt, "the attributes of an offer are too long");
  return got;
}
base::result<stream_accepted> decode_stream_accepted(base::byte_view body) {
  return decode<stream_accepted>(stream_accepted::type, body);
}
base::result<stream_chunk> decode_stream_chunk(base::byte_view body) {
  return decode<stream_chunk>(stream_chunk::type, body);
}
base::result<stream_progress> decode_stream_progress(base::byte_view body) {
  return decode<stream_progress>(stream_progress::type, body);
}
base::result<stream_end> decode_stream_end(base::byte_view body) {
  return decode<stream_end>(stream_end::type, body);
}
base::result<stream_complete> decode_stream_complete(base::byte_view body) {
  return decode<stream_complete>(stream_complete::type, body);
}
base::result<stream_given_up> decode_stream_given_up(base::byte_view body) {
  auto got = decode<stream_given_up>(stream_given_up::type, body);
  if (got && got->reason.size() > bounds::reason_bytes_max)
    got->reason.resize(bounds::reason_bytes_max);
  return got;
}

} // namespace transport
