#include "npy.hpp"

#include <openvino/core/type/float16.hpp>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace {

template <typename Number> Number number_at(const char* data) {
    Number number;
    std::memcpy(&number, data, sizeof number);
    return number;
}

double value_at(const char* data, const std::string& type) {
    if (type == "u2") return number_at<std::uint16_t>(data);
    if (type == "f4") return number_at<float>(data);
    return ov::float16::from_bits(number_at<std::uint16_t>(data));
}

}  // namespace

std::vector<Array> read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + " cannot be opened");
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    const std::regex meaning("'descr': '<(f2|f4|u2)', 'fortran_order': False, 'shape': "
                             "\\(([0-9, ]*)\\)");
    std::vector<Array> arrays;
    std::size_t at = 0;
    while (at < content.size()) {
        const std::size_t length =
            content.size() < at + 10 ? 0 : number_at<std::uint16_t>(content.data() + at + 8);
        const std::string header = content.substr(at, 10 + length);
        std::smatch said;
        if (header.rfind("\x93NUMPY\x01", 0) != 0 || !std::regex_search(header, said, meaning))
            throw std::runtime_error(path + " is no NPY file of float16, float32 or uint16");
        const std::string type = said[1];
        std::istringstream sizes(std::regex_replace(said[2].str(), std::regex(","), " "));
        Array array{{std::istream_iterator<std::size_t>(sizes), {}}, type == "u2", {}};
        std::size_t count = 1;
        for (const std::size_t size : array.shape) count *= size;
        const std::size_t bytes = type == "f4" ? 4 : 2;
        at += header.size();
        if ((content.size() - at) / bytes < count) throw std::runtime_error(path + " is cut off");
        for (std::size_t i = 0; i < count; ++i, at += bytes)
            array.values.push_back(value_at(content.data() + at, type));
        arrays.push_back(std::move(array));
    }
    return arrays;
}
