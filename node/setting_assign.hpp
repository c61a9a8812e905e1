// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "node/setting_keys.hpp"

/// Between the table of keys and one value: writing it into `settings`, and back.
namespace node {

/// A value as it stands somewhere. Variables and flags are always plain; a file says
/// more, and there a type other than the key's is an error.
struct plain_text {
  std::string text;
};
struct typed_text {
  std::string text;
};
struct typed_number {
  std::int64_t value;
};
struct typed_boolean {
  bool value;
};
struct typed_list {
  std::vector<std::string> items;
};
/// Of a type that no key has; `name` is TOML's ("date", "table").
struct typed_other {
  std::string name;
};
using raw_value =
    std::variant<plain_text, typed_text, typed_number, typed_boolean, typed_list, typed_other>;

/// Puts `value` where `key` says. Errors: `invalid`, with what was found and what is
/// allowed; `target` is then unchanged.
base::status assign(const key_spec& key, settings& target, const raw_value& value);

/// The key's value as it would stand in a file; "(hidden)" for a secret.
std::string print_value(const key_spec& key, const settings& source);

/// `text` in the quotes and escapes of TOML.
std::string quote(std::string_view text);

} // namespace node
