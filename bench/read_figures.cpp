// SPDX-License-Identifier: Apache-2.0
// Point reads through the reader pool, beside prepared reads with nothing around them.
#include <atomic>
#include <thread>

#include <caf/send.hpp>

#include "bench/bare_sqlite.hpp"
#include "bench/figure.hpp"
#include "bench/reader_group.hpp"
#include "bench/workload.hpp"

namespace bench {

namespace {

constexpr std::uint64_t keys = 100'000;
constexpr std::size_t callers = 10;
/// What one HTTP worker has under way at a time under load: its reads travel in one message.
constexpr std::size_t reads_together = 16;
constexpr std::chrono::seconds answer_patience{10};

/// Reads a second of `count` threads, each of which calls `make(number)` for a function
/// that reads once and answers how many rows it got.
template <class Make>
double run_threads(const plan& how, std::size_t count, Make&& make) {
  std::atomic<std::uint64_t> reads{0};
  std::atomic<bool> is_failed{false};
  auto began = clock::now();
  auto body = [&](std::size_t number) {
    try {
      auto read = make(number);
      std::uint64_t mine = 0;
      while (clock::now() - began < how.turn)
        mine += read();
      reads += mine;
    } catch (const std::exception& why) {
      progress(why.what());
      is_failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back(body, i);
  for (auto& each : threads)
    each.join();
  if (is_failed)
    throw std::runtime_error("a reading thread failed");
  return static_cast<double>(reads) / std::chrono::duration<double>(clock::now() - began).count();
}

/// A thread that asks the pool and waits for all answers before it asks again.
class caller {
public:
  caller(actors::reader_pool_handle pool, std::size_t together, std::uint64_t seed)
    : pool_(std::move(pool)), slots_(together), rows_(keys, seed) {}

  std::uint64_t operator()() {
    ask();
    for (const auto& each : slots_)
      check(*each);
    return slots_.size();
  }

private:
  using slot = actors::slot<actors::query_result>;

  void ask() {
    auto reads = std::make_shared<std::vector<actors::pooled_read>>();
    for (auto& each : slots_) {
      each = std::make_shared<slot>(asker_);
      reads->push_back({rows_.key(), {}, actors::reply_to<actors::query_result>(each), now_ns()});
    }
    caf::anon_send(pool_, actors::read_batch{std::move(reads)});
  }

  void check(slot& where) {
    if (!asker_->wait_for(where, answer_patience))
      throw std::runtime_error("the pool did not answer");
    auto answer = where.take();
    if (!answer)
      throw std::runtime_error("the pool refused: " + answer.error().text);
    if (!std::get<storage::get_result>(*answer).found)
      throw std::runtime_error("the pool does not find a key that is there");
  }

  static std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now().time_since_epoch())
            .count());
  }

  actors::reader_pool_handle pool_;
  std::shared_ptr<actors::blocking_asker> asker_ = actors::blocking_asker::make();
  std::vector<std::shared_ptr<slot>> slots_;
  random_rows rows_;
};

auto through(const plan& how, const actors::reader_pool_handle& pool, std::size_t together) {
  return [&how, pool, together] {
    return run_threads(how, callers,
                       [&](std::size_t number) { return caller(pool, together, number); });
  };
}

auto bare(const plan& how, const std::filesystem::path& state, std::size_t threads) {
  return [&how, state, threads] {
    return run_threads(how, threads, [&](std::size_t number) {
      return [reader = std::make_shared<bare_reader>(state),
              rows = random_rows(keys, number)]() mutable {
        return reader->read(rows.key()) == value_bytes ? 1u : 0u;
      };
    });
  };
}

} // namespace

std::vector<figure> read_figures(const plan& how) {
  auto state = how.directory / "reads.db";
  auto log = how.directory / "reads.lmdb";
  progress("filling 100,000 keys");
  make_filled_state(state, keys).reset();
  create_log(log);
  reader_group group(log, state);
  auto pool_10 = group.add_pool(10);
  auto pool_1 = group.add_pool(1);

  auto ten = take_turns(how,
                        {"reads.pool_10",
                         "reads through the pool, 10 callers, pool 10",
                         "/s",
                         {},
                         "bare SQLite, 10 threads",
                         {}},
                        through(how, pool_10, 1), bare(how, state, 10));
  auto one = take_turns(how,
                        {"reads.pool_1",
                         "reads through the pool, 10 callers, pool 1",
                         "/s",
                         {},
                         "bare SQLite, 1 thread",
                         {}},
                        through(how, pool_1, 1), bare(how, state, 1));
  auto both = take_turns(
      how, {"reads.pool_10_beside_1", "the same, pool 10 beside pool 1", "/s", {}, "pool 1", {}},
      through(how, pool_10, 1), through(how, pool_1, 1));
  auto together = take_turns(how,
                             {"reads.pool_10_together",
                              "reads through the pool, 10 callers with 16 reads each under way",
                              "/s",
                              {},
                              "bare SQLite, 10 threads",
                              {}},
                             through(how, pool_10, reads_together), bare(how, state, 10));
  return {ten, one, both, together};
}

} // namespace bench
