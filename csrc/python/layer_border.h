// What several layers check at the border, and the window that the kernels take.
#pragma once

#include <nanobind/stl/pair.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "border.h"
#include "peephole/window.h"

namespace peephole {

using Pair = std::pair<int32_t, int32_t>; // down the rows, along the columns

// How a kernel moves, as Python says it.
struct Moves {
    Pair stride, padding, dilation; // padding: top, left
};

inline void expect_direction(const char *name, int64_t kernel, int32_t stride, int32_t padding, int32_t dilation,
                             int64_t in, int64_t out) {
    if (stride < 1 || dilation < 1 || padding < 0 || std::max(stride, std::max(dilation, padding)) > PH_MAX_SIDE) {
        refuse("stride and dilation must be 1 to 32,767, and padding 0 to 32,767");
    }
    const int64_t extent = (kernel - 1) * dilation + 1;
    if (padding >= extent) {
        refuse("padding " + std::to_string(padding) + " must be less than the kernel's extent in " + name + ", " +
               std::to_string(extent));
    }
    const int64_t start = (out - 1) * stride - padding;
    if (start >= in) {
        refuse("out has " + std::to_string(out) + " " + name + ", whose last window begins at " +
               std::to_string(start) + " of x, which has " + std::to_string(in));
    }
}

// The window of a kernel of this height and width over x [H,W,..] for out [OH,OW,..].
template <typename X, typename Y>
ph_window expect_window(const View<X> &x, std::pair<int64_t, int64_t> kernel, const Moves &moves, const View<Y> &out) {
    const auto &[stride, padding, dilation] = moves;
    expect_direction("rows", kernel.first, stride.first, padding.first, dilation.first, x.shape[0], out.shape[0]);
    expect_direction("columns", kernel.second, stride.second, padding.second, dilation.second, x.shape[1],
                     out.shape[1]);
    return {static_cast<int32_t>(kernel.first),
            static_cast<int32_t>(kernel.second),
            stride.first,
            stride.second,
            dilation.first,
            dilation.second,
            padding.first,
            padding.second};
}

// low .. high must lie within the type of out.
template <typename T> void expect_clip(int32_t low, int32_t high) {
    if (low < std::numeric_limits<T>::min() || low > high || high > std::numeric_limits<T>::max()) {
        refuse("low " + std::to_string(low) + " and high " + std::to_string(high) + " must be a range within " +
               type_name<T>());
    }
}

inline uint8_t expect_shift(int32_t shift, const char *name) {
    if (shift < 0 || shift > 31) {
        refuse(std::string(name) + " must be 0 to 31, not " + std::to_string(shift));
    }
    return static_cast<uint8_t>(shift);
}

// Calls `use` with out as int16 or as int8, by its type: kernels that can write either have a twin for each.
template <typename Use> void with_output(nb::handle out_, Use use) {
    nb::ndarray<> array;
    if (nb::try_cast<nb::ndarray<>>(out_, array, false) && array.dtype() == nb::dtype<int16_t>()) {
        use(output<int16_t>(out_, "out", 3));
    } else {
        use(output<int8_t>(out_, "out", 3));
    }
}

} // namespace peephole
