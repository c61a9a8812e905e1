// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/aspenctl/endpoint.hpp"
#include "tools/aspenctl/exit_status.hpp"

namespace aspenctl {

/// One HTTP request. `target` is encoded already.
struct call {
  std::string method;
  std::string target;
  std::string body;
  std::string content_type = "application/octet-stream";

  /// Whether sending it twice may do something twice.
  bool is_write() const { return method != "GET"; }
};

/// What an endpoint said.
struct answer {
  endpoint from;
  int status = 0;
  std::string body;
  std::string etag;
  std::string create_revision; ///< X-Aspen-Create-Revision
  std::string version;         ///< X-Aspen-Version

  bool is_success() const { return status >= 200 && status < 300; }
};

/// No answer came. `was_sent` unless it is certain that the endpoint never got the request.
struct silence {
  bool was_sent = true;
  std::string why;
};

struct patience {
  std::chrono::milliseconds dial{2000};
  /// For the answer of one endpoint. Longer than a node's own 10 s, so that it can tell the outcome.
  std::chrono::milliseconds command{15000};
};

/// Asks nodes over HTTP, each request on a connection of its own. Not for two threads at once.
class client {
public:
  /// `endpoints` is not empty.
  client(std::vector<endpoint> endpoints, patience bounds);

  const std::vector<endpoint>& endpoints() const { return endpoints_; }
  /// A client of `one` alone, as patient as this.
  client with(endpoint one) const { return client({std::move(one)}, bounds_); }

  /// Asks `where` once.
  std::variant<answer, silence> ask_once(const endpoint& where, const call& what) const;

  /// Asks the endpoints in their order until one does it. The next one is asked only when that is safe:
  /// a read whatever happened, a write only when the connection was never made or the answer says that
  /// nothing was done and that another node may do it. Returns a successful answer; else why not, with
  /// `exit_status::unknown` when a write may have happened.
  outcome<answer> ask(const call& what) const;
  /// The same, and the body of the answer by `object_of`.
  outcome<nlohmann::ordered_json> ask_for_object(const call& what) const;

private:
  std::vector<endpoint> endpoints_;
  patience bounds_;
};

/// The failure that an answer other than a success stands for.
failure failure_of(const answer& said, const call& what);

/// The answer's body as a JSON object; a failure when it is none, so that whatever else listens there
/// is not taken for a node.
outcome<nlohmann::ordered_json> object_of(const answer& said);

} // namespace aspenctl
