// The test: the vectors of a folder, enlarged by graphs of another one.

#include "upscaler.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace {

// Read an NPY file of little-endian float32 or uint16. Source: NumPy's documentation of the format.
DepthMap read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    std::uint16_t length;
    std::memcpy(&length, content.data() + 8, 2);
    const std::string header = content.substr(10, length);
    std::size_t height = 0, width = 0;
    const char* shape = header.c_str() + header.find("'shape'");
    if (std::sscanf(shape, "'shape': (%zu, %zu)", &height, &width) != 2)
        throw std::runtime_error(path + " holds no map");
    const bool whole = header.find("'<u2'") != std::string::npos;
    const char* data = content.data() + 10 + length;
    DepthMap depth(height, width);
    for (std::size_t i = 0; i < height * width; ++i) {
        std::uint16_t number;
        float value;
        if (whole) {
            std::memcpy(&number, data + 2 * i, 2);
            depth.values[i] = number;
        } else {
            std::memcpy(&value, data + 4 * i, 4);
            depth.values[i] = value;
        }
        depth.valid[i] = whole ? number != 0 : !std::isnan(value);
    }
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

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: check_vectors VECTORS GRAPHS\n";
        return 2;
    }
    const std::string vectors = arguments[1], graphs = arguments[2];
    const auto manifest = nlohmann::json::parse(std::ifstream(vectors + "/manifest.json"));
    int passed = 0, failed = 0, skipped = 0;
    for (const auto& about : manifest["cases"]) {
        if (!about["beyond"].empty()) {
            std::cout << "skipped " << about["name"] << ": " << about["beyond"] << "\n";
            ++skipped;
            continue;
        }
        std::string graph = about["weights"];
        if (const auto slash = graph.find('/'); slash != std::string::npos) graph[slash] = '-';
        graph += "-x" + std::to_string(about["factor"].get<int>()) + ".onnx";
        Limits limits;
        if (const auto& ends = about["whole_numbers"]; !ends.is_null())
            limits = {ends[0], ends[1]};
        const DepthMap depth = read_npy(vectors + "/" + about["input"].get<std::string>());
        const DepthMap expected = read_npy(vectors + "/" + about["output"].get<std::string>());
        const double most = difference(Upscaler(graphs + "/" + graph)(depth, limits), expected);
        const bool holds = most <= about["tolerance"].get<double>();
        if (!holds) std::cout << "failed " << about["name"] << ": differs by " << most << "\n";
        ++(holds ? passed : failed);
    }
    std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
    return failed == 0 && passed > 0 ? 0 : 1;
}
