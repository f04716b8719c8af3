// Upscaling of depth maps by one of dsdmsr's networks; the steps are those of docs/contract.md.
#pragma once

#include <openvino/openvino.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

// A depth map: numbers row by row, and which of them are valid.
struct DepthMap {
    std::size_t height = 0, width = 0;
    std::vector<double> values;
    std::vector<char> valid;

    DepthMap(std::size_t rows, std::size_t columns)
        : height(rows), width(columns), values(rows * columns), valid(rows * columns) {}
};

// The least and the greatest number that results may have.
struct Limits {
    double least = -std::numeric_limits<double>::infinity();
    double greatest = std::numeric_limits<double>::infinity();
};

class Upscaler {
public:
    // Load a graph that `dsdmsr export --whole` wrote.
    explicit Upscaler(const std::string& graph);

    // Return the larger map. Throws std::invalid_argument if no pixel is valid.
    DepthMap operator()(const DepthMap& depth, const Limits& limits = {});

private:
    ov::InferRequest request_;
};
