// Python's view of csrc/app/watch.h: what sees, and what becomes of visits, are Python objects there.
#include "app_walks.h"
#include "bind.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <optional>

#include "app/watch.h"
#include "app_references.h"

namespace peephole {
namespace {

// More faces than a doorbell ever sees at once; the least sure ones are left out.
constexpr int32_t MOST_FACES = 64;

struct HostWatch {
    HostTracker walks;
    ph_watch watch{};
    std::vector<ph_seen> face;
    std::vector<ph_box> box;
    std::vector<ph_walk *> placed, view, list;
    std::vector<uint64_t> scratch;

    HostWatch() : face(MOST_FACES), box(MOST_FACES), placed(2 * MOST_FACES), view(MOST_FACES) {
        watch.time = PH_NEVER;
        watch.capacity = MOST_FACES;
        watch.face = face.data();
        watch.box = box.data();
        watch.placed = placed.data();
        watch.view = view.data();
        walks.tracker = &watch.tracker;
    }

    void make_room(int32_t owners, int32_t looks) {
        walks.make_room(MOST_FACES);
        list.resize(walks.order.size());
        watch.list = list.data();
        scratch.resize(ph_voting_scratch_bytes(owners, looks) / sizeof(uint64_t) + 1);
        watch.scratch = scratch.data();
    }
};

// What C calls during one call of Python's. What a Python function raises is raised again when C has returned.
struct Calls {
    HostWatch &host;
    const ph_policy &policy;
    nb::handle eyes;
    nb::handle visits;
    nb::object newest; // the look whose descriptor C reads
    std::exception_ptr raised;

    template <typename Work> static ph_status guarded(void *context, Work work) {
        auto &calls = *static_cast<Calls *>(context);
        try {
            work(calls);
            return PH_OK;
        } catch (...) {
            calls.raised = std::current_exception();
            return PH_BAD_ARGUMENT;
        }
    }

    std::shared_ptr<HostWalk> walk(const ph_walk *walk) const {
        return host.walks.host(walk);
    }

    static ph_status find(void *context, int32_t capacity, ph_seen *faces, int32_t *count) {
        return guarded(context, [&](Calls &calls) {
            const auto found = nb::cast<std::vector<Seen>>(calls.eyes.attr("find")());
            *count = std::min(capacity, static_cast<int32_t>(found.size()));
            std::transform(found.begin(), found.begin() + *count, faces, seen_of);
        });
    }

    static ph_status look_for(void *context, ph_box last, int32_t tilt, int32_t count, const ph_box *others,
                              bool *there, ph_seen *seen) {
        return guarded(context, [&](Calls &calls) {
            std::vector<Box> places(static_cast<size_t>(count));
            std::transform(others, others + count, places.begin(), tuple_of);
            const auto found = nb::cast<std::optional<Seen>>(calls.eyes.attr("look_for")(tuple_of(last), tilt, places));
            *there = found.has_value();
            if (found) {
                *seen = seen_of(*found);
            }
        });
    }

    static ph_status straighten(void *context, ph_seen *seen) {
        return guarded(context, [&](Calls &calls) {
            *seen = seen_of(nb::cast<Seen>(calls.eyes.attr("straighten")(tuple_of_seen(*seen))));
        });
    }

    static ph_status look(void *context, const ph_seen *seen, ph_look *look, const int16_t **descriptor) {
        return guarded(context, [&](Calls &calls) {
            calls.newest = calls.eyes.attr("look")(tuple_of_seen(*seen));
            const auto &found = nb::cast<const HostLook &>(calls.newest);
            look->quality = found.look.quality;
            look->picture = found.look.picture;
            *descriptor = found.descriptor.data;
            for (const auto &one : calls.host.walks.pool) {
                one->make_room(found.descriptor.side(0), calls.policy.keep_looks);
            }
        });
    }

    static ph_status kept(void *context, ph_walk *walk) {
        return guarded(context, [&](Calls &calls) { calls.visits.attr("kept")(calls.walk(walk)); });
    }

    static ph_status merged(void *context, ph_walk *into, ph_walk *walk) {
        return guarded(context, [&](Calls &calls) { calls.visits.attr("merged")(calls.walk(into), calls.walk(walk)); });
    }

    static ph_status began(void *context, ph_walk *walk) {
        return guarded(context, [&](Calls &calls) {
            calls.visits.attr("began")(calls.walk(walk));
            walk->visit = 1; // which one, Python knows
        });
    }

    static ph_status decided(void *context, ph_walk *walk) {
        return guarded(context, [&](Calls &calls) {
            calls.visits.attr("decided")(calls.walk(walk), verdict_of(walk->decision),
                                         owner_or_none(walk->decision.stranger));
        });
    }

    static ph_status save(void *context, ph_walk *walk, bool *saved) {
        return guarded(context,
                       [&](Calls &calls) { *saved = nb::cast<bool>(calls.visits.attr("save")(calls.walk(walk))); });
    }

    static ph_status ended(void *context, ph_walk *walk) {
        return guarded(context, [&](Calls &calls) { calls.visits.attr("ended")(calls.walk(walk)); });
    }

    ph_watch_calls as_calls() {
        return {this, find, look_for, straighten, look, kept, merged, began, decided, save, ended};
    }

    void finish(ph_status status, const char *function) const {
        if (raised) {
            std::rethrow_exception(raised);
        }
        raise_unless_ok(status, function);
    }
};

bool set_clock(HostWatch &self, int64_t time, const ph_policy &policy, nb::handle visits) {
    Calls calls{self, policy, nb::none(), visits, {}, nullptr};
    const auto table = calls.as_calls();
    bool set_back = false;
    calls.finish(ph_watch_set_clock(&self.watch, &policy, &table, time, &set_back), "set_clock");
    return set_back;
}

void frame(HostWatch &self, int64_t time, const References &people_, const References &strangers_,
           const std::vector<uint64_t> &bars, const ph_policy &policy, nb::handle eyes, nb::handle visits) {
    const ReferenceColumns people(people_);
    const ReferenceColumns strangers(strangers_);
    self.make_room(std::max(people.owners, strangers.owners), policy.keep_looks);
    const ph_known_faces known = {people.references(), people.owners, strangers.references(), strangers.owners,
                                  bars_of(bars)};
    Calls calls{self, policy, eyes, visits, {}, nullptr};
    const auto table = calls.as_calls();
    calls.finish(ph_watch_frame(&self.watch, &policy, &known, &table, time), "frame");
}

void end_all(HostWatch &self, const ph_policy &policy, nb::handle visits) {
    Calls calls{self, policy, nb::none(), visits, {}, nullptr};
    const auto table = calls.as_calls();
    calls.finish(ph_watch_end_all(&self.watch, &table), "end_all");
}

std::vector<std::shared_ptr<HostWalk>> hosts(const HostWatch &self, ph_walk *const *walks, int32_t count) {
    std::vector<std::shared_ptr<HostWalk>> found;
    for (int32_t i = 0; i < count; i++) {
        found.push_back(self.walks.host(walks[i]));
    }
    return found;
}

} // namespace

void bind_app_watch(nb::module_ &m) {
    using nb::literals::operator""_a;
    nb::class_<HostWatch>(m, "Watch", "Walks and visits, frame by frame; see csrc/app/watch.h. Times are milliseconds.")
        .def(nb::init<>())
        .def_prop_ro(
            "walks",
            [](const HostWatch &self) { return hosts(self, self.watch.tracker.walk, self.watch.tracker.count); },
            "All walks, the oldest first.")
        .def_prop_ro(
            "view", [](const HostWatch &self) { return hosts(self, self.watch.view, self.watch.count); },
            "The walks in view in the newest frame.")
        .def("set_clock", &set_clock, "time"_a, "policy"_a, "visits"_a,
             "End every walk if that time lies before the newest frame by more than the gap, and say so.")
        .def("frame", &frame, "time"_a, "people"_a, "strangers"_a, "bars"_a, "policy"_a, "eyes"_a, "visits"_a)
        .def("decide_again", [](HostWatch &self) { ph_watch_decide_again(&self.watch); })
        .def("end_all", &end_all, "policy"_a, "visits"_a);
}

} // namespace peephole
