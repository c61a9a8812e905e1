// SPDX-License-Identifier: Apache-2.0
#include "http/precondition.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace http {

namespace {

/// Matches no row: revisions are log indexes, which end long before.
constexpr storage::revision no_revision{std::numeric_limits<std::uint64_t>::max()};

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool is_tag_byte(char byte) {
  auto code = static_cast<unsigned char>(byte);
  return code == 0x21 || (code >= 0x23 && code != 0x7f);
}

bool take_tag(std::string_view& text, entity_tag& into) {
  into.is_weak = text.starts_with("W/");
  if (into.is_weak)
    text.remove_prefix(2);
  if (!text.starts_with('"'))
    return false;
  auto close = text.find('"', 1);
  if (close == std::string_view::npos)
    return false;
  into.opaque = std::string(text.substr(1, close - 1));
  text.remove_prefix(close + 1);
  return std::all_of(into.opaque.begin(), into.opaque.end(), is_tag_byte);
}

/// The revision a tag of ours names; nothing for anybody else's.
storage::revision revision_of(const entity_tag& tag) {
  storage::revision named;
  auto* end = tag.opaque.data() + tag.opaque.size();
  auto [stop, fault] = std::from_chars(tag.opaque.data(), end, named.value);
  bool is_ours = fault == std::errc{} && stop == end && to_tag(named) == '"' + tag.opaque + '"';
  return is_ours && !tag.is_weak && named.value != 0 ? named : no_revision;
}

refusal bad_field(std::string_view name, const std::string& value) {
  return refuse(400, "bad_precondition",
                std::string(name) + ": '" + value + "' is neither * nor a list of entity tags");
}

} // namespace

bool tag_list::matches_strongly(storage::revision current) const {
  if (current.value == 0)
    return false;
  return is_any || std::any_of(tags.begin(), tags.end(), [current](const entity_tag& tag) {
           return !tag.is_weak && '"' + tag.opaque + '"' == to_tag(current);
         });
}

bool tag_list::matches_weakly(storage::revision current) const {
  if (current.value == 0)
    return false;
  return is_any || std::any_of(tags.begin(), tags.end(), [current](const entity_tag& tag) {
           return '"' + tag.opaque + '"' == to_tag(current);
         });
}

bool parse_tags(std::string_view text, tag_list& into) {
  skip_blanks(text);
  if (text == "*") {
    into.is_any = true;
    return true;
  }
  while (!text.empty()) {
    entity_tag tag;
    if (!take_tag(text, tag))
      return false;
    into.tags.push_back(std::move(tag));
    skip_blanks(text);
    if (!text.empty() && text.front() != ',')
      return false;
    while (text.starts_with(',')) { // empty members are allowed (RFC 9110, 5.6.1)
      text.remove_prefix(1);
      skip_blanks(text);
    }
  }
  return !into.tags.empty();
}

std::string to_tag(storage::revision current) {
  return '"' + std::to_string(current.value) + '"';
}

tl::expected<storage::precondition, refusal> write_precondition(const request_head& head) {
  auto match = head.joined("if-match");
  auto none_match = head.joined("if-none-match");
  if (!match && !none_match)
    return storage::precondition{};
  if (match && none_match)
    return tl::unexpected(
        refuse(400, "bad_precondition", "If-Match and If-None-Match together are not supported"));
  tag_list tags;
  if (!parse_tags(match ? *match : *none_match, tags))
    return tl::unexpected(
        bad_field(match ? "If-Match" : "If-None-Match", match ? *match : *none_match));
  if (none_match)
    return tags.is_any ? tl::expected<storage::precondition, refusal>(storage::must_be_absent{})
                       : tl::unexpected(refuse(400, "bad_precondition",
                                               "If-None-Match on a write can only be *"));
  if (tags.is_any)
    return storage::precondition{storage::must_exist{}};
  if (tags.tags.size() > 1)
    return tl::unexpected(
        refuse(400, "bad_precondition", "If-Match on a write names one revision, not a list"));
  return storage::precondition{storage::must_be_at{revision_of(tags.tags.front())}};
}

tl::expected<int, refusal> read_precondition(const request_head& head, storage::revision current) {
  if (auto match = head.joined("if-match")) {
    tag_list tags;
    if (!parse_tags(*match, tags))
      return tl::unexpected(bad_field("If-Match", *match));
    if (!tags.matches_strongly(current))
      return 412;
  }
  if (auto none_match = head.joined("if-none-match")) {
    tag_list tags;
    if (!parse_tags(*none_match, tags))
      return tl::unexpected(bad_field("If-None-Match", *none_match));
    if (tags.matches_weakly(current))
      return 304;
  }
  return 200;
}

} // namespace http
