// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/common/encoding.hpp"

namespace aspenctl {

using namespace tools;

} // namespace aspenctl
