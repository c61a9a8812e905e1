// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/crc32c.hpp"
#include "tests/unit/transport/wire_samples.hpp"
#include "transport/message_codec.hpp"

namespace tests {

/// Damages good frames in the ways damage happens and attackers try: bits, numbers at their
/// edges, cuts, insertions, pieces of other frames. Seeded: a seed is a test case.
class mutator {
public:
  explicit mutator(std::uint64_t seed) : samples_(seed) {
    for (std::uint64_t i = 0; i < 8 * std::variant_size_v<raft::message>; ++i)
      good_.push_back(transport::encode_message(samples_.message(i),
                                                transport::protocol_version_max, some_identity()));
  }

  wire_samples& samples() { return samples_; }

  /// A whole frame that went through some damage. In two of three the checksums are put right
  /// again, so that the damage reaches what lies behind them.
  base::bytes frame() {
    auto frame = good_[samples_.below(good_.size())];
    for (auto count = 1 + samples_.below(4); count > 0; --count)
      damage(frame);
    if (samples_.below(3) > 0)
      seal(frame);
    return frame;
  }

  /// A damaged body, and the type it claims to be of.
  std::pair<transport::frame_type, base::bytes> body() {
    const auto& frame = good_[samples_.below(good_.size())];
    auto type = static_cast<transport::frame_type>(frame[5]);
    if (samples_.below(10) == 0)
      type = static_cast<transport::frame_type>(samples_.below(256));
    auto body = frame.substr(transport::frame_header_bytes);
    for (auto count = 1 + samples_.below(4); count > 0; --count)
      damage(body);
    return {type, body};
  }

private:
  void damage(base::bytes& bytes) {
    if (bytes.empty())
      bytes = samples_.bytes(100);
    if (bytes.empty())
      return;
    auto at = samples_.below(bytes.size());
    switch (samples_.below(8)) {
    case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << samples_.below(8))); break;
    case 1: bytes[at] = static_cast<char>(samples_.number()); break;
    case 2: overwrite(bytes, at, edge()); break;
    case 3: bytes.resize(at); break;
    case 4: bytes.insert(at, samples_.bytes(30)); break;
    case 5: bytes.erase(at, samples_.below(20)); break;
    case 6: {
      const auto& other = good_[samples_.below(good_.size())];
      auto from = samples_.below(other.size());
      overwrite(bytes, at, other.substr(from, samples_.below(60)));
      break;
    }
    default: bytes += samples_.bytes(50); break;
    }
  }

  // Numbers that lengths and counts break at.
  base::bytes edge() {
    static constexpr std::uint64_t edges[] = {
        0, 1, 76, 77, 255, 256, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff};
    base::bytes out;
    base::put_little(out, static_cast<std::uint32_t>(edges[samples_.below(std::size(edges))]));
    return out.substr(0, std::size_t{1} << samples_.below(3));
  }

  static void overwrite(base::bytes& bytes, std::size_t at, const base::bytes& by) {
    bytes.replace(at, std::min(by.size(), bytes.size() - at), by, 0,
                  std::min(by.size(), bytes.size() - at));
  }

  static void put(base::bytes& frame, std::size_t at, std::uint32_t number) {
    base::bytes little;
    base::put_little(little, number);
    frame.replace(at, 4, little);
  }

  // Magic, length and both checksums say what follows them.
  void seal(base::bytes& frame) {
    if (frame.size() < transport::frame_header_bytes)
      return;
    frame.replace(0, 4, "ASPN");
    frame[6] = frame[7] = '\0';
    auto body = base::byte_view(frame).substr(transport::frame_header_bytes);
    if (samples_.below(4) > 0)
      put(frame, 8, static_cast<std::uint32_t>(body.size()));
    put(frame, 68, base::crc32c(body));
    put(frame, 72, base::crc32c(base::byte_view(frame).substr(0, 72)));
  }

  wire_samples samples_;
  std::vector<base::bytes> good_;
};

} // namespace tests
