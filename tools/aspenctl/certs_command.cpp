// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/certs_command.hpp"

#include <filesystem>
#include <utility>

#include "tools/aspenctl/endpoint.hpp"
#include "transport/certificates.hpp"

namespace aspenctl {

namespace {

namespace files = std::filesystem;
using nlohmann::ordered_json;

struct node_files {
  std::uint64_t id;
  files::path certificate;
  files::path key;
};

outcome<std::vector<node_files>> files_of(const certs_options& options) {
  std::vector<node_files> made;
  for (const auto& text : options.ids) {
    auto id = parse_server_id(text);
    if (!id)
      return tl::unexpected(std::move(id.error()));
    auto stem = files::path(options.directory) / ("node-" + std::to_string(*id));
    made.push_back({*id, stem.string() + ".pem", stem.string() + "-key.pem"});
    for (const auto& file : {made.back().certificate, made.back().key})
      if (std::error_code ignored; files::exists(file, ignored))
        return fail(exit_status::failed,
                    file.string() + " exists; no certificate is ever replaced");
  }
  return made;
}

tl::unexpected<failure> failed(const base::error& why) {
  return fail(exit_status::failed, why.text);
}

/// The authority that is there, or a new one.
outcome<transport::authority_files> authority_in(const certs_options& options) {
  std::error_code broken;
  files::create_directories(options.directory, broken);
  if (broken)
    return fail(exit_status::failed, "cannot make " + options.directory + ": " + broken.message());
  auto authority = transport::authority_files::in(options.directory);
  if (files::exists(authority.certificate, broken) || files::exists(authority.key, broken))
    return authority;
  if (auto made = transport::make_authority(authority, options.name, options.days); !made)
    return failed(made.error());
  return authority;
}

} // namespace

outcome<void> certs_init(output_format format, const certs_options& options) {
  auto nodes = files_of(options);
  if (!nodes)
    return tl::unexpected(std::move(nodes.error()));
  auto authority = authority_in(options);
  if (!authority)
    return tl::unexpected(std::move(authority.error()));
  ordered_json made{{"ca", authority->certificate.string()}, {"nodes", ordered_json::array()}};
  text_table table({"ID", "CERTIFICATE", "KEY"});
  for (const auto& each : *nodes) {
    transport::node_certificate what{raft::server_id{each.id}, options.hosts, options.days};
    if (auto done = transport::make_node_certificate(*authority, what, each.certificate, each.key);
        !done)
      return failed(done.error());
    made["nodes"].push_back(
        {{"id", each.id}, {"certificate", each.certificate.string()}, {"key", each.key.string()}});
    table.add({std::to_string(each.id), each.certificate.string(), each.key.string()});
  }
  if (format == output_format::json)
    print_json(made);
  else
    print(table.to_string());
  return {};
}

} // namespace aspenctl
