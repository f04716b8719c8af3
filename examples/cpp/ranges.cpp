#include "ranges.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace {

// The distances between neighbours among a map's values, which become those of the scale.
using Lengths = std::vector<double>;

double sum(const Lengths& lengths) { return std::accumulate(lengths.begin(), lengths.end(), 0.0); }

// Return 0 and the sums of the first one, two, … numbers.
std::vector<double> cumulative(const std::vector<double>& numbers) {
    std::vector<double> sums{0};
    for (const double number : numbers) sums.push_back(sums.back() + number);
    return sums;
}

double line(double x, const std::vector<double>& xs, const std::vector<double>& ys) {
    const auto after = std::upper_bound(xs.begin() + 1, xs.end() - 1, x) - xs.begin();
    const double run = xs[after] - xs[after - 1];
    const double rise = ys[after] - ys[after - 1];
    return ys[after - 1] + (run > 0 ? (x - xs[after - 1]) / run * rise : 0);
}

// Shorten the gaps that are wide; return which they are.
std::set<std::size_t> shorten(Lengths& lengths, double wide) {
    std::vector<std::size_t> largest(lengths.size());
    std::iota(largest.begin(), largest.end(), 0);
    std::sort(largest.begin(), largest.end(),
              [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
    const double whole = sum(lengths), least = lengths[largest.back()];
    for (std::size_t count = std::min<std::size_t>(8, largest.size()); count > 0; --count) {
        const std::set<std::size_t> gaps(largest.begin(), largest.begin() + count);
        const double narrowest = lengths[largest[count - 1]];
        double left = whole;
        for (std::size_t k = 0; k < count; ++k) left -= lengths[largest[k]];
        const double length = std::max(left / 2, 64 * least - left);
        // Two values alone have a gap, but no range besides.
        if (left <= 1e-9 * whole || narrowest <= wide * std::max(left, length)) continue;
        for (const std::size_t gap : gaps) lengths[gap] = length;
        return gaps;
    }
    return {};
}

// Return the first and the last value of a crowd of pixels; the same, if there is none.
std::pair<std::size_t, std::size_t> crowd(const Lengths& lengths, const std::vector<double>& counts) {
    const auto ends = cumulative(lengths), before = cumulative(counts);
    double width = ends.back();
    std::size_t start = 0, end = 0;
    for (std::size_t first = 0; first < counts.size(); ++first) {
        const double enough = before[first] + 0.1 * before.back();
        const std::size_t last =
            std::lower_bound(before.begin(), before.end(), enough) - before.begin() - 1;
        if (last >= ends.size() || last == first || ends[last] - ends[first] >= width) continue;
        start = first, end = last, width = ends[last] - ends[first];
    }
    const double most = ends.back() / 50;
    while (start < end && width < most) {
        const bool down = start > 0 && lengths[start - 1] <= width;
        const bool up = end < lengths.size() && lengths[end] <= width;
        if (!down && !up) break;
        start -= down, end += up;
        width = ends[end] - ends[start];
    }
    return width < most && end - start >= 16 ? std::pair{start, end} : std::pair{start, start};
}

// Stretch the distances within a crowd to a third of the whole, and the gaps beside it to a third
// of that; return by how many times, 1 if there is no crowd, or it has its room.
double give_room(Lengths& lengths, std::size_t start, std::size_t end) {
    if (start == end) return 1;
    const auto first = lengths.begin() + start, last = lengths.begin() + end;
    const double whole = sum(lengths), width = std::accumulate(first, last, 0.0);
    const double steps = width / *std::max_element(first, last);
    const double room = std::min((whole - width) / 2, steps * whole / 64);
    if (room <= width) return 1;
    std::transform(first, last, first, [&](double length) { return length * room / width; });
    if (start > 0) lengths[start - 1] = std::max(lengths[start - 1], room / 3);
    if (end < lengths.size()) lengths[end] = std::max(lengths[end], room / 3);
    return room / width;
}

}  // namespace

double ValueScale::to_share(double value) const { return line(value, values, shares); }

double ValueScale::to_value(double share) const { return line(share, shares, values); }

std::optional<ValueScale> value_scale(std::vector<double> values, double wide) {
    std::sort(values.begin(), values.end());
    std::vector<double> ends, counts;
    for (const double value : values) {
        if (ends.empty() || value > ends.back()) ends.push_back(value), counts.push_back(0);
        ++counts.back();
    }
    if (ends.size() == 1) return {};
    Lengths lengths;
    for (std::size_t k = 1; k < ends.size(); ++k) lengths.push_back(ends[k] - ends[k - 1]);
    std::set<std::size_t> gaps = shorten(lengths, wide);
    const auto [start, end] = crowd(lengths, counts);
    const double stretch = give_room(lengths, start, end);
    if (stretch > 1) {
        if (start > 0) gaps.insert(start - 1);
        if (end < lengths.size()) gaps.insert(end);
    }
    if (gaps.empty()) return {};

    // At both ends of a gap, values change as slowly as beside it, and not faster than in it.
    const auto stretched = [&, start = start, end = end](std::size_t k) {
        return start <= k && k < end ? stretch : 1;
    };
    const auto places = cumulative(lengths);
    ValueScale scale;
    for (std::size_t k = 0; k < ends.size(); ++k) {
        scale.values.push_back(ends[k]);
        scale.shares.push_back(places[k] / places.back());
        if (!gaps.count(k)) continue;
        const double guard = 0.2 * lengths[k], most = 0.2 * (ends[k + 1] - ends[k]);
        scale.values.push_back(ends[k] + std::min(guard / stretched(k - 1), most));
        scale.shares.push_back((places[k] + guard) / places.back());
        scale.values.push_back(ends[k + 1] - std::min(guard / stretched(k + 1), most));
        scale.shares.push_back((places[k + 1] - guard) / places.back());
    }
    return scale;
}
