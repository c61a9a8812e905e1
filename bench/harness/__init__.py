# SPDX-License-Identifier: Apache-2.0
"""What bench/run is made of: figures, children, load generators, limits and the sections of a run."""
