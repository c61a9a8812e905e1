// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

/// What each command does: it asks through the client, prints its result to stdout in the wanted form,
/// and returns why it failed, with what it ends with. The vocabulary is etcdctl's.
namespace aspenctl {

struct put_options {
  std::string key;
  std::optional<std::string> value; ///< else all of stdin
};

struct get_options {
  std::string key;
  bool is_prefix = false;
  bool prints_value_only = false;
  bool keys_only = false; ///< with `is_prefix`
  std::string limit;      ///< of keys, with `is_prefix`; empty: all
  std::string consistency;
  std::string min_index;
};

struct del_options {
  std::string key;
  bool is_prefix = false;
};

outcome<void> put(const client& nodes, output_format format, const put_options& options);
outcome<void> get(const client& nodes, output_format format, const get_options& options);
/// A prefix is deleted in steps of at most 1000 keys, each atomic, all together not.
outcome<void> del(const client& nodes, output_format format, const del_options& options);

outcome<void> member_list(const client& nodes, output_format format);

/// `of_cluster`: the endpoints of all members, as a node tells them, instead of the given ones.
outcome<void> endpoint_health(const client& nodes, output_format format, bool of_cluster);
outcome<void> endpoint_status(const client& nodes, output_format format, bool of_cluster);

/// Folds the WAL of every given endpoint into its database file.
outcome<void> checkpoint(const client& nodes, output_format format);

/// What every given endpoint logs: sets `filter` unless it is empty, goes back to the configured one
/// when `is_reset`, and shows what is in force.
outcome<void> log_level(const client& nodes, output_format format, const std::string& filter,
                        bool is_reset);

/// The version of this program; nobody is asked.
outcome<void> show_version(output_format format);

} // namespace aspenctl
