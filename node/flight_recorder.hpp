// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "node/dump_writer.hpp"
#include "node/otlp_exporter.hpp"
#include "node/settings.hpp"
#include "node/trace_inspector.hpp"
#include "trace/recorder.hpp"

namespace node {

/// Where the recordings of a node are: `trace/` in its data directory. Empty for a node
/// that keeps nothing on a disk.
std::string trace_directory_of(const settings& all);

/// The recorder of this process. What the process before left is kept as a dump. Without
/// room on the disk it records in memory and says so, at WARN; only then, what it holds is
/// lost with the process. Null when there is no memory either, or when it is switched off. Requires: the data
/// directory is this process's.
std::shared_ptr<trace::recorder> start_recorder(const settings& all);

/// Checks samples of what is recorded; what it finds is dumped. Null without a recorder, or when
/// it is switched off.
std::unique_ptr<trace_inspector> start_trace_inspector(
    const settings& all, std::shared_ptr<const trace::recorder> recorder,
    prometheus::Registry& registry, dump_writer* dumps);

/// Keeps dumps of the recorder while the process runs, where there is a directory for them. Null
/// without a recorder.
std::unique_ptr<dump_writer> start_dump_writer(const settings& all,
                                               std::shared_ptr<const trace::recorder> recorder);

/// Sends traces to the configured collector. Null without one, or without a recorder.
std::unique_ptr<otlp_exporter> start_otlp_exporter(const settings& all,
                                                   std::shared_ptr<const trace::recorder> recorder,
                                                   prometheus::Registry& registry);

} // namespace node
