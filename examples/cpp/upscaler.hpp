// Upscaling of depth maps by one of dsdmsr's networks; the steps are those of docs/contract.md.
#pragma once

#include "depth_map.hpp"
#include "sizes.hpp"

#include <openvino/runtime/infer_request.hpp>

#include <limits>
#include <optional>
#include <string>
#include <utility>

struct UpscaleOptions {
    // The least and the greatest number that results may have.
    double least = -std::numeric_limits<double>::infinity();
    double greatest = std::numeric_limits<double>::infinity();
    // Height and width; by default, the map's times the graph's factor.
    std::optional<std::pair<std::size_t, std::size_t>> size;
    Phase phase = Phase::centre;
};

class Upscaler {
public:
    // Load a graph that `dsdmsr export --whole` wrote. Throws std::runtime_error if it is none.
    explicit Upscaler(const std::string& graph);

    // Return the larger map. Throws std::invalid_argument if no pixel is valid, or the size isn't
    // one for this graph.
    DepthMap operator()(const DepthMap& depth, const UpscaleOptions& options = {});

private:
    ov::InferRequest request_;
};
