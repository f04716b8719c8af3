// The command: a 16-bit PNG of depth in, a larger one out.

#include "png16.hpp"
#include "upscaler.hpp"

#include <cstring>
#include <filesystem>
#include <iostream>

int main(int count, char** arguments) {
    const bool overwrite = count == 5 && std::strcmp(arguments[4], "--overwrite") == 0;
    if (count != 4 && !overwrite) {
        std::cerr << "usage: upscale GRAPH.onnx INPUT.png OUTPUT.png [--overwrite]\n";
        return 2;
    }
    const std::string graph = arguments[1], input = arguments[2], output = arguments[3];
    try {
        if (!overwrite && std::filesystem::exists(output))
            throw std::runtime_error(output + " exists: give --overwrite, or another name");
        const DepthMap depth = read_png(input);
        if (has_wide_gap(depth))
            std::cerr << "note: " << input << " has values far from all others, such as wrong "
                      << "pixels; dsdmsr itself treats them apart, and is more exact here\n";
        const DepthMap large = Upscaler(graph)(depth, {1, 65535});
        write_png(output, large);
        std::cout << "wrote " << output << ": " << large.width << "x" << large.height << "\n";
    } catch (const std::exception& error) {
        std::cerr << "upscale: " << error.what() << "\n";
        return 2;
    }
}
