// Scales of a map's values; wide ranges in the contract.
#pragma once

#include <optional>
#include <vector>

// A piecewise linear scale: what its ascending values become, from 0 to 1. The outermost pieces go
// on.
struct ValueScale {
    std::vector<double> values, shares;

    double to_share(double value) const;
    double to_value(double share) const;
};

// Return the scale on which gaps of more than `wide` times the range besides are short, and what
// crowds together has room; nothing, if there is neither.
std::optional<ValueScale> value_scale(std::vector<double> values, double wide);
