// Python's view of how good a look is and of how the face in it is turned.
#include "app_looking.h"
#include "bind.h"

#include "app/points.h"
#include "app/pose.h"
#include "app/quality.h"

namespace peephole {
namespace {

using Exposure = std::tuple<int32_t, int32_t, int32_t>; // brightness, contrast, clipped

int32_t sharpness(nb::handle crop_) {
    const auto crop = input<uint8_t>(crop_, "crop", 2);
    uint8_t scratch[PH_SHARPNESS_SCRATCH];
    int32_t value = 0;
    raise_unless_ok(ph_sharpness(image_size(crop.shape), crop.data, scratch, &value), "sharpness");
    return value;
}

Exposure measure_exposure(nb::handle crop_) {
    const auto crop = input<uint8_t>(crop_, "crop", 2);
    ph_exposure light;
    raise_unless_ok(ph_measure_exposure(image_size(crop.shape), crop.data, &light), "measure_exposure");
    return {light.brightness, light.contrast, light.clipped};
}

int find_fault(const ph_policy &policy, int32_t width, int32_t sharp, const Exposure &light, bool turned) {
    const auto [brightness, contrast, clipped] = light;
    const ph_exposure exposure = {brightness, contrast, clipped};
    return ph_find_fault(&policy, width, sharp, &exposure, turned);
}

int32_t quality_value(const ph_policy &policy, int32_t width, int32_t sharp, int32_t neighbours) {
    int32_t value = 0;
    raise_unless_ok(ph_quality_value(&policy, width, sharp, neighbours, &value), "quality_value");
    return value;
}

std::tuple<int32_t, int32_t, int> assess(const ph_policy &policy, int32_t width, int32_t neighbours, bool turned,
                                         nb::handle crop_) {
    const auto crop = input<uint8_t>(crop_, "crop", 2);
    uint8_t scratch[PH_SHARPNESS_SCRATCH];
    ph_quality quality;
    const auto status =
        ph_assess(&policy, width, neighbours, turned, image_size(crop.shape), crop.data, scratch, &quality);
    raise_unless_ok(status, "assess");
    return {quality.sharpness, quality.value, quality.fault};
}

bool is_turned(nb::handle points_, int32_t most) {
    const auto points = input<int32_t>(points_, "points", 2);
    expect_shape(points, "points", {PH_LANDMARKS, 2});
    return ph_is_turned(points.data, most);
}

int doubt_about(nb::handle points_, const Box &box) {
    const auto points = input<int32_t>(points_, "points", 2);
    expect_shape(points, "points", {PH_LANDMARKS, 2});
    return ph_doubt_about(points.data, box_of(box));
}

} // namespace

void bind_app_quality(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("sharpness", &sharpness, "crop"_a, "Variance of the Laplacian of crop [H,W] over its own, in thousandths.");
    m.def("measure_exposure", &measure_exposure, "crop"_a, "Brightness, contrast and clipped of crop [H,W].");
    m.def("find_fault", &find_fault, "policy"_a, "width"_a, "sharpness"_a, "exposure"_a, "turned"_a,
          "The number of the first fault (ph_fault) that a look has.");
    m.def("quality_value", &quality_value, "policy"_a, "width"_a, "sharpness"_a, "neighbours"_a,
          "A look in one figure, 0 to 1000.");
    m.def("assess", &assess, "policy"_a, "width"_a, "neighbours"_a, "turned"_a, "crop"_a,
          "Sharpness, value and fault (ph_fault) of a look with crop [H,W].");
    m.def("is_turned", &is_turned, "points"_a, "most"_a,
          "Whether five points [5,2] are those of a face turned aside by more than so many degrees.");
    m.def("doubt_about", &doubt_about, "points"_a, "box"_a,
          "Why points [5,2] (Q8) cannot be those of the face in a box (ph_doubt); 0 where they can.");
}

} // namespace peephole
