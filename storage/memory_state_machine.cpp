// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_state_machine.hpp"

#include <mutex>
#include <shared_mutex>

#include "storage/entry_applier.hpp"
#include "storage/key_range.hpp"

namespace storage {

namespace {

using contents = memory_state_machine::contents;
using stored_row = memory_row;

class map_table final : public row_table {
public:
  explicit map_table(contents& all) : rows_(all.rows) {}

  base::result<std::optional<found_row>> find(std::string_view key) override {
    auto found = rows_.find(key);
    if (found == rows_.end())
      return std::nullopt;
    return found_row{found->second.mark, found->second.digest};
  }
  base::status insert(std::string_view key, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    rows_.insert_or_assign(std::string(key), stored_row{base::bytes(value), mark, digest});
    return {};
  }
  base::status update(std::string_view key, base::byte_view value, const row_mark& mark,
                      const state_digest& digest) override {
    return insert(key, value, mark, digest);
  }
  base::status erase(std::string_view key) override {
    rows_.erase(rows_.find(key));
    return {};
  }

private:
  memory_rows& rows_;
};

row row_from(const std::string& key, const stored_row& stored, bool key_only) {
  return {key, key_only ? base::bytes() : stored.value, stored.mark.create_revision,
          stored.mark.mod_revision, stored.mark.version};
}

class memory_reader final : public state_reader {
public:
  explicit memory_reader(std::shared_ptr<contents> all) : all_(std::move(all)) {}

  base::result<get_result> get(std::string_view key) override {
    std::shared_lock lock(all_->guard);
    return find(key);
  }

  base::result<std::vector<get_result>> get_many(const std::vector<std::string>& keys) override {
    std::shared_lock lock(all_->guard);
    std::vector<get_result> results;
    results.reserve(keys.size());
    for (const auto& key : keys)
      results.push_back(find(key));
    return results;
  }

  base::result<scan_page> scan(const scan_request& request) override {
    auto range = range_of(request);
    std::shared_lock lock(all_->guard);
    scan_page page;
    page.at = all_->meta.last_applied.index;
    if (range.is_empty())
      return page;
    page_filler filler(request, page);
    auto at = range.low_is_excluded ? all_->rows.upper_bound(range.low)
                                    : all_->rows.lower_bound(range.low);
    for (; at != all_->rows.end() && (!range.high || at->first < *range.high); ++at) {
      if (!filler.has_room(at->first.size() + (request.keys_only ? 0 : at->second.value.size())))
        break;
      filler.take(row_from(at->first, at->second, request.keys_only));
    }
    return page;
  }

  /// A read of memory ends by itself.
  void interrupt() override {}

private:
  get_result find(std::string_view key) const {
    get_result result{std::nullopt, all_->meta.last_applied.index};
    auto found = all_->rows.find(key);
    if (found != all_->rows.end())
      result.found = row_from(found->first, found->second, false);
    return result;
  }

  std::shared_ptr<contents> all_;
};

} // namespace

memory_state_machine::memory_state_machine(const storage::identity& identity)
  : identity_(identity), contents_(std::make_shared<contents>()) {
  contents_->meta.chain = raft::chain_seed(identity.cluster_id);
}

base::result<std::vector<command_result>> memory_state_machine::apply(
    const std::vector<raft::entry>& entries, const log_watermark& watermark) {
  if (is_given_up_)
    return base::fail(base::errc::unsupported, "the state machine was given up to be replaced");
  check_continues(meta(), entries, watermark);
  check_watermark_grows(watermark_, watermark);
  auto effects = decode_effects(entries);
  if (!effects)
    return base::fail(effects.error().within("apply"));
  std::unique_lock lock(contents_->guard);
  map_table rows(*contents_);
  // The table cannot fail, so that nothing needs to be taken back.
  auto results = apply_effects(rows, contents_->meta, entries, *effects, changes_);
  changes_.committed();
  watermark_ = watermark;
  return results;
}

base::result<std::unique_ptr<state_reader>> memory_state_machine::open_reader() {
  return std::make_unique<memory_reader>(contents_);
}

base::status memory_state_machine::record_outvoted(const raft::state_outvote&) {
  is_given_up_ = true;
  return base::fail(base::errc::unsupported, "nothing of the inmemory backend outlives the node");
}

base::result<checkpoint_report> memory_state_machine::checkpoint(checkpoint_mode) {
  return base::fail(base::errc::unsupported, "the inmemory backend has no WAL");
}

base::result<bool> memory_state_machine::restart_wal() {
  return base::fail(base::errc::unsupported, "the inmemory backend has no WAL");
}

namespace {

class memory_snapshot_source final : public snapshot_source {
public:
  memory_snapshot_source(const base::uuid& cluster_id, std::shared_ptr<contents> all)
    : cluster_id_(cluster_id), all_(std::move(all)) {}

  base::result<snapshot_report> write(const std::string& to, const snapshot_watch& watch) override {
    // Copied first: the writer must not wait for a disk.
    std::shared_lock lock(all_->guard);
    memory_state copy{cluster_id_, all_->meta, all_->rows};
    lock.unlock();
    return write_memory_snapshot(copy, to, watch);
  }

private:
  base::uuid cluster_id_;
  std::shared_ptr<contents> all_;
};

} // namespace

memory_state_machine::memory_state_machine(const storage::identity& identity, memory_state state)
  : memory_state_machine(identity) {
  contents_->meta = std::move(state.meta);
  contents_->rows = std::move(state.rows);
}

std::unique_ptr<snapshot_source> memory_state_machine::open_snapshots() {
  return std::make_unique<memory_snapshot_source>(identity_.cluster_id, contents_);
}

base::status memory_state_machine::give_up() {
  is_given_up_ = true;
  return {};
}

base::result<std::optional<state_digest>> memory_state_machine::verify_rows(
    const std::function<bool()>& keep_going) {
  constexpr std::size_t rows_between_questions = 4096;
  std::shared_lock lock(contents_->guard);
  state_digest sum;
  std::size_t count = 0;
  for (const auto& [key, stored] : contents_->rows) {
    if (count++ % rows_between_questions == 0 && !keep_going())
      return std::nullopt;
    auto digest = row_digest(key, stored.mark, stored.value);
    if (digest != stored.digest)
      return base::fail(base::errc::corrupt, "INV-56: a row does not match its digest: " + key);
    add(sum, digest);
  }
  if (sum != contents_->meta.digest)
    return base::fail(base::errc::corrupt, "INV-56: the digest of all rows is " + to_hex(sum)
                                               + ", the recorded one is "
                                               + to_hex(contents_->meta.digest));
  return sum;
}

} // namespace storage
