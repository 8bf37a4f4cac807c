// References as Python hands them over, and decisions as it gets them back.
#pragma once

#include "border.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <tuple>

#include "app/voting.h"

namespace peephole {

using References = std::tuple<nb::object, nb::object, int32_t>; // owner [M], descriptors [M,D], number of owners

// References and the numbers of their owners, of which none is as large as `owners`.
struct ReferenceColumns {
    View<const uint16_t> owner;
    View<const int16_t> descriptors;
    int32_t owners;

    explicit ReferenceColumns(const References &references)
        : owner(input<uint16_t>(std::get<0>(references), "owner", 1)),
          descriptors(input<int16_t>(std::get<1>(references), "references", 2)), owners(std::get<2>(references)) {
        expect_shape(descriptors, "references", {owner.shape[0], descriptors.shape[1]});
        if (owners < 0 || owners > static_cast<int32_t>(PH_NOBODY)) {
            refuse("owners must be 0 to 65,535");
        }
    }

    ph_references references() const {
        return {descriptors.side(1), owner.side(0), owner.data, descriptors.data};
    }

    void expect_length(int64_t values) const {
        if (owner.shape[0] && descriptors.shape[1] != values) {
            refuse("the looks have " + std::to_string(values) + " values each, the references have " +
                   std::to_string(descriptors.shape[1]));
        }
    }
};

using Owner = std::optional<uint32_t>;
using Distance = std::optional<uint64_t>;
using Verdict = std::tuple<int, int, Owner, Owner, Distance, Distance>; // kind, reason, person, nearest, both distances

inline Owner owner_or_none(uint16_t owner) {
    return owner == PH_NOBODY ? Owner() : Owner(owner);
}

inline Distance distance_or_none(uint64_t distance) {
    return distance == PH_NO_DISTANCE ? Distance() : Distance(distance);
}

inline Verdict verdict_of(const ph_decision &decision) {
    return {decision.kind,
            decision.reason,
            owner_or_none(decision.person),
            owner_or_none(decision.nearest),
            distance_or_none(decision.distance),
            distance_or_none(decision.margin)};
}

} // namespace peephole
