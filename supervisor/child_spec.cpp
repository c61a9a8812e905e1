// SPDX-License-Identifier: Apache-2.0
#include "supervisor/child_spec.hpp"

#include <algorithm>
#include <set>

namespace supervisor {

namespace {

base::status fault(const child_spec& child, const std::string& what) {
  return base::fail(base::errc::invalid, "child '" + child.id + "': " + what);
}

base::status validate_alone(const child_spec& child) {
  using std::chrono::milliseconds;
  if (child.id.empty())
    return fault(child, "has no id");
  if (!child.start || !child.forget)
    return fault(child, "needs a start and a forget function");
  auto shortest = std::min({child.start_budget, child.shutdown_budget, child.hang_bound});
  if (shortest <= milliseconds::zero())
    return fault(child, "budgets must be above zero");
  if (child.owns_store && child.group.empty())
    return fault(child, "owns a store and must belong to a group with a gate");
  return {};
}

} // namespace

std::string_view to_string(restart_kind value) {
  switch (value) {
  case restart_kind::permanent: return "permanent";
  case restart_kind::transient: return "transient";
  case restart_kind::temporary: return "temporary";
  }
  return "unknown";
}

base::status validate(const std::vector<child_spec>& children) {
  std::set<std::string> ids;
  std::set<std::string> closed_groups;
  const child_spec* before = nullptr;
  for (const auto& child : children) {
    if (auto alone = validate_alone(child); !alone)
      return alone;
    if (!ids.insert(child.id).second)
      return fault(child, "the id is taken");
    if (before != nullptr && before->group != child.group)
      closed_groups.insert(before->group);
    if (!child.group.empty() && closed_groups.contains(child.group))
      return fault(child, "group '" + child.group + "' is interrupted by another child");
    before = &child;
  }
  for (const auto& child : children)
    if (ids.contains(child.group))
      return fault(child, "its group has the name of a child");
  return {};
}

std::vector<std::vector<child_spec>> split_into_units(const std::vector<child_spec>& children) {
  std::vector<std::vector<child_spec>> units;
  for (const auto& child : children) {
    bool continues_group =
        !units.empty() && !child.group.empty() && units.back().front().group == child.group;
    if (continues_group)
      units.back().push_back(child);
    else
      units.push_back({child});
  }
  return units;
}

} // namespace supervisor
