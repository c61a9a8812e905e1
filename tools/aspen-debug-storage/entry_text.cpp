// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/entry_text.hpp"

#include <ctime>

#include "storage/command.hpp"
#include "tools/common/encoding.hpp"
#include "tools/common/printer.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t operations_named_max = 3;

template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

ordered_json to_json(const std::vector<raft::member>& members) {
  auto all = ordered_json::array();
  for (const auto& each : members)
    all.push_back({{"id", each.id.value},
                   {"incarnation", base::to_string(each.incarnation)},
                   {"raft_addr", each.raft_addr},
                   {"http_addr", each.http_addr}});
  return all;
}

ordered_json to_json(const storage::precondition& what) {
  return std::visit(
      overloaded{[](std::monostate) { return ordered_json(nullptr); },
                 [](storage::must_be_absent) { return ordered_json("must_be_absent"); },
                 [](storage::must_exist) { return ordered_json("must_exist"); },
                 [](const storage::must_be_at& at) {
                   return ordered_json{{"must_be_at", at.revision.value}};
                 }},
      what);
}

ordered_json to_json(const storage::operation& what) {
  return std::visit(overloaded{[](const storage::set_operation& set) {
                                 ordered_json made{{"key", set.key}};
                                 put_value(made, set.value);
                                 return ordered_json{{"set", std::move(made)}};
                               },
                               [](const storage::delete_operation& erase) {
                                 return ordered_json{{"delete", {{"key", erase.key}}}};
                               }},
                    what);
}

ordered_json to_json(const storage::command& what) {
  auto operations = ordered_json::array();
  for (const auto& each : what.operations)
    operations.push_back(to_json(each));
  return {{"precondition", to_json(what.precondition)}, {"operations", std::move(operations)}};
}

std::string summary_of(const storage::operation& what) {
  return std::visit(overloaded{[](const storage::set_operation& set) {
                                 return "set " + key_text(set.key) + " ("
                                        + std::to_string(set.value.size()) + " bytes)";
                               },
                               [](const storage::delete_operation& erase) {
                                 return "delete " + key_text(erase.key);
                               }},
                    what);
}

std::string summary_of(const storage::command& what) {
  std::string text = what.is_conditional() ? "if " + to_json(what.precondition).dump() + ": " : "";
  for (std::size_t i = 0; i < what.operations.size() && i < operations_named_max; ++i)
    text += (i == 0 ? "" : ", ") + summary_of(what.operations[i]);
  if (what.operations.size() > operations_named_max)
    text += ", … " + std::to_string(what.operations.size()) + " operations";
  return text;
}

std::string ids_of(const std::vector<raft::member>& members) {
  std::string text;
  for (const auto& each : members)
    text += " " + std::to_string(each.id.value);
  return text;
}

} // namespace

std::string_view to_string(raft::entry_kind kind) {
  switch (kind) {
  case raft::entry_kind::no_op: return "no_op";
  case raft::entry_kind::membership: return "membership";
  case raft::entry_kind::command: return "command";
  }
  return "unknown";
}

std::string time_text(std::uint64_t unix_ms) {
  if (unix_ms == 0)
    return "-";
  auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr)
    return std::to_string(unix_ms);
  char text[32];
  auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  auto fraction = std::to_string(1000 + unix_ms % 1000).substr(1);
  return std::string(text, length) + "." + fraction + "Z";
}

ordered_json to_json(const raft::entry_id& id) {
  return {{"index", id.index.value}, {"term", id.term.value}};
}

ordered_json to_json(const raft::membership& members) {
  return {{"voters", to_json(members.voters)},
          {"outgoing_voters", to_json(members.outgoing_voters)},
          {"learners", to_json(members.learners)}};
}

ordered_json to_json(const raft::snapshot_point& point) {
  auto made = to_json(point.id);
  made["chain"] = base::to_hex(point.chain);
  made["membership"] = to_json(point.membership);
  return made;
}

ordered_json to_json(const raft::entry& entry) {
  ordered_json made{{"index", entry.id.index.value},
                    {"term", entry.id.term.value},
                    {"kind", to_string(entry.kind)},
                    {"leader_time", time_text(entry.leader_time_ms)},
                    {"trace_id", entry.trace.is_nil() ? "-" : base::to_string(entry.trace)},
                    {"chain", base::to_hex(entry.chain)},
                    {"payload_bytes", entry.payload.size()}};
  if (entry.kind == raft::entry_kind::membership) {
    raft::membership members;
    if (raft::decode(entry.payload.bytes(), members))
      made["membership"] = to_json(members);
    else
      made["undecodable"] = "no membership";
  } else if (entry.kind == raft::entry_kind::command) {
    auto command = storage::decode_command(entry.payload.bytes());
    if (command)
      made["command"] = to_json(*command);
    else
      made["undecodable"] = command.error().text;
  }
  return made;
}

ordered_json to_json(const storage::inspected_row& row) {
  ordered_json made{{"key", row.row.key}};
  put_value(made, row.row.value);
  made["create_revision"] = row.row.create_revision.value;
  made["mod_revision"] = row.row.mod_revision.value;
  made["version"] = row.row.version;
  made["digest"] = storage::to_hex(row.digest);
  if (!row.is_sound)
    made["is_sound"] = false;
  return made;
}

std::string summary_of(const raft::entry& entry) {
  if (entry.kind == raft::entry_kind::no_op)
    return "-";
  if (entry.kind == raft::entry_kind::membership) {
    raft::membership members;
    return raft::decode(entry.payload.bytes(), members) ? summary_of(members) : "undecodable";
  }
  auto command = storage::decode_command(entry.payload.bytes());
  return command ? summary_of(*command) : "undecodable: " + command.error().text;
}

std::string summary_of(const raft::membership& members) {
  auto text = "voters" + ids_of(members.voters);
  if (members.is_joint())
    text += ", outgoing" + ids_of(members.outgoing_voters);
  if (!members.learners.empty())
    text += ", learners" + ids_of(members.learners);
  return text;
}

std::string key_text(std::string_view key) {
  constexpr std::size_t bytes_max = 60;
  auto end = key.size();
  if (end > bytes_max) {
    end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80)
      --end;
  }
  return tools::as_cell(key.substr(0, end)) + (end < key.size() ? "…" : "");
}

void put_value(ordered_json& into, base::byte_view value) {
  if (tools::is_utf8(value))
    into["value"] = std::string(value);
  else
    into["value_base64"] = tools::to_base64(value);
}

} // namespace debug_storage
