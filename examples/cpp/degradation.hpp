// The degradation, found from the map.
#pragma once

#include "depth_map.hpp"

#include <string>

// Return how probable it is that a map was downsampled by antialiased bicubic interpolation; 0 if
// too few steps show it. The weights are those in find_degradation.npy. Throws std::runtime_error
// if that cannot be read.
double bicubic_probability(const DepthMap& depth, const std::string& weights);
