// Python's view of faces that lean; the detector is a Python function there.
#include "app_looking.h"
#include "bind.h"

#include <nanobind/stl/optional.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>

namespace peephole {
namespace {

// Pictures go to a Python function that returns faces as rows [N,5] (x, y, side, neighbours, score); what it raises is
// raised again when C has returned.
struct PythonDetector {
    nb::handle function;
    std::exception_ptr raised;

    ph_detector as_detector() {
        return {this, &PythonDetector::detect};
    }

    static ph_status detect(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                            int32_t *count) {
        auto &own = *static_cast<PythonDetector *>(context);
        *count = 0;
        try {
            const auto shape = {size_t(size.height), size_t(size.width)};
            const auto picture = nb::cast(nb::ndarray<nb::numpy, const uint8_t>(image, shape), nb::rv_policy::copy);
            const nb::object answer = own.function(picture);
            const auto rows = input<int32_t>(answer, "faces", 2);
            expect_shape(rows, "faces", {rows.shape[0], 5});
            *count = std::min(rows.side(0), capacity);
            for (int32_t i = 0; i < *count; i++) {
                const int32_t *row = rows.data + 5 * i;
                if (std::any_of(row, row + 4, [](int32_t n) { return n < INT16_MIN || n > INT16_MAX; })) {
                    refuse("faces must lie in a frame");
                }
                faces[i] = {int16_t(row[0]), int16_t(row[1]), int16_t(row[2]), int16_t(row[3]), row[4]};
            }
            return PH_OK;
        } catch (...) {
            own.raised = std::current_exception();
            return PH_BAD_ARGUMENT;
        }
    }
};

void finish(const PythonDetector &detector, ph_status status, const char *function) {
    if (detector.raised) {
        std::rethrow_exception(detector.raised);
    }
    raise_unless_ok(status, function);
}

bool same_place(const Box &a, const Box &b) {
    return ph_same_place(box_of(a), box_of(b));
}

std::vector<Seen> keep_distinct(const std::vector<Seen> &faces) {
    std::vector<ph_seen> rows;
    std::transform(faces.begin(), faces.end(), std::back_inserter(rows), seen_of);
    rows.resize(static_cast<size_t>(ph_keep_distinct(static_cast<int32_t>(rows.size()), rows.data())));
    std::vector<Seen> kept;
    std::transform(rows.begin(), rows.end(), std::back_inserter(kept), tuple_of_seen);
    return kept;
}

void turned_matrix(const Box &around, int32_t size, int32_t step, int32_t step_of, int32_t degrees, nb::handle out_) {
    const auto out = output<int32_t>(out_, "out", 2);
    expect_shape(out, "out", {2, 3});
    raise_unless_ok(ph_turned_matrix(box_of(around), size, step, step_of, degrees, out.data), "turned_matrix");
}

std::optional<Seen> look_for(nb::handle grey_, const Box &last, int32_t tilt, const std::vector<Box> &others_,
                             nb::handle function) {
    const auto grey = input<uint8_t>(grey_, "grey", 2);
    std::vector<ph_box> others;
    std::transform(others_.begin(), others_.end(), std::back_inserter(others), box_of);
    PythonDetector python = {function, nullptr};
    const ph_detector detector = python.as_detector();
    const auto scratch = std::make_unique<ph_tilt_scratch>();
    bool there = false;
    ph_seen seen{};
    const auto status = ph_look_for(&detector, image_size(grey.shape), grey.data, box_of(last), tilt,
                                    static_cast<int32_t>(others.size()), others.data(), scratch.get(), &there, &seen);
    finish(python, status, "look_for");
    return there ? std::optional<Seen>(tuple_of_seen(seen)) : std::nullopt;
}

Seen straighten(nb::handle grey_, const Seen &seen_, nb::handle function) {
    const auto grey = input<uint8_t>(grey_, "grey", 2);
    PythonDetector python = {function, nullptr};
    const ph_detector detector = python.as_detector();
    const auto scratch = std::make_unique<ph_tilt_scratch>();
    ph_seen seen = seen_of(seen_);
    finish(python, ph_straighten(&detector, image_size(grey.shape), grey.data, scratch.get(), &seen), "straighten");
    return tuple_of_seen(seen);
}

} // namespace

void bind_app_tilt(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.attr("TILT_STEP") = PH_TILT_STEP;
    m.attr("MOST_TILT") = PH_MOST_TILT;
    m.def("same_place", &same_place, "a"_a, "b"_a, "Whether boxes share at least 3/10 of the area of both.");
    m.def("keep_distinct", &keep_distinct, "faces"_a, "Faces, surest first, without those that overlap a surer one.");
    m.def("turned_matrix", &turned_matrix, "around"_a, "size"_a, "step"_a, "step_of"_a, "degrees"_a, "out"_a,
          "The matrix [2,3] (Q16) of a size x size copy around a box, in which a face that leans is upright.");
    m.def("look_for", &look_for, "grey"_a, "last"_a, "tilt"_a, "others"_a, "detect"_a,
          "A leaning face near its last place, or None; detect gives faces [N,5] of a picture.");
    m.def("straighten", &straighten, "grey"_a, "seen"_a, "detect"_a, "A face as it is seen best, upright or leaning.");
}

} // namespace peephole
