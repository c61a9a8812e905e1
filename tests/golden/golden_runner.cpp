// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "tests/golden/stage.hpp"
#include "tests/golden/transcript.hpp"

namespace {

constexpr const char* usage =
    "usage: golden_runner [--rewrite] [FILE...]\n"
    "Performs the transcripts (default: tests/golden/*.txt) and compares what the core does now\n"
    "with what is written; --rewrite writes it instead. Commands of a transcript:\n\n";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> default_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator("tests/golden"))
    if (each.path().extension() == ".txt" && each.path().filename() != "CMakeLists.txt")
      files.push_back(each.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Whether the transcript is as it should be, or was written so.
bool run(const std::filesystem::path& path, bool rewrites) {
  golden::stage stage;
  auto told = read_file(path);
  auto retold = golden::retell(told, [&](const std::string& line) {
    try {
      return stage.perform(line);
    } catch (const std::exception& failure) {
      throw std::runtime_error(path.string() + ": " + line + ": " + failure.what());
    }
  });
  bool is_broken = retold.find("\nBROKEN ") != std::string::npos;
  if (is_broken)
    std::cout << path.string() << ": an invariant broke\n";
  auto difference = golden::first_difference(told, retold);
  if (rewrites && difference) {
    std::ofstream(path, std::ios::binary) << retold;
    std::cout << path.string() << ": rewritten\n";
    return !is_broken;
  }
  if (difference)
    std::cout << path.string() << ": " << *difference << "\n";
  return !is_broken && !difference;
}

} // namespace

int main(int argument_count, char** arguments) {
  bool rewrites = false;
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argument_count; ++i)
    if (std::strcmp(arguments[i], "--rewrite") == 0)
      rewrites = true;
    else if (arguments[i][0] == '-')
      return std::cout << usage << golden::help_text, std::strcmp(arguments[i], "--help") != 0;
    else
      files.emplace_back(arguments[i]);
  try {
    if (files.empty())
      files = default_files();
    auto failed = std::count_if(files.begin(), files.end(),
                                [&](const auto& path) { return !run(path, rewrites); });
    std::cout << files.size() << " transcripts, " << failed << " not as they should be\n";
    return failed == 0 && !files.empty() ? 0 : 1;
  } catch (const std::exception& failure) {
    std::cout << "golden_runner: " << failure.what() << "\n";
    return 1;
  }
}
