// SPDX-License-Identifier: Apache-2.0
// Batches of 100 keys, each its own transaction: what POST /v1/batch costs the state machine.
#include "bench/bare_sqlite.hpp"
#include "bench/figure.hpp"
#include "bench/workload.hpp"

namespace bench {

namespace {

constexpr std::uint64_t keys = 200'000;
constexpr std::uint64_t keys_a_batch = 100;

using plain_rows = std::vector<std::pair<std::string, std::string>>;

plain_rows make_rows(random_rows& from) {
  plain_rows rows;
  for (std::uint64_t i = 0; i < keys_a_batch; ++i)
    rows.emplace_back(from.key(), from.value());
  return rows;
}

/// Keys a second of one turn; `write` is given the rows and times itself.
template <class Write>
double one_turn(const plan& how, random_rows& rows, Write&& write) {
  stopwatch watch;
  std::uint64_t written = 0;
  while (watch.spent() < how.turn) {
    write(make_rows(rows), watch);
    written += keys_a_batch;
  }
  return watch.per_second(written);
}

void fill(bare_table& table) {
  random_rows values(keys, 1);
  for (std::uint64_t next = 0; next < keys;) {
    plain_rows rows;
    for (auto end = next + 1000; next < end; ++next)
      rows.emplace_back(key_of(next), values.value());
    table.upsert(rows);
  }
}

} // namespace

std::vector<figure> batch_figures(const plan& how) {
  progress("filling 200,000 keys");
  auto state = make_filled_state(how.directory / "batch-ours.db", keys);
  auto maker = maker_after(*state);
  bare_table table(how.directory / "batch-bare.db");
  fill(table);
  random_rows rows(keys, 2);

  auto ours = [&] {
    return one_turn(how, rows, [&](plain_rows batch, stopwatch& watch) {
      storage::command what;
      for (auto& [key, value] : batch)
        what.operations.push_back(storage::set_operation{std::move(key), std::move(value)});
      std::vector<raft::entry> entries{maker.next(what)};
      watch.time([&] {
        apply_committed(*state, entries);
        checkpoint_when_due(*state);
      });
    });
  };
  auto bare = [&] {
    return one_turn(how, rows, [&](const plain_rows& batch, stopwatch& watch) {
      watch.time([&] { table.upsert(batch); });
    });
  };
  return {take_turns(how,
                     {"batch.apply",
                      "batch of 100 random keys, applied, in keys",
                      "/s",
                      {},
                      "bare SQLite, 100 keys a transaction",
                      {}},
                     ours, bare)};
}

} // namespace bench
