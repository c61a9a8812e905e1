// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;

ordered_json facts_to_json(const storage::store_paths& stores, const storage::state_facts& facts) {
  ordered_json made{{"state_machine", stores.state_path},
                    {"backend", storage::to_string(stores.backend)}};
  made["last_applied_log"] = {{"term", facts.meta.last_applied.term.value},
                              {"index", facts.meta.last_applied.index.value}};
  made["chain"] = base::to_hex(facts.meta.chain);
  made["digest"] = storage::to_hex(facts.meta.digest);
  made["membership"] = to_json(facts.meta.membership);
  made["meta_is_sealed"] = facts.meta_is_sealed;
  made["node_local"] = {{"cluster_id", base::to_string(facts.identity.cluster_id)},
                        {"server_id", facts.identity.server.value},
                        {"incarnation", base::to_string(facts.identity.incarnation)},
                        {"log_uuid", base::to_string(facts.identity.log_uuid)},
                        {"log_write_counter", facts.watermark.write_counter},
                        {"log_committed", facts.watermark.committed.value}};
  made["node_local_is_sealed"] = facts.local_is_sealed;
  made["file_bytes"] = facts.file_bytes;
  made["wal_bytes"] = facts.wal_bytes;
  return made;
}

std::string sealed_text(bool is_sealed) {
  return is_sealed ? "intact" : "BROKEN: the values were changed by hand or are damaged";
}

void print_facts(const storage::store_paths& stores, const storage::state_facts& facts) {
  tools::text_table table({"STATE MACHINE", tools::as_cell(stores.state_path)});
  table.add({"backend", std::string(storage::to_string(stores.backend))});
  table.add({"last applied", "index " + std::to_string(facts.meta.last_applied.index.value)
                                 + ", term " + std::to_string(facts.meta.last_applied.term.value)});
  table.add({"chain", base::to_hex(facts.meta.chain)});
  table.add({"digest", storage::to_hex(facts.meta.digest)});
  table.add({"membership", summary_of(facts.meta.membership)});
  table.add({"seal of the replicated values", sealed_text(facts.meta_is_sealed)});
  table.add({"cluster id", base::to_string(facts.identity.cluster_id)});
  table.add({"server id", std::to_string(facts.identity.server.value)});
  table.add({"incarnation", base::to_string(facts.identity.incarnation)});
  table.add({"log uuid", base::to_string(facts.identity.log_uuid)});
  table.add({"log write counter seen", std::to_string(facts.watermark.write_counter)});
  table.add({"log commit index seen", std::to_string(facts.watermark.committed.value)});
  table.add({"seal of this node's values", sealed_text(facts.local_is_sealed)});
  table.add({"file bytes", std::to_string(facts.file_bytes)});
  table.add({"WAL bytes", std::to_string(facts.wal_bytes)});
  tools::print(table.to_string());
}

} // namespace

outcome show_state(const selection& what, tools::output_format format) {
  auto stores = state_of(what);
  if (!stores)
    return base::fail(stores.error());
  auto state = open_state(*stores);
  if (!state)
    return base::fail(state.error());
  if (format == tools::output_format::json)
    tools::print_json(facts_to_json(*stores, (*state)->facts()));
  else
    print_facts(*stores, (*state)->facts());
  return exit_status::done;
}

} // namespace debug_storage
