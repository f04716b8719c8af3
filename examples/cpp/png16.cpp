#include "png16.hpp"

#include <png.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File opened(const std::string& path, const char* mode) {
    File file(std::fopen(path.c_str(), mode), std::fclose);
    if (!file) throw std::runtime_error(path + " cannot be opened");
    return file;
}

[[noreturn]] void fail(png_structp, png_const_charp reason) { throw std::runtime_error(reason); }
void ignore(png_structp, png_const_charp) {}

}  // namespace

// libpng's simplified API would take such numbers for light, and change them where a file has a
// gamma.
DepthMap read_png(const std::string& path) {
    const File file = opened(path, "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, fail, ignore);
    png_infop info = png_create_info_struct(png);
    const std::shared_ptr<void> owner(nullptr, [&](void*) { png_destroy_read_struct(&png, &info, nullptr); });
    try {
        png_init_io(png, file.get());
        png_read_png(png, info, PNG_TRANSFORM_SWAP_ENDIAN, nullptr);
    } catch (const std::exception& error) {
        throw std::runtime_error(path + " is no whole PNG: " + error.what());
    }
    const int bits = png_get_bit_depth(png, info);
    if (bits != 16 || png_get_color_type(png, info) != PNG_COLOR_TYPE_GRAY)
        throw std::runtime_error(path + " has " + std::to_string(bits) + " bits and " +
                                 std::to_string(png_get_channels(png, info)) +
                                 " channels: give a grey PNG of 16 bits");
    DepthMap depth(png_get_image_height(png, info), png_get_image_width(png, info));
    for (std::size_t y = 0; y < depth.height; ++y) {
        const auto* row = reinterpret_cast<const std::uint16_t*>(png_get_rows(png, info)[y]);
        for (std::size_t x = 0; x < depth.width; ++x) {
            depth.values[y * depth.width + x] = row[x];
            depth.valid[y * depth.width + x] = row[x] != 0;
        }
    }
    return depth;
}

void write_png(const std::string& path, const DepthMap& depth) {
    std::vector<std::uint16_t> numbers(depth.values.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = depth.valid[i] ? static_cast<std::uint16_t>(std::floor(depth.values[i] + 0.5)) : 0;
    std::vector<png_bytep> rows(depth.height);
    for (std::size_t y = 0; y < depth.height; ++y)
        rows[y] = reinterpret_cast<png_bytep>(&numbers[y * depth.width]);
    // Written beside and renamed, so that no file is ever half there.
    const std::string beside = path + ".part";
    {
        const File file = opened(beside, "wb");
        png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, fail, ignore);
        png_infop info = png_create_info_struct(png);
        const std::shared_ptr<void> owner(nullptr, [&](void*) { png_destroy_write_struct(&png, &info); });
        png_init_io(png, file.get());
        png_set_IHDR(png, info, depth.width, depth.height, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        png_set_rows(png, info, rows.data());
        png_write_png(png, info, PNG_TRANSFORM_SWAP_ENDIAN, nullptr);
        if (std::fflush(file.get()) != 0) throw std::runtime_error(beside + " cannot be written");
    }
    std::filesystem::rename(beside, path);
}
