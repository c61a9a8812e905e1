// SPDX-License-Identifier: Apache-2.0
#include "storage/entry_applier.hpp"

#include "base/check.hpp"

namespace storage {

namespace {

base::result<entry_effect> effect_of(const raft::entry& entry) {
  switch (entry.kind) {
  case raft::entry_kind::no_op: return entry_effect{};
  case raft::entry_kind::membership: {
    raft::membership members;
    if (!raft::decode(entry.payload.bytes(), members))
      return base::fail(base::errc::corrupt, "membership: damaged payload");
    return entry_effect{std::move(members)};
  }
  case raft::entry_kind::command: {
    auto what = decode_command(entry.payload.bytes());
    if (!what)
      return base::fail(what.error());
    return entry_effect{std::move(*what)};
  }
  }
  return base::fail(base::errc::corrupt,
                    "unknown kind " + std::to_string(static_cast<unsigned>(entry.kind)));
}

const std::string& key_of(const operation& what) {
  return std::visit([](const auto& each) -> const std::string& { return each.key; }, what);
}

bool holds(const precondition& wanted, const std::optional<found_row>& found) {
  if (std::holds_alternative<must_be_absent>(wanted))
    return !found;
  if (std::holds_alternative<must_exist>(wanted))
    return found.has_value();
  if (const auto* at = std::get_if<must_be_at>(&wanted))
    return found && found->mark.mod_revision == at->revision;
  return true;
}

/// Applies the operations of one command at one revision.
class command_applier {
public:
  command_applier(row_table& rows, state_digest& digest, row_changes& changes, revision at)
    : rows_(rows), digest_(digest), changes_(changes), at_(at) {}

  base::result<command_result> run(const command& what) {
    command_done done{at_};
    for (const auto& each : what.operations) {
      auto found = find(key_of(each));
      if (!found)
        return base::fail(found.error());
      if (is_first_ && !holds(what.precondition, *found))
        return command_result{
            precondition_failed{*found ? (*found)->mark.mod_revision : revision{}}};
      is_first_ = false;
      auto changed = change(each, *found, done);
      if (!changed)
        return base::fail(changed.error());
    }
    return command_result{done};
  }

private:
  base::result<std::optional<found_row>> find(const std::string& key) {
    auto found = rows_.find(key);
    // A later operation may meet what an earlier one of the same command wrote.
    BASE_CHECK(!found || !*found || (*found)->mark.mod_revision < at_
                   || (!is_first_ && (*found)->mark.mod_revision == at_),
               "INV-53: a row was changed at a revision that is not before "
                   + std::to_string(at_.value));
    return found;
  }

  base::status change(const operation& what, const std::optional<found_row>& found,
                      command_done& done) {
    if (const auto* set = std::get_if<set_operation>(&what))
      return put(*set, found);
    if (!found)
      return {};
    ++done.rows_deleted;
    count(key_of(what), found->digest, {});
    return rows_.erase(key_of(what));
  }

  base::status put(const set_operation& set, const std::optional<found_row>& found) {
    row_mark mark{at_, at_, 1};
    if (found) {
      mark.create_revision = found->mark.create_revision;
      mark.version = found->mark.version + 1;
    }
    auto digest = row_digest(set.key, mark, set.value);
    count(set.key, found ? found->digest : state_digest{}, digest);
    return found ? rows_.update(set.key, set.value, mark, digest)
                 : rows_.insert(set.key, set.value, mark, digest);
  }

  void count(const std::string& key, const state_digest& before, const state_digest& after) {
    subtract(digest_, before);
    add(digest_, after);
    if (changes_.are_noted())
      changes_.note({at_, key, before, after});
  }

  row_table& rows_;
  state_digest& digest_;
  row_changes& changes_;
  revision at_;
  bool is_first_ = true;
};

} // namespace

void check_continues(const state_meta& meta, const std::vector<raft::entry>& entries,
                     const log_watermark& watermark) {
  auto last = meta.last_applied;
  auto chain = meta.chain;
  for (const auto& entry : entries) {
    BASE_CHECK(entry.id.index == last.index.next(),
               "INV-51: entry " + std::to_string(entry.id.index.value) + " does not follow "
                   + std::to_string(last.index.value));
    BASE_CHECK(entry.id.term >= last.term,
               "INV-52: the term goes back at " + std::to_string(entry.id.index.value));
    chain = raft::next_chain(chain, entry.id, entry.kind, entry.payload.hash());
    BASE_CHECK(entry.chain == chain,
               "INV-52: the chain breaks at " + std::to_string(entry.id.index.value));
    last = entry.id;
  }
  BASE_CHECK(entries.empty() || watermark.committed >= last.index,
             "INV-50: entry " + std::to_string(last.index.value)
                 + " is applied, but the durable commit index is "
                 + std::to_string(watermark.committed.value));
}

void check_watermark_grows(const log_watermark& before, const log_watermark& after) {
  BASE_CHECK(after.write_counter >= before.write_counter && after.committed >= before.committed,
             "INV-68: the log's watermark goes back");
}

base::result<std::vector<entry_effect>> decode_effects(const std::vector<raft::entry>& entries) {
  std::vector<entry_effect> effects;
  effects.reserve(entries.size());
  for (const auto& entry : entries) {
    auto effect = effect_of(entry);
    if (!effect)
      return base::fail(effect.error().within("entry " + std::to_string(entry.id.index.value)));
    effects.push_back(std::move(*effect));
  }
  return effects;
}

base::result<std::vector<command_result>> apply_effects(row_table& rows, state_meta& meta,
                                                        const std::vector<raft::entry>& entries,
                                                        const std::vector<entry_effect>& effects,
                                                        row_changes& changes) {
  BASE_CHECK(entries.size() == effects.size(), "an effect for each entry");
  std::vector<command_result> results;
  results.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    revision at{entries[i].id.index.value};
    command_result outcome = command_done{at};
    if (const auto* members = std::get_if<raft::membership>(&effects[i]))
      meta.membership = *members;
    if (const auto* what = std::get_if<command>(&effects[i])) {
      auto applied = command_applier(rows, meta.digest, changes, at).run(*what);
      if (!applied)
        return base::fail(applied.error());
      outcome = *applied;
    }
    results.push_back(std::move(outcome));
    meta.last_applied = entries[i].id;
    meta.chain = entries[i].chain;
    if (at.value % digest_interval == 0)
      meta.recorded_digest =
          raft::digest_point{entries[i].id.index, digest_version, meta.digest.lanes};
  }
  return results;
}

bool is_latching(base::errc code) {
  return code == base::errc::io || code == base::errc::sync_failed || code == base::errc::corrupt;
}

} // namespace storage
