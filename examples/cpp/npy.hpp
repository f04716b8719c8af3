// NPY files of numbers, which NumPy writes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

struct Array {
    std::vector<std::size_t> shape;
    bool whole; // uint16, not floats
    std::vector<double> values;
};

// Read all arrays of a file, one after the other: little-endian float16, float32 or uint16. Throws
// std::runtime_error. Source: NumPy's documentation of the format.
std::vector<Array> read_npy(const std::string& path);
