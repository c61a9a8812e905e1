// SPDX-License-Identifier: Apache-2.0
#include "node/settings_loader.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/check.hpp"
#include "node/setting_assign.hpp"
#include "node/settings_file.hpp"
#include "node/settings_rules.hpp"

namespace node {

namespace {

using layer = value_origin::layer;

/// The short name that `log.filter` has beside its regular one.
constexpr std::string_view filter_variable = "ASPEN_LOG";

/// `text` with {node_id} and {data_dir} replaced by what is configured.
std::string fill_in(std::string_view text, const settings& values) {
  std::string filled(text);
  auto replace = [&filled](std::string_view name, const std::string& by) {
    if (auto at = filled.find(name); at != std::string::npos)
      filled.replace(at, name.size(), by);
  };
  replace("{node_id}", std::to_string(values.cluster.node_id));
  replace("{data_dir}", values.cluster.data_dir);
  return filled;
}

class loader {
public:
  explicit loader(const setting_sources& sources) : sources_(sources) {}

  tl::expected<loaded_settings, setting_problems> load() {
    for (const auto& each : all_keys())
      result_.origins[each.full_name()] = {};
    if (sources_.file)
      take_file(*sources_.file);
    take_environment();
    take_flags();
    take_defaults();
    // Rules between values are worth checking only when each value is good.
    if (problems_.empty())
      check_settings(result_, problems_);
    if (!problems_.empty())
      return tl::unexpected<setting_problems>(std::move(problems_));
    return std::move(result_);
  }

private:
  /// Fills what no layer set; last, because some defaults refer to other values, which
  /// stand before them in the table.
  void take_defaults() {
    for (const auto& each : all_keys())
      if (result_.origins[each.full_name()].from == layer::standard) {
        auto assigned =
            assign(each, result_.values, plain_text{fill_in(each.default_text, result_.values)});
        BASE_CHECK(assigned, "INV-120: the default of " + each.full_name() + " is a good value");
      }
  }

  void take(const key_spec& key, const raw_value& value, value_origin origin) {
    auto assigned = assign(key, result_.values, value);
    if (assigned)
      result_.origins[key.full_name()] = std::move(origin);
    else
      problems_.push_back({origin.text(), assigned.error().within(key.full_name()).text});
  }

  void take_file(const std::string& path) {
    for (const auto& each : read_settings_file(path, problems_))
      take(*each.key, each.value, {layer::file, path, each.line});
  }

  void take_environment() {
    const auto& variables = sources_.environment;
    for (const auto& each : all_keys()) {
      auto name = each.environment_name();
      auto found = std::ranges::find(variables, name, &std::pair<std::string, std::string>::first);
      if (found != variables.end())
        take(each, plain_text{found->second}, {layer::environment, name});
    }
    for (const auto& [name, value] : variables)
      if (name == filter_variable)
        take(*find_key("log", "filter"), plain_text{value}, {layer::environment, name});
    for (const auto& [name, value] : variables)
      warn_if_unknown(name);
  }

  void warn_if_unknown(const std::string& name) {
    std::vector<std::string> known{std::string(filter_variable)};
    for (const auto& each : all_keys())
      known.push_back(each.environment_name());
    if (std::ranges::find(known, name) != known.end())
      return;
    auto near = nearest(name, known);
    result_.warnings.push_back(
        {name, "no setting has this variable"
                   + (near.empty() ? std::string() : fmt::format("; nearest: {}", near))});
  }

  void take_flags() {
    for (const auto& each : all_keys()) {
      auto found = sources_.flags.find(each.full_name());
      if (found != sources_.flags.end())
        take(each, plain_text{found->second.second}, {layer::command_line, found->second.first});
    }
  }

  const setting_sources& sources_;
  loaded_settings result_;
  setting_problems problems_;
};

} // namespace

std::string value_origin::text() const {
  switch (from) {
  case layer::standard: return "default";
  case layer::file: return fmt::format("{}:{}", name, line);
  default: return name;
  }
}

std::string setting_problem::line() const {
  return where.empty() ? text : where + ": " + text;
}

std::string loaded_settings::summary() const {
  std::array<std::size_t, 4> counts{};
  std::string file;
  for (const auto& [key, origin] : origins) {
    ++counts[static_cast<std::size_t>(origin.from)];
    if (origin.from == layer::file)
      file = origin.name;
  }
  std::string text;
  auto append = [&](layer from, std::string_view name) {
    if (auto count = counts[static_cast<std::size_t>(from)])
      text += fmt::format("{} from {}, ", count, name);
  };
  append(layer::command_line, "the command line");
  append(layer::environment, "the environment");
  append(layer::file, file);
  return text + fmt::format("{} defaults", counts[0]);
}

tl::expected<loaded_settings, setting_problems> load_settings(const setting_sources& sources) {
  return loader(sources).load();
}

std::vector<std::pair<std::string, std::string>> aspen_environment() {
  std::vector<std::pair<std::string, std::string>> found;
  for (char** each = environ; each && *each; ++each) {
    std::string_view variable(*each);
    auto equals = variable.find('=');
    if (variable.starts_with("ASPEN_") && equals != std::string_view::npos)
      found.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return found;
}

std::vector<member> cluster_settings::founders() const {
  std::vector<member> found;
  for (const auto& each : initial_members)
    found.push_back(parse_member(each).value());
  std::ranges::sort(found, {}, &member::id);
  return found;
}

storage::store_paths store_paths_of(const settings& all) {
  const auto& cluster = all.cluster;
  switch (cluster.storage_backend) {
  case storage::backend::sqlite:
    return {cluster.storage_backend, cluster.data_dir, cluster.lmdb_log_path,
            cluster.sqlite_sm_path};
  case storage::backend::lmdb:
    return {cluster.storage_backend, cluster.data_dir, cluster.lmdb_log_path, cluster.lmdb_sm_path};
  default: return {cluster.storage_backend, cluster.data_dir, {}, {}};
  }
}

} // namespace node
