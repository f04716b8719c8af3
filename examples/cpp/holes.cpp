#include "holes.hpp"

#include <algorithm>

using Index = std::ptrdiff_t;

// Of several pixels as near, the one in the nearest column counts, the left one before the right
// one, the upper one before the lower one.
std::vector<double> filled(const DepthMap& depth) {
    const Index height = depth.height, width = depth.width, far = 4 * (height + width);
    // The row of the nearest valid pixel of the same column.
    std::vector<Index> source(height * width, -far);
    for (Index x = 0; x < width; ++x) {
        Index above = -far, below = far;
        for (Index y = 0; y < height; ++y)
            source[y * width + x] = above = depth.valid[y * width + x] ? y : above;
        for (Index y = height - 1; y >= 0; --y) {
            below = depth.valid[y * width + x] ? y : below;
            if (below - y < y - source[y * width + x]) source[y * width + x] = below;
        }
    }
    std::vector<double> values = depth.values;
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            if (depth.valid[y * width + x]) continue;
            Index best = 16 * far * far;
            for (Index step = 0; step < width && step * step < best; ++step)
                for (const Index column : {x - step, x + step}) {
                    if (column < 0 || column >= width) continue;
                    const Index row = source[y * width + column];
                    const Index distance = (row - y) * (row - y) + step * step;
                    if (row < 0 || row >= height || distance >= best) continue;
                    best = distance;
                    values[y * width + x] = depth.values[row * width + column];
                }
        }
    return values;
}

// That is where the linear interpolation of 0 and 1 is above one half. Weights are in units of
// 1 / (2 · scale), so that halves are exact.
std::vector<char> enlarged_valid(const DepthMap& depth, std::size_t factor) {
    const Index height = depth.height, width = depth.width, scale = factor, unit = 2 * scale;
    std::vector<char> large(scale * height * scale * width);
    for (Index y = 0; y < scale * height; ++y)
        for (Index x = 0; x < scale * width; ++x) {
            // From the centre of the pixel above and to the left, one pixel further out.
            const Index down = 2 * y + 1 + scale, right = 2 * x + 1 + scale;
            Index sum = 0;
            for (const Index dy : {0, 1})
                for (const Index dx : {0, 1}) {
                    const Index row = std::clamp<Index>(down / unit - 1 + dy, 0, height - 1);
                    const Index column = std::clamp<Index>(right / unit - 1 + dx, 0, width - 1);
                    const Index weight_y = dy ? down % unit : unit - down % unit;
                    const Index weight_x = dx ? right % unit : unit - right % unit;
                    sum += depth.valid[row * width + column] * weight_y * weight_x;
                }
            large[y * scale * width + x] = 2 * sum > unit * unit;
        }
    return large;
}
