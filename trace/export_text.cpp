// SPDX-License-Identifier: Apache-2.0
#include "trace/export_text.hpp"

#include <nlohmann/json.hpp>

namespace trace {

std::string json_text(std::string_view name) {
  return nlohmann::json(name).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> json_names(const recording& what) {
  std::vector<std::string> names;
  for (const auto& each : what.names)
    names.push_back(json_text(each));
  return names;
}

namespace {

void append_octet(std::string& out, std::uint64_t octet) {
  constexpr char digits[] = "0123456789abcdef";
  out += digits[octet >> 4 & 15];
  out += digits[octet & 15];
}

} // namespace

std::string hexadecimal(const base::uuid& trace) {
  std::string text;
  for (auto octet : trace.octets)
    append_octet(text, octet);
  return text;
}

std::string hexadecimal(span_id span) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8)
    append_octet(text, span >> shift);
  return text;
}

std::string duration_text(std::uint64_t ns) {
  constexpr std::uint64_t thousand = 1000;
  auto with_fraction = [](std::uint64_t thousandths, const char* unit) {
    return std::to_string(thousandths / thousand) + "."
           + std::to_string(thousand + thousandths % thousand).substr(1) + unit;
  };
  auto us = ns / thousand;
  if (us < thousand)
    return std::to_string(us) + " us";
  return us < thousand * thousand ? with_fraction(us, " ms") : with_fraction(us / thousand, " s");
}

std::string_view clock_text::of(std::uint64_t unix_ns) {
  auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  if (seconds != seconds_ || text_.empty()) {
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char date[32];
    text_.assign(date, std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &utc));
    seconds_ = seconds;
  }
  constexpr std::size_t whole = 20; // as far as the dot
  text_.resize(whole);
  auto fraction = std::to_string(1'000'000'000 + unix_ns % 1'000'000'000);
  text_.append(fraction, 1).append("Z");
  return text_;
}

} // namespace trace
