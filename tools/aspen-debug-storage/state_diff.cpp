// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/state_diff.hpp"

#include <deque>

#include "tools/aspen-debug-storage/entry_text.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t page_bytes = std::size_t{4} * 1024 * 1024;

/// The rows of one side, a few megabytes at a time.
class row_stream {
public:
  explicit row_stream(storage::state_inspection& from) : from_(from) {}

  /// Null at the end; valid until `pop`.
  base::result<const storage::inspected_row*> front() {
    if (page_.empty() && !is_last_) {
      auto rows = from_.rows_after(after_, page_bytes);
      if (!rows)
        return base::fail(rows.error());
      is_last_ = rows->empty();
      if (!is_last_)
        after_ = rows->back().row.key;
      page_.assign(std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
    }
    return page_.empty() ? nullptr : &page_.front();
  }
  void pop() { page_.pop_front(); }

private:
  storage::state_inspection& from_;
  std::optional<std::string> after_;
  std::deque<storage::inspected_row> page_;
  bool is_last_ = false;
};

std::string text_of(const storage::inspected_row& row) {
  return "revision " + std::to_string(row.row.mod_revision.value) + ", version "
         + std::to_string(row.row.version) + ", " + std::to_string(row.row.value.size())
         + " bytes, digest " + storage::to_hex(row.digest).substr(0, 16)
         + (row.is_sound ? "" : ", DAMAGED");
}

bool is_same(const storage::inspected_row& left, const storage::inspected_row& right) {
  return left.row == right.row && left.digest == right.digest && left.is_sound && right.is_sound;
}

base::status compare_rows(storage::state_inspection& left, storage::state_inspection& right,
                          bool must_be_equal, comparison& out) {
  row_stream lefts(left);
  row_stream rights(right);
  for (;;) {
    auto one = lefts.front();
    auto other = rights.front();
    if (!one || !other)
      return base::fail(!one ? one.error() : other.error());
    if (*one == nullptr && *other == nullptr)
      return {};
    ++out.rows_compared;
    bool is_left = *other == nullptr || (*one != nullptr && (*one)->row.key <= (*other)->row.key);
    bool is_right = *one == nullptr || (*other != nullptr && (*other)->row.key <= (*one)->row.key);
    const auto& key = is_left ? (*one)->row.key : (*other)->row.key;
    if (!is_left || !is_right || !is_same(**one, **other))
      out.add_row({"row " + key_text(key), is_left ? text_of(**one) : "-",
                   is_right ? text_of(**other) : "-", must_be_equal});
    if (is_left)
      lefts.pop();
    if (is_right)
      rights.pop();
  }
}

} // namespace

void comparison::add(difference one) {
  is_contradiction_ |= one.is_contradiction;
  found_.push_back(std::move(one));
}

void comparison::compare(const std::string& what, const std::string& left, const std::string& right,
                         bool is_contradiction) {
  if (left != right)
    add({what, left, right, is_contradiction});
}

void comparison::add_row(difference one) {
  if (rows_differing++ < shown_max_)
    add(std::move(one));
}

void comparison::add_entry(difference one) {
  is_contradiction_ |= one.is_contradiction;
  if (entries_differing++ < shown_max_)
    add(std::move(one));
}

void comparison::print(tools::output_format format, const std::string& left,
                       const std::string& right) const {
  if (format == tools::output_format::json) {
    auto all = ordered_json::array();
    for (const auto& each : found_)
      all.push_back({{"what", each.what},
                     {"left", each.left},
                     {"right", each.right},
                     {"is_contradiction", each.is_contradiction}});
    return tools::print_json({{"left", left},
                              {"right", right},
                              {"equal", is_equal()},
                              {"contradict", is_contradiction_},
                              {"entries_compared", entries_compared},
                              {"entries_differing", entries_differing},
                              {"rows_compared", rows_compared},
                              {"rows_differing", rows_differing},
                              {"differences", std::move(all)}});
  }
  if (!is_equal()) {
    tools::text_table table({"WHAT", tools::as_cell(left), tools::as_cell(right), "CAN BOTH BE"});
    for (const auto& each : found_)
      table.add({tools::as_cell(each.what), tools::as_cell(each.left), tools::as_cell(each.right),
                 each.is_contradiction ? "NO" : "yes"});
    tools::print(table.to_string() + "\n");
  }
  tools::print("entries: " + std::to_string(entries_compared) + " compared, "
               + std::to_string(entries_differing)
               + " differ; rows: " + std::to_string(rows_compared) + " compared, "
               + std::to_string(rows_differing) + " differ\n"
               + (is_equal()          ? "equal\n"
                  : is_contradiction_ ? "they contradict each other\n"
                                      : "they differ, and both can be right\n"));
}

base::status compare_states(storage::state_inspection& left, storage::state_inspection& right,
                            comparison& out) {
  const auto& one = left.facts().meta;
  const auto& other = right.facts().meta;
  bool is_one_place = one.last_applied.index == other.last_applied.index;
  out.compare("last_applied index", std::to_string(one.last_applied.index.value),
              std::to_string(other.last_applied.index.value));
  if (is_one_place)
    out.compare("last_applied term", std::to_string(one.last_applied.term.value),
                std::to_string(other.last_applied.term.value), true);
  out.compare("chain at last_applied", base::to_hex(one.chain), base::to_hex(other.chain),
              is_one_place);
  out.compare("membership at last_applied", summary_of(one.membership),
              summary_of(other.membership), is_one_place);
  out.compare("digest of the state", storage::to_hex(one.digest), storage::to_hex(other.digest),
              is_one_place);
  return compare_rows(left, right, is_one_place, out);
}

} // namespace debug_storage
