// Upscaling of depth maps by one of dsdmsr's networks; the steps are those of docs/contract.md.
#pragma once

#include "depth_map.hpp"

#include <openvino/runtime/infer_request.hpp>

#include <limits>
#include <string>

// The least and the greatest number that results may have.
struct Limits {
    double least = -std::numeric_limits<double>::infinity();
    double greatest = std::numeric_limits<double>::infinity();
};

class Upscaler {
public:
    // Load a graph that `dsdmsr export --whole` wrote. Throws std::runtime_error if it is none.
    explicit Upscaler(const std::string& graph);

    // Return the larger map. Throws std::invalid_argument if no pixel is valid.
    DepthMap operator()(const DepthMap& depth, const Limits& limits = {});

private:
    ov::InferRequest request_;
};

// Return whether a map has a gap between values that is wide beside the range that they cover, for
// which the contract has a step that is left out here.
bool has_wide_gap(const DepthMap& depth);
