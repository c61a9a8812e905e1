// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/actor_context.hpp"
#include "actors/reader_pool.hpp"

namespace bench {

/// The actors a read passes, on a real CAF scheduler over real stores: log writer, storage
/// writer and reader pools. Ends them and closes the stores when it goes.
class reader_group {
public:
  /// Requires: both stores exist, and nobody has them open.
  reader_group(const std::filesystem::path& log, const std::filesystem::path& state);
  ~reader_group();
  reader_group(const reader_group&) = delete;
  reader_group& operator=(const reader_group&) = delete;

  /// A further pool over the same state.
  actors::reader_pool_handle add_pool(std::size_t readers);

private:
  struct scheduling : caf::actor_system_config {
    scheduling();
  };

  template <class Handle>
  void begin(const Handle& child);

  scheduling config_;
  caf::actor_system system_{config_};
  actors::actor_context context_;
  actors::log_writer_handle log_writer_;
  actors::storage_writer_handle storage_writer_;
  std::vector<actors::reader_pool_handle> pools_;
};

} // namespace bench
