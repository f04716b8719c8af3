#include "sizes.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace {

// An old pixel that a new one's centre lies in or touches, and how far from its centre.
struct Side {
    std::size_t pixel;
    double offset;
};

// Return the sides of a new pixel along an axis: one, or two where its centre lies between pixels.
std::vector<Side> sides(std::size_t i, std::size_t old, std::size_t wanted, std::size_t factor,
                        Phase phase) {
    const std::size_t pixels = old / factor;
    const bool aligned = phase == Phase::aligned && std::min(pixels, wanted) > 1;
    // The centre in whole units, of which an old pixel has `unit`.
    const std::size_t unit = 2 * (aligned ? wanted - 1 : wanted);
    std::size_t centre = (2 * i + 1) * old;
    if (phase == Phase::corner) centre = 2 * i * old + factor * wanted;
    if (aligned) centre = 2 * i * factor * (pixels - 1) + factor * (wanted - 1);
    centre = std::min(centre, unit * old - unit / 2);
    const std::size_t pixel = centre / unit, rest = centre % unit;
    if (rest == 0) return {{pixel - 1, 0.5}, {pixel, -0.5}};
    return {{pixel, static_cast<double>(rest) / unit - 0.5}};
}

// Return a slope at one of `count` pixels, `apart` one from the next: the smaller one of those to
// both neighbours, 0 if one rises and one falls, or the pixel is an outermost one.
double slope(const double* value, std::ptrdiff_t apart, std::size_t place, std::size_t count) {
    if (place == 0 || place + 1 == count) return 0;
    const double back = *value - *(value - apart), ahead = *(value + apart) - *value;
    if (back * ahead <= 0) return 0;
    return std::fabs(back) < std::fabs(ahead) ? back : ahead;
}

std::string as_text(std::size_t height, std::size_t width) {
    return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

Phase phase_named(const std::string& name) {
    if (name == "centre") return Phase::centre;
    if (name == "corner") return Phase::corner;
    if (name == "aligned") return Phase::aligned;
    throw std::invalid_argument("phase is " + name + ": allowed are centre, corner and aligned");
}

std::size_t least_factor(const DepthMap& depth, const Goal& goal) {
    const bool inside = goal.height >= depth.height && goal.width >= depth.width;
    if (inside && goal.height + goal.width > depth.height + depth.width)
        for (const std::size_t factor : {2, 4, 8, 16})
            if (factor * depth.height >= goal.height && factor * depth.width >= goal.width)
                return factor;
    throw std::invalid_argument("size is " + as_text(goal.height, goal.width) + " for a map of " +
                                as_text(depth.height, depth.width) +
                                ": allowed is what is larger, up to " +
                                as_text(16 * depth.height, 16 * depth.width));
}

DepthMap sampled(const DepthMap& large, std::size_t factor, const Goal& goal) {
    DepthMap result(goal.height, goal.width);
    std::vector<std::vector<Side>> columns;
    for (std::size_t x = 0; x < goal.width; ++x)
        columns.push_back(sides(x, large.width, goal.width, factor, goal.phase));
    for (std::size_t y = 0; y < goal.height; ++y)
        for (std::size_t x = 0; x < goal.width; ++x) {
            double least = INFINITY;
            bool valid = true;
            for (const Side& down : sides(y, large.height, goal.height, factor, goal.phase))
                for (const Side& right : columns[x]) {
                    const std::size_t at = down.pixel * large.width + right.pixel;
                    const double* value = &large.values[at];
                    const double slope_y = slope(value, large.width, down.pixel, large.height);
                    const double slope_x = slope(value, 1, right.pixel, large.width);
                    least = std::min(least,
                                     *value + down.offset * slope_y + right.offset * slope_x);
                    valid = valid && large.valid[at];
                }
            result.values[y * goal.width + x] = least;
            result.valid[y * goal.width + x] = valid;
        }
    return result;
}
