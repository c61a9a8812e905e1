// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// Which `Host` this node answers to: an IP literal, `localhost`, the machine's name, a
/// configured name. Anything else is a browser that was led here by a name of somebody
/// else's (DNS rebinding). Any thread.
class host_rule {
public:
  explicit host_rule(const std::vector<std::string>& allowed_hosts);

  /// `host` as in a `Host` field: a name or literal, with or without a port.
  bool allows(std::string_view host) const;
  /// Other configured names from here on.
  void change(const std::vector<std::string>& allowed_hosts);
  /// Whether `origin` (of an `Origin` field) is the page served under `host`.
  static bool is_same_origin(std::string_view origin, std::string_view host);

private:
  std::shared_ptr<const std::vector<std::string>> names() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<std::string>> names_;
};

} // namespace http
