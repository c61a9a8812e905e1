// SPDX-License-Identifier: Apache-2.0

// The simulator as a program: scripts/dev sim.

#include <chrono>
#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

#include "tests/sim/cluster.hpp"
#include "tests/support/history_json.hpp"

#ifdef ASPEN_PLANT_BUGS
raft::planted_bug raft::chosen_bug = raft::planted_bug::none;
#endif

namespace {

struct options {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  std::uint64_t servers = 0;
  std::uint64_t storm_seconds = 45;
  std::string planted;
  bool is_traced = false;
  bool is_listing = false;
  bool stops_at_first = false;
  bool prints_history = false;
};

void define(CLI::App& app, options& given) {
  app.add_option("seed", given.seed, "The first seed");
  app.add_option("--count", given.count, "How many seeds from there on");
  app.add_option("--servers", given.servers, "3, 5 or 7; by default the seed decides");
  app.add_option("--seconds", given.storm_seconds, "Simulated length of the storm");
  app.add_option("--plant", given.planted, "A planted bug, by name");
  app.add_flag("--until-failure", given.stops_at_first, "Stop at the first seed that fails");
  app.add_flag("--list", given.is_listing, "Name the planted bugs");
  app.add_flag("--trace", given.is_traced, "Print everything that happens");
  app.add_flag("--history", given.prints_history, "Print what clients saw as JSON lines");
}

std::string replay_command(const options& given, std::uint64_t seed) {
  auto text = "scripts/dev sim " + std::to_string(seed);
  if (given.servers != 0)
    text += " --servers " + std::to_string(given.servers);
  if (given.storm_seconds != options{}.storm_seconds)
    text += " --seconds " + std::to_string(given.storm_seconds);
  if (!given.planted.empty())
    text += " --plant " + given.planted;
  return text;
}

/// False when nobody knows that bug, or this build does not carry it.
bool plant(const std::string& name, sim::settings& what) {
  for (const auto& each : sim::planted_bugs())
    if (each.name == name) {
      what.planted = each.outside;
#ifdef ASPEN_PLANT_BUGS
      raft::chosen_bug = each.inside;
      return true;
#else
      return each.inside == raft::planted_bug::none;
#endif
    }
  return false;
}

struct sums {
  std::uint64_t simulated = 0;
  std::uint64_t steps = 0;
  std::uint64_t elections = 0;
  std::uint64_t committed = 0;
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t crashes = 0;
  std::uint64_t partitions = 0;
};

bool run_one(const options& given, sim::settings what, sums& all) {
  sim::cluster cluster(what);
  auto found = cluster.run();
  all.simulated += found.at;
  all.steps += found.steps;
  all.elections += found.elections;
  all.committed += found.committed;
  all.writes += found.writes_done;
  all.reads += found.reads_done;
  all.crashes += found.crashes;
  all.partitions += found.partitions;
  if (given.prints_history)
    for (const auto& each : cluster.history())
      std::cout << linearizability::to_json(each) << '\n';
  if (found.is_ok)
    return true;
  std::cout << "seed " << what.seed << ", " << found.servers << " servers, after "
            << static_cast<double>(found.at) / sim::second << " s: " << found.why
            << "\nreplay with: " << replay_command(given, what.seed) << std::endl;
  return false;
}

void print(const sums& all, std::uint64_t seeds, double elapsed) {
  auto simulated = static_cast<double>(all.simulated) / sim::second;
  std::cout << seeds << " seeds, " << simulated << " s simulated in " << elapsed << " s ("
            << simulated / elapsed << " times real time), " << all.steps << " steps, "
            << all.elections << " elections, " << all.committed << " entries committed, "
            << all.writes << " writes, " << all.reads << " reads, " << all.crashes << " crashes, "
            << all.partitions << " partitions" << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Lives of whole clusters on simulated time, network and disks"};
  options given;
  define(app, given);
  CLI11_PARSE(app, argc, argv);
  if (given.is_listing) {
    for (const auto& each : sim::planted_bugs())
      std::cout << each.name << '\n';
    return 0;
  }
  sim::settings what;
  what.servers = given.servers;
  what.storm = given.storm_seconds * sim::second;
  what.trace = given.is_traced ? &std::cout : nullptr;
  if (!given.planted.empty() && !plant(given.planted, what)) {
    std::cerr << "sim: this build does not carry a bug called " << given.planted << '\n';
    return 2;
  }
  sums all;
  std::uint64_t failed = 0;
  auto began = std::chrono::steady_clock::now();
  std::uint64_t lived = 0;
  for (; lived < given.count && (failed == 0 || !given.stops_at_first); ++lived) {
    what.seed = given.seed + lived;
    failed += run_one(given, what, all) ? 0 : 1;
  }
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
  print(all, lived, elapsed.count());
  if (failed != 0)
    std::cout << failed << " seeds failed" << std::endl;
  return failed == 0 ? 0 : 1;
}
