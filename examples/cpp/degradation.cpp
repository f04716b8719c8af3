#include "degradation.hpp"

#include "npy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace {

using Numbers = std::vector<double>;
using Profile = std::array<double, 8>;

// Append the isolated steps along rows, or along columns, as they go from 0 to 1.
void add_profiles(const DepthMap& depth, double span, bool along_rows,
                  std::vector<Profile>& profiles) {
    const std::size_t apart = along_rows ? 1 : depth.width;
    const std::size_t rows = depth.height, columns = depth.width;
    std::vector<Profile> found;
    for (std::size_t y = 0; y + (along_rows ? 1 : 8) <= rows; ++y)
        for (std::size_t x = 0; x + (along_rows ? 8 : 1) <= columns; ++x) {
            Profile pixels, steps{};
            bool valid = true;
            for (std::size_t k = 0; k < 8; ++k) {
                const std::size_t at = y * columns + x + k * apart;
                pixels[k] = depth.values[at];
                valid = valid && depth.valid[at];
                if (k > 0) steps[k - 1] = std::fabs(pixels[k] - pixels[k - 1]);
            }
            if (!valid || steps[3] < 0.012 * span || steps[3] < steps[2] || steps[3] <= steps[4])
                continue;
            const double low = (pixels[0] + pixels[1]) / 2, high = (pixels[6] + pixels[7]) / 2;
            const double height = std::fabs(high - low);
            if (height < 0.04 * span || std::max(steps[0], steps[6]) > 0.08 * height) continue;
            for (double& pixel : pixels) pixel = (pixel - low) / (high - low);
            found.push_back(pixels);
        }
    const std::size_t most = 1024;
    if (found.size() <= most) {
        profiles.insert(profiles.end(), found.begin(), found.end());
        return;
    }
    for (std::size_t k = 0; k < most; ++k)
        profiles.push_back(found[k * (found.size() - 1) / (most - 1)]);
}

// Return the distance of a profile from the nearest of some patterns, root mean square.
double distance(const Profile& profile, const Array& patterns) {
    double nearest = INFINITY;
    for (std::size_t row = 0; row + 8 <= patterns.values.size(); row += 8) {
        double squared = 0;
        for (std::size_t k = 0; k < 8; ++k)
            squared += std::pow(profile[k] - patterns.values[row + k], 2);
        nearest = std::min(nearest, squared);
    }
    return std::sqrt(nearest / 8);
}

// Return what the network takes of a step: how far it is from its sides, and from ideal steps.
Numbers features(const Profile& profile, const std::vector<Array>& stored) {
    Numbers result, away, far;
    for (std::size_t k = 0; k < 8; ++k)
        away.push_back(std::clamp(k < 4 ? profile[k] : 1 - profile[k], -2.0, 2.0));
    for (std::size_t k = 0; k < 5; ++k)
        far.push_back(std::log10(distance(profile, stored[k]) + 0.001) + 2);
    for (const double scale : {0.012, 0.06})
        for (const double x : away) result.push_back(std::tanh(x / scale));
    result.insert(result.end(), away.begin(), away.end());
    result.insert(result.end(), far.begin(), far.end());
    const double least = *std::min_element(far.begin(), far.end());
    for (const double x : far) result.push_back(x - least);
    return result;
}

// Return inputs · weights + bias, of which the negative ones may become 0.
Numbers layer(const Numbers& inputs, const Array& weights, const Array& bias, bool relu) {
    Numbers outputs = bias.values;
    if (outputs.empty() || weights.values.size() != inputs.size() * outputs.size())
        throw std::runtime_error("find_degradation.npy has arrays of other sizes");
    for (std::size_t k = 0; k < inputs.size(); ++k)
        for (std::size_t n = 0; n < outputs.size(); ++n)
            outputs[n] += inputs[k] * weights.values[k * outputs.size() + n];
    if (relu)
        for (double& output : outputs) output = std::max(output, 0.0);
    return outputs;
}

}  // namespace

double bicubic_probability(const DepthMap& depth, const std::string& weights) {
    const std::vector<Array> stored = read_npy(weights);
    if (stored.size() != 15) throw std::runtime_error(weights + " has not 15 arrays");
    double low = INFINITY, high = -INFINITY;
    for (std::size_t i = 0; i < depth.values.size(); ++i) {
        if (!depth.valid[i]) continue;
        low = std::min(low, depth.values[i]);
        high = std::max(high, depth.values[i]);
    }
    std::vector<Profile> profiles;
    for (const bool along_rows : {true, false})
        add_profiles(depth, high - low, along_rows, profiles);
    if (profiles.size() < 12) return 0;

    // A weighted mean of what one network gives for each step, and then another network.
    Numbers mean(stored[10].values.size());
    double total = 0;
    for (const Profile& profile : profiles) {
        const Numbers hidden = layer(features(profile, stored), stored[5], stored[6], true);
        const double weight = 1 / (1 + std::exp(-layer(hidden, stored[7], stored[8], false)[0]));
        const Numbers of_step = layer(hidden, stored[9], stored[10], true);
        for (std::size_t n = 0; n < mean.size(); ++n) mean[n] += weight * of_step[n];
        total += weight;
    }
    for (double& each : mean) each /= total + 0.001;
    mean.push_back(std::log1p(total) / 5);
    const Numbers scores = layer(layer(mean, stored[11], stored[12], true), stored[13], stored[14],
                                 false);
    double all = 0;
    for (const double score : scores) all += std::exp(score - scores[0]);
    return 1 / all; // of bicubic, which is the first
}
