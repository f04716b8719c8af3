#include "png16.hpp"

#include <spng.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using Png = std::unique_ptr<spng_ctx, void (*)(spng_ctx*)>;

File opened(const std::string& path, const char* mode) {
    File file(std::fopen(path.c_str(), mode), std::fclose);
    if (!file) throw std::runtime_error(path + " cannot be opened");
    return file;
}

void check(int error, const std::string& path) {
    if (error) throw std::runtime_error(path + ": " + spng_strerror(error));
}

}  // namespace

DepthMap read_png(const std::string& path) {
    const File file = opened(path, "rb");
    const Png png(spng_ctx_new(0), spng_ctx_free);
    spng_ihdr header;
    check(spng_set_png_file(png.get(), file.get()), path);
    check(spng_get_ihdr(png.get(), &header), path);
    if (header.bit_depth != 16 || header.color_type != SPNG_COLOR_TYPE_GRAYSCALE)
        throw std::runtime_error(path + " has " + std::to_string(header.bit_depth) +
                                 " bits a channel, or colours: give a grey PNG of 16 bits");
    DepthMap depth(header.height, header.width);
    std::vector<std::uint16_t> numbers(depth.values.size());
    // The numbers as they are: no gamma, and in this machine's order of bytes.
    check(spng_decode_image(png.get(), numbers.data(), 2 * numbers.size(), SPNG_FMT_PNG, 0), path);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        depth.values[i] = numbers[i];
        depth.valid[i] = numbers[i] != 0;
    }
    return depth;
}

void write_png(const std::string& path, const DepthMap& depth) {
    std::vector<std::uint16_t> numbers(depth.values.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
        if (depth.valid[i])
            numbers[i] = static_cast<std::uint16_t>(std::floor(depth.values[i] + 0.5));
    spng_ihdr header{};
    header.width = depth.width;
    header.height = depth.height;
    header.bit_depth = 16;
    header.color_type = SPNG_COLOR_TYPE_GRAYSCALE;
    // Written beside and renamed, so that no file is ever half there.
    const std::string beside = path + ".part";
    File file = opened(beside, "wb");
    const Png png(spng_ctx_new(SPNG_CTX_ENCODER), spng_ctx_free);
    check(spng_set_png_file(png.get(), file.get()), path);
    check(spng_set_ihdr(png.get(), &header), path);
    check(spng_encode_image(png.get(), numbers.data(), 2 * numbers.size(), SPNG_FMT_PNG,
                            SPNG_ENCODE_FINALIZE),
          path);
    if (std::fclose(file.release()) != 0) throw std::runtime_error(path + " cannot be written");
    std::filesystem::rename(beside, path);
}
