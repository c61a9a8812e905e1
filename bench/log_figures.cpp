// SPDX-License-Identifier: Apache-2.0
// Appending to the log: one transaction and one sync a batch, as group commit does it.
#include "bench/bare_lmdb.hpp"
#include "bench/figure.hpp"
#include "bench/workload.hpp"

namespace bench {

namespace {

constexpr std::uint64_t keys = 100'000;
/// Of one turn: the log is not compacted here, and must not outgrow the page cache.
constexpr std::uint64_t entries_a_turn_max = 200'000;

std::unique_ptr<storage::lmdb_log_store> make_log(const std::filesystem::path& path) {
  create_log(path);
  storage::lmdb_log_options options;
  options.path = path.string();
  return required(storage::lmdb_log_store::open(options));
}

/// Entries a second of one turn; `append` writes one batch and times itself.
template <class Append>
double one_turn(const plan& how, std::uint64_t batch, Append&& append) {
  stopwatch watch;
  std::uint64_t written = 0;
  while (watch.spent() < how.turn && written < entries_a_turn_max) {
    append(watch);
    written += batch;
  }
  return watch.per_second(written);
}

/// As large as the store's records of these entries are: key and marks are bare LMDB's own.
std::string record_like(storage::log_store& log) {
  auto sizes = log.sizes();
  return std::string(sizes.entry_bytes / sizes.entries, 'x');
}

figure append_figure(const plan& how, std::uint64_t batch) {
  auto name = std::to_string(batch);
  auto log = make_log(how.directory / ("log-" + name + ".lmdb"));
  bare_appender bare(how.directory / ("log-bare-" + name + ".lmdb"));
  entry_maker maker(log->state().last, log->state().last_chain);
  random_rows rows(keys, 3);

  auto ours = [&] {
    return one_turn(how, batch, [&](stopwatch& watch) {
      storage::log_batch next;
      for (std::uint64_t i = 0; i < batch; ++i)
        next.entries.push_back(
            maker.next({{storage::set_operation{rows.key(), rows.value()}}, {}}));
      // A sole voter's entries are committed by the transaction that holds them.
      next.hard_state = {raft::term{1}, bench_identity().server, next.entries.back().id.index};
      watch.time([&] { required(log->append(next)); });
    });
  };
  auto limit = [&] {
    auto record = record_like(*log);
    return one_turn(how, batch,
                    [&](stopwatch& watch) { watch.time([&] { bare.append(batch, record); }); });
  };
  return take_turns(how,
                    {"log.append_" + name,
                     "log append, " + name + " entries a transaction",
                     "/s",
                     {},
                     "bare LMDB, the same",
                     {}},
                    ours, limit);
}

} // namespace

std::vector<figure> log_figures(const plan& how) {
  std::vector<figure> figures;
  for (std::uint64_t batch : {1, 10, 100, 1000})
    figures.push_back(append_figure(how, batch));
  return figures;
}

} // namespace bench
