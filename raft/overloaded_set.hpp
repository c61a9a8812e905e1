// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace raft {

/// Lambdas as one visitor: `std::visit(overloaded_set{[](const a&) {}, [](const b&) {}}, v)`.
template <class... Handlers>
struct overloaded_set : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
overloaded_set(Handlers...) -> overloaded_set<Handlers...>;

} // namespace raft
