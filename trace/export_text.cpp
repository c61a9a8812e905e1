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

} // namespace trace
