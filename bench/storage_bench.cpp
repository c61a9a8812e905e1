// SPDX-License-Identifier: Apache-2.0
// In-process figures of the stores and the reader pool, each beside the bare engine:
// ours, limit, ratio. bench/run runs it with --json and adds the aims.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <functional>
#include <iostream>
#include <map>

#include "bench/figure.hpp"

namespace {

struct arguments {
  std::string directory = ".";
  std::vector<std::string> only;
  int rounds = 3;
  unsigned turn_ms = 2500;
  std::uint64_t snapshot_keys = 1'000'000;
  bool as_json = false;
};

const std::vector<
    std::pair<std::string, std::function<std::vector<bench::figure>(const bench::plan&)>>>
    groups{{"reads", bench::read_figures},
           {"batch", bench::batch_figures},
           {"snapshot", bench::snapshot_figures},
           {"log", bench::log_figures}};

/// A directory below the given one that goes with all it holds.
class scratch {
public:
  explicit scratch(const std::string& parent) {
    auto name = (std::filesystem::absolute(parent) / "storage-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("cannot make a directory in " + parent);
    path_ = name;
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

void print(const bench::figure& each, bool as_json) {
  if (as_json) {
    std::cout << nlohmann::json{{"id", each.id},     {"what", each.what},     {"unit", each.unit},
                                {"ours", each.ours}, {"beside", each.beside}, {"other", each.other}}
              << '\n'
              << std::flush;
    return;
  }
  auto ours = bench::median(each.ours);
  auto other = bench::median(each.other);
  std::printf("%-66s %12.0f%s  %-36s %12.0f%s  ratio %.2f\n", each.what.c_str(), ours,
              each.unit.c_str(), each.beside.c_str(), other, each.unit.c_str(), ours / other);
  std::fflush(stdout);
}

void run(const arguments& chosen) {
  for (const auto& [name, figures] : groups) {
    if (!chosen.only.empty()
        && std::find(chosen.only.begin(), chosen.only.end(), name) == chosen.only.end())
      continue;
    scratch directory(chosen.directory);
    bench::plan how{directory.path(), chosen.rounds, std::chrono::milliseconds(chosen.turn_ms),
                    chosen.snapshot_keys};
    for (const auto& each : figures(how))
      print(each, chosen.as_json);
  }
}

} // namespace

int main(int count, char** words) {
  arguments chosen;
  CLI::App app{"In-process figures of Aspen's stores and reader pool beside the bare engines"};
  app.add_option("group", chosen.only, "reads, batch, snapshot, log; default: all")
      ->check(CLI::IsMember({"reads", "batch", "snapshot", "log"}));
  app.add_option("--dir", chosen.directory,
                 "where the data goes for the time of the run, on a real disk");
  app.add_option("--rounds", chosen.rounds, "turns each side takes")->check(CLI::Range(1, 1000));
  app.add_option("--turn-ms", chosen.turn_ms, "length of a turn")->check(CLI::Range(1, 600'000));
  app.add_option("--snapshot-keys", chosen.snapshot_keys, "keys of the snapshot")
      ->check(CLI::Range(1, 100'000'000));
  app.add_flag("--json", chosen.as_json, "one JSON object a line, with all samples");
  CLI11_PARSE(app, count, words);
  try {
    run(chosen);
  } catch (const std::exception& why) {
    std::cerr << "error: " << why.what() << '\n';
    return 1;
  }
}
