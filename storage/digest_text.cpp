// SPDX-License-Identifier: Apache-2.0
#include "storage/digest_text.hpp"

#include <charconv>

#include "storage/digest.hpp"

namespace storage {

namespace {

std::string text_with(const raft::digest_point& point, const std::string& more) {
  return "{\"index\":" + std::to_string(point.index.value) + ",\"version\":"
         + std::to_string(point.version) + ",\"digest\":\"" + digest_hex(point) + "\"" + more + "}";
}

/// Takes what a text is expected to hold, from its front.
class text_reader {
public:
  explicit text_reader(std::string_view text) : rest_(text) {}

  void skip(std::string_view expected) {
    ok_ = ok_ && rest_.starts_with(expected);
    if (ok_)
      rest_.remove_prefix(expected.size());
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    ok_ = ok_ && failure == std::errc{};
    if (ok_)
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  std::array<std::uint64_t, 4> digest() {
    auto found = digest_from_hex(rest_.substr(0, 2 * digest_bytes));
    ok_ = ok_ && found;
    if (ok_)
      rest_.remove_prefix(2 * digest_bytes);
    return found.value_or(state_digest{}).lanes;
  }
  raft::digest_point point() {
    raft::digest_point out;
    skip("{\"index\":");
    out.index = raft::log_index{number()};
    skip(",\"version\":");
    out.version = number();
    skip(",\"digest\":\"");
    out.lanes = digest();
    skip("\"");
    return out;
  }
  bool is_done() const { return ok_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool ok_ = true;
};

} // namespace

std::string digest_hex(const raft::digest_point& point) {
  return to_hex(state_digest{point.lanes});
}

std::string to_text(const raft::digest_point& point) {
  return text_with(point, {});
}

std::optional<raft::digest_point> digest_point_from_text(std::string_view text) {
  text_reader reader(text);
  auto point = reader.point();
  reader.skip("}");
  return reader.is_done() ? std::optional(point) : std::nullopt;
}

std::string to_text(const raft::state_outvote& what) {
  return text_with(what.own, ",\"majority\":\"" + digest_hex(what.majority) + "\"");
}

std::optional<raft::state_outvote> outvote_from_text(std::string_view text) {
  text_reader reader(text);
  raft::state_outvote out;
  out.own = reader.point();
  reader.skip(",\"majority\":\"");
  out.majority = {out.own.index, out.own.version, reader.digest()};
  reader.skip("\"}");
  return reader.is_done() ? std::optional(out) : std::nullopt;
}

std::string text_of(const raft::state_outvote& what) {
  return "the state digest at index " + std::to_string(what.own.index.value) + " is "
         + digest_hex(what.own) + " here and " + digest_hex(what.majority)
         + " on a majority of the replicas";
}

} // namespace storage
