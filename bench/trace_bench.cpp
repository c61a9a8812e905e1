// SPDX-License-Identifier: Apache-2.0
// trace_bench [--rounds N]: what recording one event costs, on one thread and on as many as there
// are cores. One JSON object a line, as storage_bench prints them.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "trace/note.hpp"

namespace {

constexpr std::size_t ring_bytes = std::size_t{16} << 20;
constexpr std::uint64_t events_a_turn = 2'000'000;

/// What the process has used of its processors: other work on the machine does not count.
std::uint64_t cpu_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000
         + static_cast<std::uint64_t>(used.tv_nsec);
}

/// Nanoseconds of processor time an event, the clock read for each as an actor does.
double turn(trace::recorder& recorder, unsigned threads) {
  auto name = recorder.id_of("raft");
  std::vector<std::thread> writers;
  auto began = cpu_ns();
  for (unsigned i = 0; i < threads; ++i)
    writers.emplace_back([&] {
      for (std::uint64_t n = 0; n < events_a_turn; ++n)
        trace::note(&recorder, trace::event_kind::raft, name, name, n);
    });
  for (auto& each : writers)
    each.join();
  return static_cast<double>(cpu_ns() - began) / static_cast<double>(events_a_turn * threads);
}

void print(const char* id, const char* what, const std::vector<double>& samples) {
  std::string list;
  for (auto each : samples)
    list += (list.empty() ? "" : ", ") + std::to_string(each);
  std::printf("{\"id\": \"%s\", \"what\": \"%s\", \"unit\": \"ns\", \"ours\": [%s]}\n", id, what,
              list.c_str());
}

} // namespace

int main(int count, char** words) {
  int rounds = 3;
  CLI::App app{"What the flight recorder takes to record an event"};
  app.add_option("--rounds", rounds, "turns")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, count, words);
  try {
    auto memory = trace::ring_memory::in_memory(ring_bytes);
    if (!memory)
      throw std::runtime_error(to_string(memory.error()));
    trace::recorder recorder(std::move(*memory), {});
    auto cores = std::max(2U, std::thread::hardware_concurrency());
    std::vector<double> alone, together;
    for (int i = 0; i < rounds; ++i) {
      alone.push_back(turn(recorder, 1));
      together.push_back(turn(recorder, cores));
    }
    print("trace.event", "one event, one thread", alone);
    print("trace.event.cores", "one event, a thread on each core", together);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "error: %s\n", why.what());
    return 1;
  }
}
