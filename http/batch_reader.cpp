// SPDX-License-Identifier: Apache-2.0
#include "http/batch_reader.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "http/percent.hpp"
#include "http/read_options.hpp"

namespace http {

namespace limits = base::limits;

namespace {

using json = nlohmann::json;

/// Where the reader stands: inside which object or array, or before which value.
enum class place {
  document,       ///< before the document
  top,            ///< in the document's object
  operations,     ///< in the array
  operation,      ///< in one of its objects
  set_members,    ///< in `{"set": {…}}`
  delete_members, ///< in `{"delete": {…}}`
  end,
};

/// Takes the parser's events one by one; the first fault ends the parse.
class batch_events : public nlohmann::json_sax<json> {
public:
  std::optional<refusal> fault;
  storage::command result;
  std::size_t operations = 0;
  bool had_operations = false;

  bool null() override { return scalar("null"); }
  bool boolean(bool) override { return scalar("a boolean"); }
  bool number_integer(number_integer_t) override { return scalar("a number"); }
  bool number_unsigned(number_unsigned_t) override { return scalar("a number"); }
  bool number_float(number_float_t, const string_t&) override { return scalar("a number"); }
  bool binary(binary_t&) override { return scalar("binary"); }

  bool string(string_t& text) override {
    if (place_ == place::set_members && (member_ == "value" || member_ == "value_base64"))
      return take_value(text);
    if ((place_ == place::set_members || place_ == place::delete_members) && member_ == "key")
      return take_key(text);
    return scalar("a string");
  }

  bool start_object(std::size_t) override {
    switch (place_) {
    case place::document: place_ = place::top; return true;
    case place::operations:
      place_ = place::operation;
      ++operations;
      is_named_ = false;
      return true;
    case place::operation:
      place_ = member_ == "set" ? place::set_members : place::delete_members;
      key_.reset();
      value_.reset();
      return true;
    default: return scalar("an object");
    }
  }

  bool key(string_t& name) override {
    member_ = name;
    switch (place_) {
    case place::top:
      if (name != "operations")
        return unknown();
      if (had_operations)
        return twice();
      had_operations = true;
      return true;
    case place::operation:
      if (name != "set" && name != "delete")
        return unknown();
      if (is_named_)
        return wrong(path() + " holds more than one operation");
      is_named_ = true;
      return true;
    case place::set_members:
      return name == "key" || name == "value" || name == "value_base64" ? true : unknown();
    case place::delete_members: return name == "key" ? true : unknown();
    default: return unknown();
    }
  }

  bool end_object() override {
    switch (place_) {
    case place::top: place_ = place::end; return true;
    case place::operation:
      if (!is_named_)
        return wrong(path() + " is neither set nor delete");
      place_ = place::operations;
      return true;
    case place::set_members:
    case place::delete_members: return end_operation();
    default: return true;
    }
  }

  bool start_array(std::size_t) override {
    if (place_ != place::top)
      return scalar("an array");
    place_ = place::operations;
    return true;
  }
  bool end_array() override {
    place_ = place::top;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& what) override {
    // The library counts from one, and names itself and its state in front of the reason.
    std::string_view text = what.what();
    auto reason = text.find(": ");
    fault = refuse_at(position == 0 ? 0 : position - 1, "bad_json",
                      "bad JSON (" + std::string(text.substr(reason == text.npos ? 0 : reason + 2))
                          + ")");
    return false;
  }

private:
  std::string path() const {
    switch (place_) {
    case place::operation: return "operations[" + std::to_string(operations - 1) + "]";
    case place::set_members: return "operations[" + std::to_string(operations - 1) + "].set";
    case place::delete_members: return "operations[" + std::to_string(operations - 1) + "].delete";
    default: return "the document";
    }
  }

  std::string member_path() const {
    switch (place_) {
    case place::document: return "the document";
    case place::top: return member_;
    case place::operations: return "operations[" + std::to_string(operations) + "]";
    default: return path() + "." + member_;
    }
  }

  bool stop(refusal why) {
    fault = std::move(why);
    return false;
  }
  bool wrong(std::string text) { return stop(refuse(422, "wrong_shape", std::move(text))); }
  bool unknown() { return wrong("unknown member '" + member_ + "' in " + path()); }
  bool twice() { return wrong("member '" + member_ + "' occurs twice in " + path()); }

  /// A value where another kind is due.
  bool scalar(const char* found) {
    const char* due = "an object";
    if (place_ == place::top)
      due = "an array";
    else if (place_ == place::set_members || place_ == place::delete_members)
      due = "a string";
    return wrong(member_path() + " is " + found + ", but must be " + due);
  }

  bool take_key(std::string& text) {
    if (key_)
      return twice();
    if (auto bad = check_key(text)) {
      bad->text = member_path() + ": " + bad->text;
      return stop(std::move(*bad));
    }
    key_ = std::move(text);
    return true;
  }

  bool take_value(std::string& text) {
    if (value_)
      return wrong(path() + " holds more than one value");
    std::string bytes;
    if (member_ == "value")
      bytes = std::move(text);
    else if (!from_base64(text, bytes))
      return wrong(member_path() + " is no base64 (RFC 4648, with padding)");
    if (bytes.size() > limits::value_bytes_max)
      return stop(refuse_over("value_too_large", member_path() + ": bytes in the value",
                              limits::value_bytes_max, bytes.size()));
    value_ = std::move(bytes);
    return true;
  }

  bool end_operation() {
    bool is_set = place_ == place::set_members;
    if (!key_)
      return wrong(path() + " has no key");
    if (is_set && !value_)
      return wrong(path() + " has neither value nor value_base64");
    if (operations <= limits::batch_operations_max) { // further ones are only counted
      if (is_set)
        result.operations.emplace_back(
            storage::set_operation{std::move(*key_), std::move(*value_)});
      else
        result.operations.emplace_back(storage::delete_operation{std::move(*key_)});
    }
    place_ = place::operation;
    return true;
  }

  place place_ = place::document;
  std::string member_;
  bool is_named_ = false;
  std::optional<std::string> key_;
  std::optional<std::string> value_;
};

} // namespace

tl::expected<storage::command, refusal> read_batch(std::string_view body) {
  batch_events events;
  bool is_read = json::sax_parse(body.begin(), body.end(), &events);
  if (events.fault)
    return tl::unexpected(std::move(*events.fault));
  if (!is_read || !events.had_operations)
    return tl::unexpected(refuse(422, "wrong_shape", "member 'operations' is missing"));
  if (events.operations == 0)
    return tl::unexpected(refuse(422, "wrong_shape", "operations is empty"));
  if (events.operations > limits::batch_operations_max)
    return tl::unexpected(refuse_over("batch_too_large", "operations in the batch",
                                      limits::batch_operations_max, events.operations));
  return std::move(events.result);
}

} // namespace http
