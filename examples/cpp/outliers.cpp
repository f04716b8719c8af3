#include "outliers.hpp"

#include <algorithm>
#include <cmath>

namespace {

// Return the places of the valid pixels around one.
std::vector<std::size_t> around(const DepthMap& depth, std::size_t place) {
    const std::size_t y = place / depth.width, x = place % depth.width;
    std::vector<std::size_t> places;
    for (std::size_t row = y - (y > 0); row <= y + 1 && row < depth.height; ++row)
        for (std::size_t column = x - (x > 0); column <= x + 1 && column < depth.width; ++column) {
            const std::size_t beside = row * depth.width + column;
            if (beside != place && depth.valid[beside]) places.push_back(beside);
        }
    return places;
}

}  // namespace

std::vector<char> lone_pixels(const DepthMap& depth, const std::vector<double>& shares) {
    std::vector<char> lone(depth.valid.size());
    for (std::size_t i = 0; i < lone.size(); ++i) {
        if (!depth.valid[i]) continue;
        const auto beside = around(depth, i);
        lone[i] = beside.size() >= 3 &&
                  std::none_of(beside.begin(), beside.end(), [&](std::size_t other) {
                      return std::fabs(shares[i] - shares[other]) < 0.1;
                  });
    }
    const auto count = [](const auto& flags) { return std::count(flags.begin(), flags.end(), 1); };
    if (20 * count(lone) > count(depth.valid)) lone.assign(lone.size(), 0);
    return lone;
}

std::vector<char> flat_ends(const DepthMap& depth) {
    double low = INFINITY, high = -INFINITY;
    for (std::size_t i = 0; i < depth.values.size(); ++i) {
        if (!depth.valid[i]) continue;
        low = std::min(low, depth.values[i]);
        high = std::max(high, depth.values[i]);
    }
    std::vector<char> flat(depth.valid.size());
    for (const double end : {low, high}) {
        const auto here = [&](std::size_t i) { return depth.valid[i] && depth.values[i] == end; };
        std::size_t count = 0;
        for (std::size_t i = 0; i < flat.size(); ++i) count += here(i);
        if (100 * count < flat.size()) continue;
        for (std::size_t i = 0; i < flat.size(); ++i) {
            if (!here(i)) continue;
            const auto beside = around(depth, i);
            flat[i] = flat[i] || std::all_of(beside.begin(), beside.end(), here);
        }
    }
    return flat;
}
