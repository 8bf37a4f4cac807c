// What the bindings of looking at faces share.
#pragma once

#include "border.h"

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "app/tilt.h"
#include "app/types.h"
#include "peephole/warp.h"

namespace peephole {

using Box = std::tuple<int64_t, int64_t, int64_t, int64_t>; // x, y, width, height

inline ph_box box_of(const Box &box) {
    const auto [x, y, width, height] = box;
    for (const int64_t number : {x, y, width, height}) {
        if (number < INT16_MIN || number > INT16_MAX) {
            refuse("the face lies too far outside of the frame to be cropped");
        }
    }
    return {static_cast<int16_t>(x), static_cast<int16_t>(y), static_cast<int16_t>(width),
            static_cast<int16_t>(height)};
}

inline Box tuple_of(ph_box box) {
    return {box.x, box.y, box.width, box.height};
}

using Seen = std::tuple<Box, int32_t, int32_t>; // box, neighbours, tilt

inline ph_seen seen_of(const Seen &seen) {
    const auto &[box, neighbours, tilt] = seen;
    return {box_of(box), neighbours, tilt};
}

inline Seen tuple_of_seen(const ph_seen &seen) {
    return {tuple_of(seen.box), seen.neighbours, seen.tilt};
}

inline ph_image_size image_size(const std::vector<int64_t> &shape) {
    return {static_cast<int32_t>(shape[0]), static_cast<int32_t>(shape[1])};
}

} // namespace peephole
