// Holes of depth maps, steps 3 and 8 of the contract.
#pragma once

#include "depth_map.hpp"

// Return the values, with that of the nearest valid pixel in each invalid one.
std::vector<double> filled(const DepthMap& depth);

// Return what is valid of a map `scale` times as large.
std::vector<char> enlarged_valid(const DepthMap& depth, std::size_t scale);
