// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tools {

enum class output_format { table, json };

/// A table as text: columns as wide as they must be, two blanks between, one line each.
class text_table {
public:
  explicit text_table(std::vector<std::string> head) : rows_{std::move(head)} {}

  /// `cells` has as many members as the head.
  void add(std::vector<std::string> cells);
  std::string to_string() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// A JSON value as it stands in a table: text without quotes, `-` for null and for what is not there,
/// `yes` and `no`. Control characters become `?`, so that no text moves the terminal's cursor.
std::string cell(const nlohmann::ordered_json& object, const char* member);
std::string as_cell(std::string_view text);

/// To stdout. Errors of the stream are found at the end (`finish_output`).
void print(std::string_view text);
/// Two blanks of indentation, a newline at the end; what is not UTF-8 is replaced.
void print_json(const nlohmann::ordered_json& value);

/// Whether everything printed has arrived.
bool finish_output();

} // namespace tools
