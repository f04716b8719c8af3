// The test: the vectors of a folder, enlarged by graphs of another one.

#include "degradation.hpp"
#include "npy.hpp"
#include "upscaler.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

DepthMap read_map(const std::string& path) {
    const Array array = read_npy(path).at(0);
    DepthMap depth(array.shape.at(0), array.shape.at(1));
    depth.values = array.values;
    for (std::size_t i = 0; i < depth.values.size(); ++i)
        depth.valid[i] = array.whole ? depth.values[i] != 0 : !std::isnan(depth.values[i]);
    return depth;
}

// Return the largest difference between maps; infinity if sizes or holes differ.
double difference(const DepthMap& one, const DepthMap& other) {
    double most = 0;
    if (one.height != other.height || one.valid != other.valid) return INFINITY;
    for (std::size_t i = 0; i < one.values.size(); ++i)
        if (one.valid[i]) most = std::fmax(most, std::fabs(one.values[i] - other.values[i]));
    return most;
}

// Enlarge a case's map.
DepthMap enlarged(const nlohmann::json& about, const DepthMap& depth, const std::string& graphs) {
    UpscaleOptions options;
    if (const auto& ends = about["whole_numbers"]; !ends.is_null())
        options.least = ends[0], options.greatest = ends[1];
    options.size = about["size"].get<std::pair<std::size_t, std::size_t>>();
    options.phase = phase_named(about["phase"]);
    const Goal goal{options.size->first, options.size->second};
    std::string network = about["weights"];
    network.resize(std::min(network.size(), network.find('/')));
    const std::string degradation = about["degradation"];
    const bool found = degradation == "auto" &&
                       bicubic_probability(depth, graphs + "/find_degradation.npy") >= 0.6;
    if (found || degradation == "bicubic") network += "-bicubic";
    const std::string factor = std::to_string(least_factor(depth, goal));
    return Upscaler(graphs + "/" + network + "-x" + factor + ".onnx")(depth, options);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: check_vectors VECTORS GRAPHS\n";
        return 2;
    }
    const std::string vectors = arguments[1], graphs = arguments[2];
    const auto manifest = nlohmann::json::parse(std::ifstream(vectors + "/manifest.json"));
    int passed = 0, failed = 0;
    for (const auto& about : manifest["cases"]) {
        const DepthMap depth = read_map(vectors + "/" + about["input"].get<std::string>());
        const DepthMap expected = read_map(vectors + "/" + about["output"].get<std::string>());
        const double most = difference(enlarged(about, depth, graphs), expected);
        const bool holds = most <= about["tolerance"].get<double>();
        if (!holds) std::cout << "failed " << about["name"] << ": differs by " << most << "\n";
        ++(holds ? passed : failed);
    }
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed == 0 && passed > 0 ? 0 : 1;
}
