// Other sizes than a factor's, and other phases.
#pragma once

#include "depth_map.hpp"

#include <string>

enum class Phase { centre, corner, aligned };

struct Goal {
    std::size_t height, width;
    Phase phase = Phase::centre; // where pixels sit among those of the result
};

// Return the phase of that name. Throws std::invalid_argument if there is none.
Phase phase_named(const std::string& name);

// Return the least factor that reaches a size. Throws std::invalid_argument if none does, or the
// size isn't larger than the map.
std::size_t least_factor(const DepthMap& depth, const Goal& goal);

// Return what a network gave for a map, `large`, as a map of the size and phase wanted.
DepthMap sampled(const DepthMap& large, std::size_t factor, const Goal& goal);
