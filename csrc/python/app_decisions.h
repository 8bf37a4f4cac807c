// What the bindings of the doorbell's decisions share.
#pragma once

#include "border.h"

#include "app/bars.h"
#include "app/policy.h"
#include "app/types.h"

namespace peephole {

// What is known of the looks of one visit, as columns in the same order.
struct LookColumns {
    View<const int64_t> times;
    View<const int32_t> values;
    View<const uint8_t> good;

    LookColumns(nb::handle times_, nb::handle values_, nb::handle good_)
        : times(input<int64_t>(times_, "times", 1)), values(input<int32_t>(values_, "values", 1)),
          good(input<uint8_t>(good_, "good", 1)) {
        expect_shape(values, "values", times.shape);
        expect_shape(good, "good", times.shape);
    }

    std::vector<ph_look> rows() const {
        std::vector<ph_look> rows(static_cast<size_t>(times.shape[0]));
        for (size_t i = 0; i < rows.size(); i++) {
            rows[i].time = times.data[i];
            rows[i].quality.value = values.data[i];
            // Which fault it is does not count for a decision.
            rows[i].quality.fault = good.data[i] ? PH_FAULT_NONE : PH_FAULT_TOO_SMALL;
        }
        return rows;
    }
};

// The same with what the network says of each.
struct DescribedLooks {
    std::vector<ph_look> rows;
    View<const int16_t> descriptors;

    DescribedLooks(const LookColumns &columns, nb::handle descriptors_)
        : rows(columns.rows()), descriptors(input<int16_t>(descriptors_, "descriptors", 2)) {
        expect_shape(descriptors, "descriptors", {columns.times.shape[0], descriptors.shape[1]});
    }

    ph_looks looks() {
        // The descriptors are only read.
        return {descriptors.side(1), descriptors.side(0), descriptors.side(0), rows.data(),
                const_cast<int16_t *>(descriptors.data)};
    }
};

inline ph_bars bars_of(const std::vector<uint64_t> &bars) {
    if (bars.size() != 4) {
        refuse("bars must be four distances: known, stranger, same_stranger and margin");
    }
    return {bars[0], bars[1], bars[2], bars[3]};
}

} // namespace peephole
