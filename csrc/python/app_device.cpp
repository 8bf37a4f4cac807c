// Python's view of the owner's side of a device: bytes in, bytes out, with a clock, a button and somebody at the door
// that a test sets. For tests alone.
#include "app_gallery.h"
#include "bind.h"

#include <algorithm>
#include <string>

#include "app/admin.h"

namespace peephole {
namespace {

class Device {
  public:
    Device(nb::object gallery, uint32_t seed) : owner_(gallery), gallery_(nb::cast<Gallery &>(gallery)), random_(seed) {
        const size_t looks = static_cast<size_t>(gallery_.get()->size.references);
        look_.resize(looks);
        descriptor_.resize(looks * static_cast<size_t>(gallery_.get()->size.values));
        restart();
    }
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    // As when it is switched on, with what the gallery holds.
    void restart() {
        const ph_settings usual = {PH_DEFAULT_POLICY, 3000, 10000, 0};
        const ph_admin_calls calls = {this, write, random, time, at_door, apply, bars, statistics};
        const ph_looks room = {gallery_.get()->size.values, static_cast<int32_t>(look_.size()), 0, look_.data(),
                               descriptor_.data()};
        applied_ = usual;
        ph_admin_open(&admin_, &calls, gallery_.get(), &usual, room);
    }
    nb::bytes take(nb::bytes content) {
        sent_.clear();
        ph_admin_take(&admin_, static_cast<const uint8_t *>(content.data()), static_cast<int32_t>(content.size()));
        return to_bytes(sent_.data(), sent_.size());
    }
    void press() {
        ph_admin_press(&admin_);
    }
    void pass_time(int64_t milliseconds) {
        time_ += milliseconds;
    }
    // Who stands at the door; no looks: nobody. faces: how many there are.
    void stand_at_door(nb::object looks, int32_t faces) {
        door_owner_ = looks;
        faces_ = faces;
    }
    void fail_random(bool fails) {
        random_fails_ = fails;
    }
    void tell(int32_t kind, uint32_t visit, bool on, int32_t decision, int32_t reason, uint16_t person,
              uint16_t stranger, int32_t problem, int32_t status) {
        ph_event event = {};
        event.kind = static_cast<ph_event_kind>(kind);
        event.visit = visit;
        event.on = on;
        event.time = time_;
        event.decision = static_cast<ph_kind>(decision);
        event.reason = static_cast<ph_reason>(reason);
        event.person = person;
        event.stranger = stranger;
        event.distance = person ? 1234 : PH_NO_DISTANCE;
        event.margin = PH_NO_DISTANCE;
        event.first_seen = time_ - 500;
        event.last_seen = time_;
        event.sightings = 5;
        event.problem = static_cast<ph_problem>(problem);
        event.status = static_cast<ph_status>(status);
        ph_admin_tell(&admin_, &event);
    }
    int64_t setting(const std::string &name) const {
        const int32_t index = ph_settings_find(name.data(), static_cast<int32_t>(name.size()));
        if (index < 0) {
            refuse("no such setting");
        }
        return ph_settings_get(&applied_, index);
    }

  private:
    static Device *self(void *context) {
        return static_cast<Device *>(context);
    }
    static void write(void *context, const uint8_t *from, int32_t bytes) {
        self(context)->sent_.insert(self(context)->sent_.end(), from, from + bytes);
    }
    // Numbers that anybody could guess: this is no device.
    static ph_status random(void *context, uint8_t *to, int32_t bytes) {
        for (int32_t i = 0; i < bytes; i++) {
            uint32_t &state = self(context)->random_;
            state = state * 1664525u + 1013904223u; // Numerical Recipes
            to[i] = uint8_t(state >> 24);
        }
        return self(context)->random_fails_ ? PH_UNSUPPORTED : PH_OK;
    }
    static int64_t time(void *context) {
        return self(context)->time_;
    }
    static ph_status at_door(void *context, ph_looks *looks) {
        Device *device = self(context);
        if (device->faces_ > 1) {
            return PH_TAKEN;
        }
        if (device->door_owner_.is_none()) {
            return PH_UNKNOWN;
        }
        const ph_looks &there = nb::cast<GalleryLooks &>(device->door_owner_).looks;
        looks->count = std::min(there.count, looks->capacity);
        std::copy_n(there.look, looks->count, looks->look);
        std::copy_n(there.descriptor, looks->count * looks->values, looks->descriptor);
        return PH_OK;
    }
    // A doorbell whose bars would come out in the wrong order does not take them.
    static ph_status apply(void *context, const ph_settings *settings) {
        if (settings->policy.stranger_rate < settings->policy.known_rate) {
            return PH_BAD_ARGUMENT;
        }
        self(context)->applied_ = *settings;
        return PH_OK;
    }
    static void bars(void *context, ph_bars *bars) {
        const uint32_t rate = self(context)->applied_.policy.known_rate;
        *bars = {rate, 2 * uint64_t(rate), rate / 2, rate / 20};
    }
    static void statistics(void *context, ph_admin_statistics *statistics) {
        *statistics = {self(context)->started_, 77, -1};
    }

    nb::object owner_;
    Gallery &gallery_;
    uint32_t random_;
    bool random_fails_ = false;
    int64_t time_ = 1000000;
    int64_t started_ = 1000000;
    nb::object door_owner_ = nb::none();
    int32_t faces_ = 0;
    std::vector<ph_look> look_;
    std::vector<int16_t> descriptor_;
    std::vector<uint8_t> sent_;
    ph_settings applied_ = {};
    ph_admin admin_ = {};
};

} // namespace

void bind_app_device(nb::module_ &m) {
    using nb::literals::operator""_a;
    nb::class_<Device>(m, "Device", "The owner's side of a device; see csrc/app/admin.h.")
        .def(nb::init<nb::object, uint32_t>(), "gallery"_a, "seed"_a)
        .def("restart", &Device::restart)
        .def("take", &Device::take, "content"_a)
        .def("press", &Device::press)
        .def("pass_time", &Device::pass_time, "milliseconds"_a)
        .def("stand_at_door", &Device::stand_at_door, "looks"_a.none(), "faces"_a)
        .def("fail_random", &Device::fail_random, "fails"_a)
        .def("tell", &Device::tell, "kind"_a, "visit"_a, "on"_a, "decision"_a, "reason"_a, "person"_a, "stranger"_a,
             "problem"_a, "status"_a)
        .def("setting", &Device::setting, "name"_a);
}

} // namespace peephole
