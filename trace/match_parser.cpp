// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "trace/match.hpp"
#include "trace/match_node.hpp"

namespace trace {

namespace {

using node = match_expression::node;
using node_ptr = std::shared_ptr<const node>;
using parsed = tl::expected<node_ptr, match_error>;

struct operator_sign {
  std::string_view sign;
  comparison how;
  bool is_for_text;
  bool is_for_numbers;
};

// Of those that begin alike the longer one first.
constexpr std::array signs{operator_sign{"==", comparison::equal, true, true},
                           operator_sign{"!=", comparison::unequal, true, true},
                           operator_sign{"!~", comparison::unlike, true, false},
                           operator_sign{"<=", comparison::at_most, false, true},
                           operator_sign{">=", comparison::at_least, false, true},
                           operator_sign{"~", comparison::like, true, false},
                           operator_sign{"<", comparison::below, false, true},
                           operator_sign{">", comparison::above, false, true}};

struct unit {
  std::string_view name;
  std::uint64_t ns;
};
constexpr std::array units{unit{"ns", 1}, unit{"us", 1'000}, unit{"ms", 1'000'000},
                           unit{"s", 1'000'000'000}};

bool is_word(char each) {
  return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
         || (each >= '0' && each <= '9') || each == '_' || each == '-' || each == '.' || each == '*'
         || each == '?' || each == ':';
}

std::string names_of_fields() {
  std::string names;
  for (const auto& each : match_fields())
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  return names;
}

std::string names_of_kinds() {
  std::string names;
  for (int i = 1; i < 256; ++i)
    if (auto name = to_string(static_cast<event_kind>(i)); name != "none")
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

bool is_kind(std::string_view name) {
  for (int i = 1; i < 256; ++i)
    if (name == to_string(static_cast<event_kind>(i)) && name != "none")
      return true;
  return false;
}

/// expression = term { "||" term };  term = factor { "&&" factor };
/// factor = "!" factor | "(" expression ")" | field operator value.
class parser {
public:
  explicit parser(std::string_view text) : text_(text) {}

  parsed whole() {
    auto made = expression(0);
    if (!made)
      return made;
    skip_blanks();
    if (at_ < text_.size())
      return fail(at_, "'" + rest()
                           + "' stands behind the end of the expression; what may follow is "
                             "'&&' or '||'");
    return made;
  }

private:
  static parsed fail(std::size_t where, std::string why) {
    return tl::unexpected(match_error{where, std::move(why)});
  }
  std::string rest() const {
    auto shown = text_.substr(at_, 16);
    return std::string(shown) + (shown.size() < text_.size() - at_ ? "…" : "");
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(std::string_view sign) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(sign))
      return false;
    at_ += sign.size();
    return true;
  }

  /// `of` parts with `sign` between them.
  parsed chain(node::kind what, std::string_view sign, std::size_t depth,
               parsed (parser::*of)(std::size_t)) {
    auto first = (this->*of)(depth);
    if (!first)
      return first;
    auto made = std::make_shared<node>();
    made->what = what;
    made->parts.push_back(std::move(*first));
    while (take(sign)) {
      auto next = (this->*of)(depth);
      if (!next)
        return next;
      made->parts.push_back(std::move(*next));
    }
    return made->parts.size() == 1 ? made->parts.front() : node_ptr(std::move(made));
  }
  parsed expression(std::size_t depth) {
    return chain(node::kind::any, "||", depth, &parser::term);
  }
  parsed term(std::size_t depth) { return chain(node::kind::all, "&&", depth, &parser::factor); }

  parsed factor(std::size_t depth) {
    if (depth == match_depth_max)
      return fail(at_, "at most " + std::to_string(match_depth_max)
                           + " parentheses and negations may lie within each other");
    skip_blanks();
    auto began = at_;
    if (take("!")) {
      auto inner = factor(depth + 1);
      if (!inner)
        return inner;
      auto made = std::make_shared<node>();
      made->what = node::kind::none;
      made->parts.push_back(std::move(*inner));
      return node_ptr(std::move(made));
    }
    if (!take("("))
      return compared();
    auto inner = expression(depth + 1);
    if (inner && !take(")"))
      return fail(at_, "')' is missing for the '(' in column " + std::to_string(began + 1));
    return inner;
  }

  std::string_view word() {
    auto began = at_;
    while (at_ < text_.size() && is_word(text_[at_]))
      ++at_;
    return text_.substr(began, at_ - began);
  }

  parsed compared() {
    skip_blanks();
    auto began = at_;
    auto name = word();
    if (name.empty())
      return fail(began,
                  std::string(at_ == text_.size() ? "the expression ends here" : "'" + rest() + "'")
                      + " where a condition is expected: a field (" + names_of_fields()
                      + "), '!' or '('");
    auto fields = match_fields();
    auto field = std::ranges::find(fields, name, &match_field::name);
    if (field == fields.end())
      return fail(began, "'" + std::string(name) + "' is no field; there are " + names_of_fields());
    skip_blanks();
    auto sign = std::ranges::find_if(
        signs, [&](const operator_sign& each) { return text_.substr(at_).starts_with(each.sign); });
    bool fits =
        sign != signs.end() && (field->is_text() ? sign->is_for_text : sign->is_for_numbers);
    if (!fits)
      return fail(at_, std::string(name) + " is compared by "
                           + (field->is_text() ? "==, !=, ~ or !~" : "==, !=, <, <=, > or >="));
    at_ += sign->sign.size();
    auto made = std::make_shared<node>();
    made->field = &*field;
    made->how = sign->how;
    skip_blanks();
    return field->is_text() ? text_value(std::move(made)) : number_value(std::move(made));
  }

  parsed text_value(std::shared_ptr<node> made) {
    auto began = at_;
    if (take("\"")) {
      auto end = text_.find('"', at_);
      if (end == std::string_view::npos)
        return fail(began, "the text that begins here has no end: '\"' is missing");
      made->text = text_.substr(at_, end - at_);
      at_ = end + 1;
    } else {
      made->text = word();
      if (made->text.empty())
        return fail(began, "a text is expected, as raft or \"reader *\"");
    }
    bool is_exact = made->how == comparison::equal || made->how == comparison::unequal;
    if (made->field->name == "kind" && is_exact && !is_kind(made->text))
      return fail(began, "'" + made->text + "' is no kind; there are " + names_of_kinds());
    return node_ptr(std::move(made));
  }

  parsed number_value(std::shared_ptr<node> made) {
    auto began = at_;
    double number = 0;
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number,
                                        std::chars_format::fixed);
    const char* expected = made->field->is_duration
                               ? "a time is expected, as 300us, 5ms or 1.5s (ns, us, ms, s)"
                               : "a number is expected";
    bool begins_well = at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
    if (!begins_well || error != std::errc())
      return fail(began, expected);
    at_ = static_cast<std::size_t>(end - text_.data());
    if (made->field->is_duration) {
      auto name = word();
      auto found = std::ranges::find(units, name, &unit::name);
      if (found == units.end())
        return fail(began, expected);
      number *= static_cast<double>(found->ns);
    }
    if (number >= static_cast<double>(std::numeric_limits<std::int64_t>::max()))
      return fail(began, "the number is too large");
    made->number = static_cast<std::uint64_t>(number);
    return node_ptr(std::move(made));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace

tl::expected<match_expression, match_error> match_expression::parse(std::string_view text) {
  match_expression made;
  if (text.size() > match_bytes_max)
    return tl::unexpected(
        match_error{match_bytes_max,
                    "an expression has at most " + std::to_string(match_bytes_max) + " bytes"});
  if (text.find_first_not_of(" \t") == std::string_view::npos)
    return made;
  auto root = parser(text).whole();
  if (!root)
    return tl::unexpected(std::move(root.error()));
  made.root_ = std::move(*root);
  return made;
}

} // namespace trace
