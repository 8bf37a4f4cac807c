// Python's view of the walks in csrc/app/tracking.h. Looks go by the numbers of their pictures, which Python keeps.
#include "app_walks.h"
#include "bind.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "app/watch.h"

namespace peephole {
namespace {

using Walk = std::shared_ptr<HostWalk>;

std::vector<Walk> hosts(const HostTracker &self, const std::vector<ph_walk *> &walks, int32_t count) {
    std::vector<Walk> found;
    for (int32_t i = 0; i < count; i++) {
        found.push_back(walks[static_cast<size_t>(i)] ? self.host(walks[static_cast<size_t>(i)]) : nullptr);
    }
    return found;
}

std::vector<ph_walk *> plain(const std::vector<Walk> &walks) {
    std::vector<ph_walk *> found;
    for (const Walk &walk : walks) {
        found.push_back(walk ? &walk->walk : nullptr);
    }
    return found;
}

void make_walk(HostWalk *self, uint32_t number, int64_t time, const Box &box) {
    new (self) HostWalk;
    ph_walk *order = &self->walk;
    ph_tracker alone = {1, 0, number - 1, &order};
    ph_tracker_begin(&alone, time, box_of(box));
}

bool add(HostWalk &self, const HostLook &look, const ph_policy &policy) {
    self.make_room(look.descriptor.side(0), policy.keep_looks);
    return ph_walk_add(&self.walk, &policy, &look.look, look.descriptor.data);
}

// A walk without looks has no length that a descriptor could have to fit.
void expect_comparable(const HostWalk &walk, const HostLook &look) {
    if (walk.walk.looks.count && walk.walk.looks.values != look.descriptor.side(0)) {
        refuse("a look has " + std::to_string(look.descriptor.side(0)) + " values, those before it have " +
               std::to_string(walk.walk.looks.values));
    }
}

std::optional<uint64_t> likeness(const HostWalk &self, const HostLook &look) {
    expect_comparable(self, look);
    const uint64_t distance = ph_walk_likeness(&self.walk, look.descriptor.data);
    return distance == PH_NO_DISTANCE ? std::optional<uint64_t>() : std::optional<uint64_t>(distance);
}

std::vector<uint32_t> pictures(const HostWalk &self) {
    std::vector<uint32_t> numbers;
    for (int32_t i = 0; i < self.walk.looks.count; i++) {
        numbers.push_back(self.walk.looks.look[i].picture);
    }
    return numbers;
}

std::vector<Walk> place(const HostTracker &self, int64_t time, const std::vector<Box> &corners,
                        const ph_policy &policy) {
    std::vector<ph_box> boxes;
    for (const Box &one : corners) {
        boxes.push_back(box_of(one));
    }
    const auto count = static_cast<int32_t>(boxes.size());
    std::vector<ph_walk *> found(boxes.size());
    ph_tracker_place(self.tracker, &policy, time, count, boxes.data(), found.data());
    return hosts(self, found, count);
}

std::vector<Walk> missing(const HostTracker &self, int64_t time, const std::vector<Walk> &placed,
                          const ph_policy &policy) {
    const auto there = plain(placed);
    std::vector<ph_walk *> lost(self.order.size());
    const int32_t count =
        ph_tracker_missing(self.tracker, &policy, time, static_cast<int32_t>(there.size()), there.data(), lost.data());
    return hosts(self, lost, count);
}

std::vector<Walk> over(const HostTracker &self, int64_t time, const ph_policy &policy) {
    std::vector<ph_walk *> ended(self.order.size());
    const int32_t count = ph_tracker_over(self.tracker, &policy, time, ended.data());
    return hosts(self, ended, count);
}

Walk begin(HostTracker &self, int64_t time, const Box &box) {
    self.make_room(1);
    return self.host(ph_tracker_begin(self.tracker, time, box_of(box)));
}

void expect_held(const HostTracker &self, const HostWalk &walk) {
    if (!self.holds(walk)) {
        refuse("walk " + std::to_string(walk.walk.number) + " is none of this tracker's");
    }
}

void forget(HostTracker &self, HostWalk &walk) {
    expect_held(self, walk);
    ph_tracker_forget(self.tracker, &walk.walk);
}

void merge(HostTracker &self, HostWalk &into, HostWalk &walk, const ph_policy &policy) {
    expect_held(self, into);
    expect_held(self, walk);
    if (walk.walk.looks.count) {
        into.make_room(walk.walk.looks.values, policy.keep_looks);
    }
    ph_tracker_merge(self.tracker, &policy, &into.walk, &walk.walk);
}

bool is_someone_else(const HostWalk &self, const HostLook &look, const std::vector<uint64_t> &bars_,
                     const ph_policy &policy) {
    expect_comparable(self, look);
    const ph_bars bars = bars_of(bars_);
    return ph_walk_is_someone_else(&self.walk, &policy, &bars, &look.look, look.descriptor.data);
}

void expect_all_comparable(const HostTracker &self, const HostLook &look) {
    for (int32_t i = 0; i < self.tracker->count; i++) {
        expect_comparable(*self.host(self.order[static_cast<size_t>(i)]), look);
    }
}

Walk crossed(const HostTracker &self, HostWalk &walk, const HostLook &look, const std::vector<uint64_t> &bars_,
             const ph_policy &policy) {
    expect_comparable(walk, look);
    expect_all_comparable(self, look);
    const ph_bars bars = bars_of(bars_);
    const ph_walk *found =
        ph_tracker_crossed(self.tracker, &policy, &bars, &walk.walk, &look.look, look.descriptor.data);
    return found ? self.host(found) : nullptr;
}

Walk rejoin(const HostTracker &self, const HostLook &look, const std::vector<uint64_t> &bars_,
            const std::vector<Walk> &busy, const ph_policy &policy) {
    expect_all_comparable(self, look);
    const ph_bars bars = bars_of(bars_);
    const auto taken = plain(busy);
    const ph_walk *found = ph_tracker_rejoin(self.tracker, &policy, &bars, &look.look, look.descriptor.data,
                                             static_cast<int32_t>(taken.size()), taken.data());
    return found ? self.host(found) : nullptr;
}

} // namespace

void bind_app_tracking(nb::module_ &m) {
    using nb::literals::operator""_a;
    nb::class_<HostLook>(m, "Look", "One described look; picture: the caller's number of it.")
        .def(nb::init<int64_t, int32_t, bool, uint32_t, nb::handle>(), "time"_a, "value"_a, "good"_a, "picture"_a,
             "descriptor"_a);
    nb::class_<HostWalk>(m, "Walk", "A walk; see csrc/app/tracking.h. Times are milliseconds.")
        .def("__init__", &make_walk, "number"_a, "time"_a, "box"_a)
        .def_prop_ro("number", [](const HostWalk &self) { return self.walk.number; })
        .def_prop_ro("first_seen", [](const HostWalk &self) { return self.walk.first_seen; })
        .def_prop_ro("last_seen", [](const HostWalk &self) { return self.walk.last_seen; })
        .def_prop_ro("box", [](const HostWalk &self) { return tuple_of(self.walk.box); })
        .def_prop_ro("tilt", [](const HostWalk &self) { return self.walk.tilt; })
        .def_prop_ro("faces", [](const HostWalk &self) { return self.walk.faces; })
        .def_prop_ro("pictures", &pictures, "The numbers of the looks kept, the oldest first.")
        .def_prop_rw(
            "visit", [](const HostWalk &self) { return self.walk.visit; },
            [](HostWalk &self, uint32_t visit) { self.walk.visit = visit; }, "Number of the visit; 0 for none.")
        .def("add", &add, "look"_a, "policy"_a)
        .def("likeness", &likeness, "look"_a)
        .def(
            "follow",
            [](HostWalk &self, int64_t time, const Box &box, int32_t tilt) {
                ph_walk_follow(&self.walk, time, box_of(box), tilt);
            },
            "time"_a, "box"_a, "tilt"_a)
        .def(
            "wants_look",
            [](const HostWalk &self, int64_t time, const ph_policy &policy) {
                return ph_walk_wants_look(&self.walk, &policy, time);
            },
            "time"_a, "policy"_a)
        .def(
            "is_news",
            [](HostWalk &self, uint32_t person, uint32_t stranger) {
                return ph_walk_is_news(&self.walk, person, stranger);
            },
            "person"_a, "stranger"_a)
        .def("is_someone_else", &is_someone_else, "look"_a, "bars"_a, "policy"_a);
    nb::class_<HostTracker>(m, "Tracker", "The walks in view; see csrc/app/tracking.h.")
        .def(nb::init<>())
        .def_prop_ro("walks", [](const HostTracker &self) { return hosts(self, self.order, self.tracker->count); })
        .def("place", &place, "time"_a, "boxes"_a, "policy"_a)
        .def("missing", &missing, "time"_a, "placed"_a, "policy"_a)
        .def("over", &over, "time"_a, "policy"_a)
        .def("begin", &begin, "time"_a, "box"_a)
        .def("forget", &forget, "walk"_a)
        .def("merge", &merge, "into"_a, "walk"_a, "policy"_a)
        .def("crossed", &crossed, "walk"_a, "look"_a, "bars"_a, "policy"_a)
        .def("rejoin", &rejoin, "look"_a, "bars"_a, "busy"_a, "policy"_a);
    m.def(
        "closeness", [](const Box &before, const Box &now) { return ph_closeness(box_of(before), box_of(now)); },
        "before"_a, "now"_a, "How well two boxes fit one face, Q16.");
}

} // namespace peephole
