// SPDX-License-Identifier: Apache-2.0
#include "http/host_rule.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <unistd.h>

#include "http/request_head.hpp"

namespace http {

namespace {

struct authority {
  std::string_view name; ///< an IPv6 literal without its brackets
  std::string_view port;
  bool is_bracketed = false;
  bool is_ok = false;
};

bool is_port(std::string_view text) {
  return text.size() <= 5
         && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

authority split(std::string_view host) {
  authority parts;
  auto after = host.rfind(':');
  if (host.starts_with('[')) {
    auto close = host.find(']');
    if (close == std::string_view::npos)
      return parts;
    parts.is_bracketed = true;
    parts.name = host.substr(1, close - 1);
    after = close + 1;
    if (after != host.size() && host[after] != ':')
      return parts;
  } else {
    after = std::min(after, host.size());
    parts.name = host.substr(0, after);
  }
  if (after < host.size())
    parts.port = host.substr(after + 1);
  parts.is_ok = !parts.name.empty() && is_port(parts.port);
  return parts;
}

bool is_ip_literal(const authority& parts) {
  std::array<unsigned char, 16> ignored{};
  std::string name(parts.name);
  return inet_pton(parts.is_bracketed ? AF_INET6 : AF_INET, name.c_str(), ignored.data()) == 1;
}

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0)
    return {};
  return name.data();
}

} // namespace

host_rule::host_rule(const std::vector<std::string>& allowed_hosts) {
  change(allowed_hosts);
}

void host_rule::change(const std::vector<std::string>& allowed_hosts) {
  auto names = allowed_hosts;
  names.emplace_back("localhost");
  auto machine = machine_name();
  if (auto dot = machine.find('.'); dot != std::string::npos)
    names.push_back(machine.substr(0, dot));
  if (!machine.empty())
    names.push_back(std::move(machine));
  auto next = std::make_shared<const std::vector<std::string>>(std::move(names));
  std::lock_guard guard(mutex_);
  names_ = std::move(next);
}

std::shared_ptr<const std::vector<std::string>> host_rule::names() const {
  std::lock_guard guard(mutex_);
  return names_;
}

bool host_rule::allows(std::string_view host) const {
  auto parts = split(host);
  if (!parts.is_ok)
    return false;
  if (is_ip_literal(parts))
    return true;
  auto name = parts.name;
  if (name.ends_with('.')) // the root of the name tree, written out
    name.remove_suffix(1);
  auto known = names();
  return !parts.is_bracketed && std::ranges::any_of(*known, [name](const std::string& each) {
    return equals_ignoring_case(each, name);
  });
}

bool host_rule::is_same_origin(std::string_view origin, std::string_view host) {
  auto mine = split(host);
  for (auto [scheme, port] : {std::pair<std::string_view, std::string_view>{"http://", "80"},
                              std::pair<std::string_view, std::string_view>{"https://", "443"}}) {
    if (origin.size() <= scheme.size()
        || !equals_ignoring_case(origin.substr(0, scheme.size()), scheme))
      continue;
    auto theirs = split(origin.substr(scheme.size()));
    auto port_of = [port = port](const authority& parts) {
      return parts.port.empty() ? port : parts.port;
    };
    return mine.is_ok && theirs.is_ok && equals_ignoring_case(mine.name, theirs.name)
           && port_of(mine) == port_of(theirs);
  }
  return false;
}

} // namespace http
