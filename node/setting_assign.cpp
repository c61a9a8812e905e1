// SPDX-License-Identifier: Apache-2.0
#include "node/setting_assign.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "http/percent.hpp"

namespace node {

namespace {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

std::string describe(const raw_value& value) {
  return std::visit(
      overloaded{[](const plain_text& v) { return quote(v.text); },
                 [](const typed_text& v) { return "the text " + quote(v.text); },
                 [](const typed_number& v) { return std::to_string(v.value); },
                 [](const typed_boolean& v) { return std::string(v.value ? "true" : "false"); },
                 [](const typed_list&) { return std::string("a list"); },
                 [](const typed_other& v) { return "a " + v.name; }},
      value);
}

/// The text of a value that a file may write in quotes and a variable without.
const std::string* text_of(const raw_value& value) {
  if (const auto* plain = std::get_if<plain_text>(&value))
    return &plain->text;
  if (const auto* typed = std::get_if<typed_text>(&value))
    return &typed->text;
  return nullptr;
}

/// A whole number: bare in a file, digits in a variable.
std::optional<std::uint64_t> number_of(const raw_value& value) {
  if (const auto* plain = std::get_if<plain_text>(&value))
    return parse_unsigned(plain->text);
  if (const auto* typed = std::get_if<typed_number>(&value); typed && typed->value >= 0)
    return static_cast<std::uint64_t>(typed->value);
  return std::nullopt;
}

bool is_negative_number(const raw_value& value) {
  if (const auto* plain = std::get_if<plain_text>(&value))
    return plain->text.starts_with('-') && parse_unsigned(plain->text.substr(1)).has_value();
  const auto* typed = std::get_if<typed_number>(&value);
  return typed && typed->value < 0;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    auto comma = text.find(',');
    auto item = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    auto first = item.find_first_not_of(' ');
    if (first != std::string_view::npos)
      items.emplace_back(item.substr(first, item.find_last_not_of(' ') - first + 1));
  }
  return items;
}

/// Writes one value; one overload a type of member.
struct writer {
  const key_spec& key;
  settings& target;
  const raw_value& value;

  base::status wrong_type(std::string_view expected) const {
    return base::fail(base::errc::invalid, fmt::format("expected {}, found {}; allowed: {}",
                                                       expected, describe(value), key.allowed()));
  }
  base::status out_of_range() const {
    return base::fail(base::errc::invalid, fmt::format("{} is out of range; allowed: {}",
                                                       describe(value), key.allowed()));
  }
  bool is_in_range(std::uint64_t amount) const {
    return amount >= key.range.least && amount <= key.range.most;
  }
  base::status check_text(std::string_view text) const {
    return key.check ? key.check(text) : base::status{};
  }

  base::status operator()(member_of<bool> member) const {
    const auto* typed = std::get_if<typed_boolean>(&value);
    const auto* plain = std::get_if<plain_text>(&value);
    if (plain && (plain->text == "true" || plain->text == "1"))
      member(target) = true;
    else if (plain && (plain->text == "false" || plain->text == "0"))
      member(target) = false;
    else if (typed)
      member(target) = typed->value;
    else
      return wrong_type("true or false");
    return {};
  }

  base::status operator()(member_of<std::uint64_t> member) const {
    if (is_negative_number(value))
      return out_of_range();
    auto number = number_of(value);
    if (!number)
      return wrong_type("a whole number");
    if (!is_in_range(*number))
      return out_of_range();
    member(target) = *number;
    return {};
  }

  base::status operator()(member_of<std::string> member) const {
    const auto* text = text_of(value);
    if (!text)
      return wrong_type("a text in quotes");
    // Paths go to the system as C strings, and in JSON to the process that checks the stores.
    if (http::find_bad_utf8(*text) != std::string::npos || text->find('\0') != std::string::npos)
      return base::fail(base::errc::invalid, "the text is not UTF-8, or holds a NUL");
    if (auto checked = check_text(*text); !checked)
      return checked;
    member(target) = *text;
    return {};
  }

  base::status operator()(member_of<byte_size> member) const {
    if (is_negative_number(value))
      return out_of_range();
    if (auto number = number_of(value); key.is_megabytes && number) {
      if (!is_in_range(*number << 20) || *number >> 43 != 0)
        return out_of_range();
      member(target) = byte_size{*number << 20};
      return {};
    }
    const auto* text = text_of(value);
    if (!text)
      return wrong_type("a size with its unit in quotes");
    auto size = parse_byte_size(*text);
    if (!size)
      return base::fail(size.error());
    if (!is_in_range(size->bytes))
      return out_of_range();
    // A `_mb` key is printed as a whole number of MB.
    if (key.is_megabytes && (size->bytes & ((1U << 20) - 1)) != 0)
      return wrong_type("a whole number of MB");
    member(target) = *size;
    return {};
  }

  base::status operator()(member_of<std::chrono::milliseconds> member) const {
    const auto* text = text_of(value);
    if (!text)
      return wrong_type("a time with its unit in quotes");
    auto duration = parse_duration(*text);
    if (!duration)
      return base::fail(duration.error());
    if (!is_in_range(static_cast<std::uint64_t>(duration->count())))
      return out_of_range();
    member(target) = *duration;
    return {};
  }

  base::status operator()(member_of<endpoint> member) const {
    const auto* text = text_of(value);
    if (!text)
      return wrong_type("an address in quotes");
    auto parsed = parse_endpoint(*text);
    if (!parsed)
      return base::fail(parsed.error());
    member(target) = *parsed;
    return {};
  }

  base::status operator()(member_of<std::optional<daily_window>> member) const {
    const auto* text = text_of(value);
    if (!text)
      return wrong_type("a time of day in quotes");
    if (text->empty()) {
      member(target) = std::nullopt;
      return {};
    }
    auto parsed = parse_daily_window(*text);
    if (!parsed)
      return base::fail(parsed.error());
    member(target) = *parsed;
    return {};
  }

  base::status operator()(member_of<std::vector<std::string>> member) const {
    std::vector<std::string> items;
    if (const auto* plain = std::get_if<plain_text>(&value))
      items = split_list(plain->text);
    else if (const auto* list = std::get_if<typed_list>(&value))
      items = list->items;
    else
      return wrong_type("a list of texts");
    for (const auto& each : items)
      if (auto checked = check_text(each); !checked)
        return checked;
    member(target) = std::move(items);
    return {};
  }

  base::status operator()(const choice_member& member) const {
    const auto* text = text_of(value);
    auto found = text ? std::ranges::find(key.choices, *text) : key.choices.end();
    if (found == key.choices.end())
      return base::fail(base::errc::invalid, fmt::format("{} is not allowed; allowed: {}",
                                                         describe(value), key.allowed()));
    member.set(target, static_cast<std::size_t>(found - key.choices.begin()));
    return {};
  }
};

/// Prints one value. Members are reached through functions that take a settings that
/// can be changed; nothing is.
struct printer {
  const key_spec& key;
  settings& source;

  std::string operator()(member_of<bool> member) const { return member(source) ? "true" : "false"; }
  std::string operator()(member_of<std::uint64_t> member) const {
    return std::to_string(member(source));
  }
  std::string operator()(member_of<std::string> member) const { return quote(member(source)); }
  std::string operator()(member_of<byte_size> member) const {
    return key.is_megabytes ? std::to_string(member(source).bytes >> 20)
                            : quote(to_string(member(source)));
  }
  std::string operator()(member_of<std::chrono::milliseconds> member) const {
    return quote(to_string(member(source)));
  }
  std::string operator()(member_of<endpoint> member) const {
    return quote(to_string(member(source)));
  }
  std::string operator()(member_of<std::optional<daily_window>> member) const {
    return quote(member(source) ? to_string(*member(source)) : "");
  }
  std::string operator()(member_of<std::vector<std::string>> member) const {
    std::string joined;
    for (const auto& each : member(source))
      joined += (joined.empty() ? "" : ", ") + quote(each);
    return "[" + joined + "]";
  }
  std::string operator()(const choice_member& member) const {
    return quote(key.choices[member.get(source)]);
  }
};

} // namespace

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (char byte : text) {
    auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\')
      quoted.append(1, '\\').append(1, byte);
    else if (code < 0x20 || code == 0x7f)
      quoted += fmt::format("\\u{:04x}", code);
    else
      quoted.push_back(byte);
  }
  return quoted + "\"";
}

base::status assign(const key_spec& key, settings& target, const raw_value& value) {
  return std::visit(writer{key, target, value}, key.member);
}

std::string print_value(const key_spec& key, const settings& source) {
  if (key.is_secret)
    return "\"(hidden)\"";
  auto copy = source;
  return std::visit(printer{key, copy}, key.member);
}

} // namespace node
