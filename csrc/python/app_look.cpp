// Python's view of how faces are cut out of a frame and described; networks are Python functions there.
#include "app_looking.h"
#include "bind.h"

#include <nanobind/stl/optional.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "app/crop.h"
#include "app/look.h"

namespace peephole {
namespace {

using Rule = std::tuple<int32_t, int32_t, int32_t, int32_t>; // scale, scale_of, up, up_of

ph_crop_rule rule_of(const Rule &rule) {
    const auto [scale, scale_of, up, up_of] = rule;
    for (const int32_t number : {scale, scale_of, up, up_of}) {
        if (number < -1024 || number > 1024) {
            refuse("the numbers of a crop's rule are at most 1,024");
        }
    }
    return {int16_t(scale), int16_t(scale_of), int16_t(up), int16_t(up_of)};
}

void square_matrix(const Box &box, int32_t size, const Rule &rule, nb::handle out_) {
    const auto out = output<int32_t>(out_, "out", 2);
    expect_shape(out, "out", {2, 3});
    const auto status = ph_square_matrix(box_of(box), size, rule_of(rule), out.data);
    if (status == PH_BAD_SHAPE) {
        refuse("there is no crop of this box: sides and size are 1 or more, and what the rule divides by is too");
    }
    if (status != PH_OK) {
        refuse("the face lies too far outside of the frame to be cropped");
    }
}

void compose_matrices(nb::handle outer_, nb::handle inner_, nb::handle out_) {
    const auto outer = input<int32_t>(outer_, "outer", 2);
    const auto inner = input<int32_t>(inner_, "inner", 2);
    const auto out = output<int32_t>(out_, "out", 2);
    expect_shape(outer, "outer", {2, 3});
    expect_shape(inner, "inner", {2, 3});
    expect_shape(out, "out", {2, 3});
    raise_unless_ok(ph_compose_matrices(outer.data, inner.data, out.data), "compose_matrices");
}

// Two networks as Python functions of one picture; what they raise is raised again when C has returned.
struct Networks {
    nb::handle landmarks;
    nb::handle recogniser;
    int32_t landmark_size;
    int32_t size;
    int32_t values;
    std::exception_ptr raised;
};

ph_status run(Networks &networks, nb::handle network, const uint8_t *image, int32_t side, int64_t values,
              int16_t *told) {
    try {
        const auto shape = {size_t(side), size_t(side)};
        const auto picture = nb::cast(nb::ndarray<nb::numpy, const uint8_t>(image, shape), nb::rv_policy::copy);
        const nb::object answer = network(picture);
        const auto row = input<int16_t>(answer, "what the network tells", 1);
        expect_shape(row, "what the network tells", {values});
        std::copy(row.data, row.data + values, told);
        return PH_OK;
    } catch (...) {
        networks.raised = std::current_exception();
        return PH_BAD_ARGUMENT;
    }
}

ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    auto &networks = *static_cast<Networks *>(context);
    return run(networks, networks.landmarks, image, networks.landmark_size, 2 * PH_LANDMARKS, points);
}

ph_status run_recogniser(void *context, const uint8_t *image, int16_t *descriptor) {
    auto &networks = *static_cast<Networks *>(context);
    return run(networks, networks.recogniser, image, networks.size, networks.values, descriptor);
}

void finish(const Networks &networks, ph_status status, const char *function) {
    if (networks.raised) {
        std::rethrow_exception(networks.raised);
    }
    raise_unless_ok(status, function);
}

View<const int32_t> template_of(nb::handle points_) {
    const auto points = input<int32_t>(points_, "template", 2);
    expect_shape(points, "template", {PH_LANDMARKS, 2});
    return points;
}

ph_seen seen_of(const Box &box, int32_t neighbours, int32_t tilt) {
    if (tilt < -90 || tilt > 90) {
        refuse("a face leans by at most 90 degrees to either side");
    }
    return {box_of(box), neighbours, tilt};
}

int find_points(nb::handle grey_, const Box &box, int32_t tilt, int32_t size, int32_t frac_bits, nb::handle template_,
                int32_t looks, nb::handle network, nb::handle out_) {
    const auto grey = input<uint8_t>(grey_, "grey", 2);
    const auto points = template_of(template_);
    const auto out = output<int32_t>(out_, "out", 2);
    expect_shape(out, "out", {PH_LANDMARKS, 2});
    Networks networks = {network, {}, size, 1, 0, nullptr};
    const ph_recogniser recogniser = {
        &networks, run_landmarks, run_recogniser, points.data, points.data, size, frac_bits, looks, 1, 0, false};
    const ph_seen seen = seen_of(box, 0, tilt);
    std::vector<uint8_t> scratch(ph_look_scratch_bytes(&recogniser));
    ph_face_points found{};
    finish(networks, ph_find_points(&recogniser, image_size(grey.shape), grey.data, &seen, scratch.data(), &found),
           "find_points");
    std::copy(found.points, found.points + 2 * PH_LANDMARKS, out.data);
    return found.doubt;
}

void cut_face(nb::handle grey_, const Box &box, int32_t tilt, nb::object points_, nb::object template_,
              nb::handle out_) {
    const auto grey = input<uint8_t>(grey_, "grey", 2);
    const auto out = output<uint8_t>(out_, "out", 2);
    expect_shape(out, "out", {out.shape[0], out.shape[0]});
    expect_apart(grey, "grey", out, "out");
    ph_recogniser recogniser = {nullptr, nullptr, nullptr, nullptr, nullptr, 1, 0, 1, out.side(0), 0, false};
    ph_face_points found{};
    std::optional<View<const int32_t>> points, template_points;
    if (!points_.is_none()) {
        points = input<int32_t>(points_, "points", 2);
        expect_shape(*points, "points", {PH_LANDMARKS, 2});
        template_points = template_of(template_);
        std::copy(points->data, points->data + 2 * PH_LANDMARKS, found.points);
        recogniser.template_points = template_points->data;
        recogniser.aligned = true;
    }
    const ph_seen seen = seen_of(box, 0, tilt);
    call("cut_face",
         [&] { return ph_cut_face(&recogniser, image_size(grey.shape), grey.data, &seen, &found, out.data); });
}

// A whole look, as a device does it: crop and points are written, the rest is returned.
std::tuple<int, int32_t, int32_t, int> look_at(nb::handle grey_, const Box &box, int32_t neighbours, int32_t tilt,
                                               const ph_policy &policy, bool aligned, int32_t landmark_size,
                                               int32_t frac_bits, nb::handle landmark_template_, int32_t looks,
                                               nb::handle template_, nb::handle run_landmarks_,
                                               nb::handle run_recogniser_, nb::handle points_, nb::handle crop_,
                                               nb::handle descriptor_) {
    const auto grey = input<uint8_t>(grey_, "grey", 2);
    const auto landmark_template = template_of(landmark_template_);
    const auto template_points = template_of(template_);
    const auto points = output<int32_t>(points_, "points", 2);
    const auto crop = output<uint8_t>(crop_, "crop", 2);
    const auto descriptor = output<int16_t>(descriptor_, "descriptor", 1);
    expect_shape(points, "points", {PH_LANDMARKS, 2});
    expect_shape(crop, "crop", {crop.shape[0], crop.shape[0]});
    Networks networks = {run_landmarks_, run_recogniser_, landmark_size, crop.side(0), descriptor.side(0), nullptr};
    const ph_recogniser recogniser = {
        &networks,     run_landmarks, run_recogniser, landmark_template.data, template_points.data,
        landmark_size, frac_bits,     looks,          crop.side(0),           descriptor.side(0),
        aligned};
    const ph_seen seen = seen_of(box, neighbours, tilt);
    std::vector<uint8_t> scratch(ph_look_scratch_bytes(&recogniser));
    ph_face_points found{};
    ph_quality quality{};
    finish(networks,
           ph_look_at(&recogniser, &policy, image_size(grey.shape), grey.data, &seen, scratch.data(), &found, &quality,
                      descriptor.data),
           "look_at");
    std::copy(found.points, found.points + 2 * PH_LANDMARKS, points.data);
    std::copy(scratch.data(), scratch.data() + crop.size(), crop.data);
    return {found.doubt, quality.sharpness, quality.value, quality.fault};
}

} // namespace

void bind_app_look(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("square_matrix", &square_matrix, "box"_a, "size"_a, "rule"_a, "out"_a,
          "The matrix [2,3] (Q16) from a size x size crop to the frame, of the square that a rule makes of a box.");
    m.def("compose_matrices", &compose_matrices, "outer"_a, "inner"_a, "out"_a,
          "One matrix [2,3] (Q16) in place of inner and then outer.");
    m.def("find_points", &find_points, "grey"_a, "box"_a, "tilt"_a, "size"_a, "frac_bits"_a, "template"_a, "looks"_a,
          "network"_a, "out"_a,
          "Find the points of a face by a network of uint8 [size,size] -> int16 [10], into out [5,2] (Q8); "
          "returns why they are not to be believed (ph_doubt).");
    m.def("cut_face", &cut_face, "grey"_a, "box"_a, "tilt"_a, "points"_a.none(), "template"_a.none(), "out"_a,
          "Cut a face upright into out [S,S]: by its points [5,2] (Q8), or by the box where they are None.");
    m.def("look_at", &look_at, "grey"_a, "box"_a, "neighbours"_a, "tilt"_a, "policy"_a, "aligned"_a, "landmark_size"_a,
          "frac_bits"_a, "landmark_template"_a, "looks"_a, "template"_a, "run_landmarks"_a, "run_recogniser"_a,
          "points"_a, "crop"_a, "descriptor"_a,
          "A whole look as a device does it, into points [5,2], crop [S,S] and descriptor [D]: "
          "doubt, sharpness, value and fault.");
}

} // namespace peephole
