// The command: a 16-bit PNG of depth in, a larger one out.

#include "degradation.hpp"
#include "png16.hpp"
#include "upscaler.hpp"

#include <cstdio>
#include <filesystem>
#include <iostream>

namespace {

const char* const USAGE =
    "usage: upscale GRAPH.onnx INPUT.png OUTPUT.png [--bicubic GRAPH.onnx] [--size WIDTHxHEIGHT] "
    "[--phase centre|corner|aligned] [--overwrite]\n";

struct Arguments {
    std::vector<std::string> files;
    std::string bicubic;
    UpscaleOptions options;
    bool overwrite = false;
};

std::pair<std::size_t, std::size_t> size_in(const std::string& text) {
    unsigned width, height;
    char rest;
    if (std::sscanf(text.c_str(), "%5ux%5u%c", &width, &height, &rest) != 2)
        throw std::invalid_argument("size is " + text + ": give width and height, as 640x480");
    return {height, width};
}

// Return what is given; without files, if that isn't as the usage says.
Arguments parsed(const std::vector<std::string>& words) {
    Arguments given;
    given.options.least = 1;
    given.options.greatest = 65535;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool more = i + 1 < words.size();
        if (words[i] == "--overwrite") given.overwrite = true;
        else if (words[i] == "--bicubic" && more) given.bicubic = words[++i];
        else if (words[i] == "--size" && more) given.options.size = size_in(words[++i]);
        else if (words[i] == "--phase" && more) given.options.phase = phase_named(words[++i]);
        else if (words[i].rfind("--", 0) == 0) return {};
        else given.files.push_back(words[i]);
    }
    return given;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const Arguments given = parsed({arguments + 1, arguments + count});
        if (given.files.size() != 3) {
            std::cerr << USAGE;
            return 2;
        }
        std::string graph = given.files[0];
        const std::string input = given.files[1], output = given.files[2];
        if (!given.overwrite && std::filesystem::exists(output))
            throw std::runtime_error(output + " exists: give --overwrite, or another name");
        const DepthMap depth = read_png(input);
        if (!given.bicubic.empty()) {
            const auto beside = std::filesystem::path(given.bicubic).parent_path();
            const auto weights = (beside / "find_degradation.npy").string();
            if (bicubic_probability(depth, weights) >= 0.6) graph = given.bicubic;
        }
        const DepthMap large = Upscaler(graph)(depth, given.options);
        write_png(output, large);
        std::cout << "wrote " << output << ": " << large.width << "x" << large.height << " by "
                  << graph << "\n";
    } catch (const std::exception& error) {
        std::cerr << "upscale: " << error.what() << "\n";
        return 2;
    }
}
