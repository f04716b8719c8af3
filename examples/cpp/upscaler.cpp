#include "upscaler.hpp"

#include <openvino/openvino.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace {

using Index = std::ptrdiff_t;

// Give each invalid pixel the value of the nearest valid one. Of several as near, the one in the
// nearest column counts, the left one before the right one, the upper one before the lower one.
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

// Return which pixels have a given value, as all around them do, if a hundredth of the map has it.
std::vector<char> flat(const DepthMap& depth, double end) {
    const Index height = depth.height, width = depth.width;
    std::vector<char> here(height * width), alike(height * width);
    for (Index i = 0; i < height * width; ++i)
        here[i] = depth.valid[i] && depth.values[i] == end;
    if (100 * std::count(here.begin(), here.end(), 1) < height * width) return alike;
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            bool all = here[y * width + x];
            for (Index dy = -1; dy <= 1; ++dy)
                for (Index dx = -1; dx <= 1; ++dx) {
                    const Index row = std::clamp<Index>(y + dy, 0, height - 1);
                    const Index beside = row * width + std::clamp<Index>(x + dx, 0, width - 1);
                    all = all && (here[beside] || !depth.valid[beside]);
                }
            alike[y * width + x] = all;
        }
    return alike;
}

// Return what is valid of a map `scale` times as large: where the linear interpolation of 0 and 1
// is above one half. Weights are in units of 1 / (2 · scale), so that halves are exact.
std::vector<char> enlarged(const DepthMap& depth, Index scale) {
    const Index height = depth.height, width = depth.width, unit = 2 * scale;
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

DepthMap Upscaler::operator()(const DepthMap& depth, const Limits& limits) {
    if (std::find(depth.valid.begin(), depth.valid.end(), 1) == depth.valid.end())
        throw std::invalid_argument("no pixel of the map is valid: there is nothing to go by");
    const std::vector<double> values = filled(depth);
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    const double low = *lowest, high = *highest, span = high - low;

    // The network sees shares of the range; a constant is 0 everywhere.
    ov::Tensor input(ov::element::f32, {1, 1, depth.height, depth.width});
    for (std::size_t i = 0; i < values.size(); ++i)
        input.data<float>()[i] = static_cast<float>((values[i] - low) / (span > 0 ? span : 1));
    request_.set_input_tensor(input);
    request_.infer();
    const ov::Tensor output = request_.get_output_tensor();
    const Index scale = output.get_shape()[2] / depth.height;

    double least = std::max(low - 0.1 * span, limits.least);
    const double greatest = std::min(high + 0.1 * span, limits.greatest);
    if (low >= 0) least = std::max(least, low / 2);
    DepthMap large(scale * depth.height, scale * depth.width);
    large.valid = enlarged(depth, scale);
    const std::vector<char> flat_low = flat(depth, low), flat_high = flat(depth, high);
    for (std::size_t y = 0; y < large.height; ++y)
        for (std::size_t x = 0; x < large.width; ++x) {
            const std::size_t i = y * large.width + x;
            const std::size_t from = y / scale * depth.width + x / scale;
            const double pred = low + span * output.data<const float>()[i];
            const bool known = flat_low[from] || flat_high[from];
            large.values[i] = known ? depth.values[from] : std::clamp(pred, least, greatest);
        }
    return large;
}

bool has_wide_gap(const DepthMap& depth) {
    std::vector<double> values, gaps;
    for (std::size_t i = 0; i < depth.values.size(); ++i)
        if (depth.valid[i]) values.push_back(depth.values[i]);
    std::sort(values.begin(), values.end());
    for (std::size_t i = 1; i < values.size(); ++i) gaps.push_back(values[i] - values[i - 1]);
    std::sort(gaps.begin(), gaps.end(), std::greater<>());
    gaps.resize(std::min<std::size_t>(gaps.size(), 8));
    const double span = values.empty() ? 0 : values.back() - values.front();
    double left = span;
    for (const double gap : gaps)
        if (left -= gap; gap > 8 * left && left > 1e-9 * span) return true;
    return false;
}
