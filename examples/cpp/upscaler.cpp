#include "upscaler.hpp"

#include "holes.hpp"
#include "outliers.hpp"
#include "ranges.hpp"

#include <openvino/openvino.hpp>

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace {

// A map without holes and lone pixels, and the scale on which the network sees it.
struct Normalised {
    std::vector<double> values;
    ValueScale scale;
    std::vector<char> lone;
};

Normalised normalised(const DepthMap& depth) {
    std::vector<double> values = filled(depth);
    std::vector<char> lone(values.size());
    std::optional<ValueScale> scale = value_scale(values, 3);
    if (scale) {
        std::vector<double> shares;
        for (const double value : values) shares.push_back(scale->to_share(value));
        lone = lone_pixels(depth, shares);
        DepthMap others = depth;
        for (std::size_t i = 0; i < lone.size(); ++i) others.valid[i] = depth.valid[i] && !lone[i];
        values = filled(others);
        scale = value_scale(values, 8);
    }
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const ValueScale even{{*low, *high}, {0, 1}};
    return {values, scale.value_or(even), lone};
}

}  // namespace

Upscaler::Upscaler(const std::string& graph) {
    try {
        // By itself, OpenVINO computes in bfloat16 where the processor can.
        const auto precision = ov::hint::inference_precision(ov::element::f32);
        request_ = ov::Core().compile_model(graph, "CPU", precision).create_infer_request();
    } catch (const ov::Exception&) { // whose message has many lines
        throw std::runtime_error(graph + " cannot be loaded: write it with dsdmsr export --whole");
    }
}

DepthMap Upscaler::operator()(const DepthMap& depth, const UpscaleOptions& options) {
    if (std::find(depth.valid.begin(), depth.valid.end(), 1) == depth.valid.end())
        throw std::invalid_argument("no pixel of the map is valid: there is nothing to go by");
    const Normalised lr = normalised(depth);

    ov::Tensor input(ov::element::f32, {1, 1, depth.height, depth.width});
    for (std::size_t i = 0; i < lr.values.size(); ++i)
        input.data<float>()[i] = static_cast<float>(lr.scale.to_share(lr.values[i]));
    request_.set_input_tensor(input);
    request_.infer();
    const ov::Tensor output = request_.get_output_tensor();
    const std::size_t factor = output.get_shape()[2] / depth.height;
    Goal goal{factor * depth.height, factor * depth.width, options.phase};
    if (options.size) std::tie(goal.height, goal.width) = *options.size;
    if (const std::size_t fitting = least_factor(depth, goal); fitting != factor)
        throw std::invalid_argument("the graph is for x" + std::to_string(factor) +
                                    ": for this size, take that for x" + std::to_string(fitting));

    double least = std::max(lr.scale.to_value(-0.1), options.least);
    const double greatest = std::min(lr.scale.to_value(1.1), options.greatest);
    if (const double low = lr.scale.values.front(); low >= 0) least = std::max(least, low / 2);
    DepthMap large(factor * depth.height, factor * depth.width);
    large.valid = enlarged_valid(depth, factor);
    const std::vector<char> flat = flat_ends(depth);
    for (std::size_t y = 0; y < large.height; ++y)
        for (std::size_t x = 0; x < large.width; ++x) {
            const std::size_t i = y * large.width + x;
            const std::size_t from = y / factor * depth.width + x / factor;
            const double pred = lr.scale.to_value(output.data<const float>()[i]);
            const bool known = flat[from] || lr.lone[from];
            large.values[i] = known ? depth.values[from] : std::clamp(pred, least, greatest);
        }
    return sampled(large, factor, goal);
}
