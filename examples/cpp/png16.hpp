// Grey PNG files of 16 bits; 0 means "no depth". Errors are std::runtime_error.
#pragma once

#include "depth_map.hpp"

#include <string>

DepthMap read_png(const std::string& path);
void write_png(const std::string& path, const DepthMap& depth);
