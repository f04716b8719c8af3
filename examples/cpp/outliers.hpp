// Pixels of which no more is known than their value: lone ones, and those of flat ends.
#pragma once

#include "depth_map.hpp"

// Return which pixels differ by a tenth or more from all valid ones around them, as wrong pixels of
// depth cameras do; none, if they are more than a twentieth. Wide ranges in the contract.
std::vector<char> lone_pixels(const DepthMap& depth, const std::vector<double>& shares);

// Return which pixels have the least or the greatest value, as all valid ones around them do. Step
// 7 of the contract.
std::vector<char> flat_ends(const DepthMap& depth);
