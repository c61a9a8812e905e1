// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>
#include <utility>

#include "node/settings_loader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// A configuration put together from a file, variables and flags.
class configuration {
public:
  configuration& file(const std::string& text) {
    std::ofstream(path()) << text;
    sources_.file = path();
    return *this;
  }
  configuration& variable(std::string name, std::string value) {
    sources_.environment.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  configuration& flag(const std::string& key, std::string name, std::string value) {
    sources_.flags[key] = {std::move(name), std::move(value)};
    return *this;
  }

  /// What it comes to; the test fails when it is refused.
  node::loaded_settings load() const {
    auto loaded = node::load_settings(sources_);
    if (!loaded)
      FAIL(all_lines(loaded.error()));
    return *loaded;
  }
  /// Every problem, one a line; the test fails when there is none.
  std::string problems() const {
    auto loaded = node::load_settings(sources_);
    if (loaded)
      FAIL("the configuration was accepted");
    return all_lines(loaded.error());
  }

  std::string path() const { return (directory_ / "aspen.toml").string(); }

private:
  static std::string all_lines(const node::setting_problems& problems) {
    std::string lines;
    for (const auto& each : problems)
      lines += each.line() + "\n";
    return lines;
  }

  temp_dir directory_{"configuration"};
  node::setting_sources sources_;
};

} // namespace tests
