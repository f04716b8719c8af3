// Depth maps: numbers row by row, and which of them are valid.
#pragma once

#include <cstddef>
#include <vector>

struct DepthMap {
    std::size_t height, width;
    std::vector<double> values;
    std::vector<char> valid;

    DepthMap(std::size_t rows, std::size_t columns)
        : height(rows), width(columns), values(rows * columns), valid(rows * columns) {}
};
