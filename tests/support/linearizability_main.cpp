// SPDX-License-Identifier: Apache-2.0

// check_history [FILE]: judges a history of JSON lines (tests/support/history_json.hpp), from
// standard input without FILE. Status 0: linearizable; 1: not, or undecided; 2: not a history.

#include <fstream>
#include <iostream>

#include "tests/support/history_json.hpp"

namespace {

int judge(std::istream& in) {
  auto history = linearizability::read_history(in);
  if (!history) {
    std::cerr << "check_history: " << to_string(history.error()) << '\n';
    return 2;
  }
  auto found = linearizability::judge(*history);
  if (found.what == linearizability::verdict::linearizable) {
    std::cout << "linearizable: " << found.operations << " operations judged, at most "
              << found.most_states << " explanations at a time\n";
    return 0;
  }
  std::cout << (found.what == linearizability::verdict::violated ? "not linearizable: "
                                                                 : "undecided: ")
            << found.why << '\n';
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::string_view(argv[1]).starts_with("--"))) {
    std::cerr << "usage: check_history [FILE]\n";
    return 2;
  }
  if (argc < 2)
    return judge(std::cin);
  std::ifstream file(argv[1]);
  if (!file) {
    std::cerr << "check_history: cannot read " << argv[1] << '\n';
    return 2;
  }
  return judge(file);
}
