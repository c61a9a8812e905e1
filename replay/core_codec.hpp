// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "replay/core_input.hpp"

namespace replay {

base::bytes encode(const core_beginning& what);
base::bytes encode(const core_input& what);
/// Everything that is in it, payloads included.
base::bytes encode(const core_output& what);

/// What `encode` was given. Errors: `corrupt`, saying what is wrong; never throws otherwise.
base::result<core_beginning> decode_beginning(base::byte_view body);
base::result<core_input> decode_input(base::byte_view body);

/// Equal for equal outputs, byte for byte.
base::hash128 digest_of(const core_output& what);

} // namespace replay
