// Walks whose memory is C++'s, so that they live as long as Python looks at them.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "app_decisions.h"
#include "app_looking.h"

#include "app/tracking.h"

namespace peephole {

struct HostWalk {
    ph_walk walk{};
    std::vector<ph_look> look;
    std::vector<int16_t> descriptor;

    // Makes room for `keep` looks of that many values.
    void make_room(int32_t values, int32_t keep) {
        ph_looks &looks = walk.looks;
        if (looks.count == 0) {
            looks.values = values;
        }
        if (looks.values != values) {
            refuse("a look has " + std::to_string(values) + " values, those before it have " +
                   std::to_string(looks.values));
        }
        looks.capacity = std::max(looks.capacity, keep);
        look.resize(static_cast<size_t>(looks.capacity));
        descriptor.resize(look.size() * static_cast<size_t>(values));
        looks.look = look.data();
        looks.descriptor = descriptor.data();
    }
};

struct HostTracker {
    std::vector<std::shared_ptr<HostWalk>> pool;
    std::vector<ph_walk *> order;
    ph_tracker own{};
    ph_tracker *tracker = &own; // may be that of a watch

    HostTracker() = default;
    HostTracker(const HostTracker &) = delete;

    // Has so many free walks ready. One that has ended stays as it was for those who still look at it: another one
    // takes its place.
    void make_room(int32_t more) {
        for (auto &one : pool) {
            if (one.use_count() > 1 && !holds(*one)) {
                auto fresh = std::make_shared<HostWalk>();
                std::replace(order.begin(), order.end(), &one->walk, &fresh->walk);
                one = fresh;
            }
        }
        while (tracker->capacity < tracker->count + more) {
            pool.push_back(std::make_shared<HostWalk>());
            order.push_back(&pool.back()->walk);
            tracker->capacity++;
        }
        tracker->walk = order.data();
    }

    std::shared_ptr<HostWalk> host(const ph_walk *walk) const {
        for (const auto &one : pool) {
            if (&one->walk == walk) {
                return one;
            }
        }
        return nullptr;
    }

    bool holds(const HostWalk &walk) const {
        return std::find(order.begin(), order.begin() + tracker->count, &walk.walk) != order.begin() + tracker->count;
    }
};

// One look as Python hands it over.
struct HostLook {
    ph_look look{};
    View<const int16_t> descriptor;

    HostLook(int64_t time, int32_t value, bool good, uint32_t picture, nb::handle descriptor_)
        : descriptor(input<int16_t>(descriptor_, "descriptor", 1)) {
        look.time = time;
        look.quality.value = value;
        look.quality.fault = good ? PH_FAULT_NONE : PH_FAULT_TOO_SMALL;
        look.picture = picture;
    }
};

} // namespace peephole
