// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_reader.hpp"

#include <atomic>
#include <utility>

#include "storage/key_range.hpp"
#include "storage/lmdb_rows.hpp"

namespace storage {

namespace {

row row_from(std::string_view key, const lmdb_row& stored, bool key_only) {
  return {std::string(key), key_only ? base::bytes() : base::bytes(stored.value),
          stored.mark.create_revision, stored.mark.mod_revision, stored.mark.version};
}

base::status check(std::string_view key, const lmdb_row& stored) {
  if (stored.digest == row_digest(key, stored.mark, stored.value))
    return {};
  return base::fail(base::errc::corrupt,
                    "INV-56: a row does not match its digest: " + std::string(key.substr(0, 100)));
}

class lmdb_reader final : public state_reader {
public:
  lmdb_reader(std::shared_ptr<lmdb_environment> environment, const lmdb_state_tables& tables)
    : environment_(std::move(environment)), tables_(tables) {}

  base::result<get_result> get(std::string_view key) override {
    auto results = get_many({std::string(key)});
    if (!results)
      return base::fail(results.error());
    return std::move(results->front());
  }

  base::result<std::vector<get_result>> get_many(const std::vector<std::string>& keys) override {
    is_interrupted_ = false;
    auto transaction = environment_->begin_read();
    if (!transaction)
      return base::fail(transaction.error());
    auto at = last_applied(*transaction);
    if (!at)
      return base::fail(at.error());
    std::vector<get_result> results;
    results.reserve(keys.size());
    for (const auto& key : keys) {
      auto found = find(*transaction, key);
      if (!found)
        return base::fail(found.error().within("get"));
      results.push_back({std::move(*found), *at});
    }
    return results;
  }

  base::result<scan_page> scan(const scan_request& request) override {
    is_interrupted_ = false;
    auto transaction = environment_->begin_read();
    if (!transaction)
      return base::fail(transaction.error());
    auto at = last_applied(*transaction);
    if (!at)
      return base::fail(at.error());
    scan_page page;
    page.at = *at;
    auto range = range_of(request);
    if (range.is_empty())
      return page;
    if (auto read = read_page(*transaction, range, request, page); !read)
      return base::fail(read.error().within("scan"));
    return page;
  }

  void interrupt() override { is_interrupted_ = true; }

private:
  base::result<raft::log_index> last_applied(lmdb_transaction& transaction) const {
    auto text = transaction.get(tables_.meta, last_applied_key);
    if (!text)
      return base::fail(text.error());
    auto id = last_applied_from(text->value_or(""));
    if (!id)
      return base::fail(base::errc::corrupt, "last_applied_log cannot be read");
    return id->index;
  }

  base::result<std::optional<row>> find(lmdb_transaction& transaction, std::string_view key) {
    if (is_interrupted_)
      return base::fail(base::errc::interrupted, "interrupted");
    auto found = lmdb_rows(transaction, tables_.rows).find(key);
    if (!found)
      return base::fail(found.error());
    if (!*found)
      return std::nullopt;
    if (auto checked = check(key, **found); !checked)
      return base::fail(checked.error());
    return row_from(key, **found, false);
  }

  base::status read_page(lmdb_transaction& transaction, const key_range& range,
                         const scan_request& request, scan_page& page) {
    page_filler filler(request, page);
    auto visit = [&](std::string_view key, const lmdb_row& stored) -> base::result<bool> {
      if (is_interrupted_)
        return base::fail(base::errc::interrupted, "interrupted");
      if (range.low_is_excluded && key == range.low)
        return true;
      if (range.high && key >= *range.high)
        return false;
      if (!filler.has_room(key.size() + (request.keys_only ? 0 : stored.value.size())))
        return false;
      if (!request.keys_only)
        if (auto checked = check(key, stored); !checked)
          return base::fail(checked.error());
      filler.take(row_from(key, stored, request.keys_only));
      return true;
    };
    return lmdb_rows(transaction, tables_.rows).for_each(range.low, visit);
  }

  std::shared_ptr<lmdb_environment> environment_;
  lmdb_state_tables tables_;
  std::atomic<bool> is_interrupted_{false};
};

} // namespace

std::unique_ptr<state_reader> make_lmdb_reader(std::shared_ptr<lmdb_environment> environment,
                                               const lmdb_state_tables& tables) {
  return std::make_unique<lmdb_reader>(std::move(environment), tables);
}

} // namespace storage
