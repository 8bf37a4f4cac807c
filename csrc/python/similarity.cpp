// Python's view of the kernels that place and fit the points of a face, under the same names.
#include "bind.h"
#include "border.h"

#include "peephole/similarity.h"

namespace peephole {
namespace {

void similarity_fit_s32(nb::handle points_, nb::handle template_, nb::handle out_) {
    const auto points = input<int32_t>(points_, "points", 2);
    const auto template_points = input<int32_t>(template_, "template", 2);
    const auto out = output<int32_t>(out_, "out", 2);
    expect_shape(points, "points", {PH_LANDMARKS, 2});
    expect_shape(template_points, "template", {PH_LANDMARKS, 2});
    expect_shape(out, "out", {2, 3});
    raise_unless_ok(ph_similarity_fit_s32(points.data, template_points.data, out.data), "similarity_fit_s32");
}

void warp_points_s16(nb::handle points_, int32_t size, int32_t frac_bits, nb::handle matrix_, nb::handle out_) {
    const auto points = input<int16_t>(points_, "points", 2);
    const auto matrix = input<int32_t>(matrix_, "matrix", 2);
    const auto out = output<int32_t>(out_, "out", 2);
    if (frac_bits < 0 || frac_bits > 15) {
        refuse("frac_bits must be 0 to 15");
    }
    if (size < 1 || size > 4096) {
        refuse("size must be 1 to 4,096");
    }
    expect_shape(points, "points", {PH_LANDMARKS, 2});
    expect_shape(matrix, "matrix", {2, 3});
    expect_shape(out, "out", {PH_LANDMARKS, 2});
    const auto status = ph_warp_points_s16(size, static_cast<uint8_t>(frac_bits), points.data, matrix.data, out.data);
    raise_unless_ok(status, "warp_points_s16");
}

} // namespace

void bind_similarity(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("similarity_fit_s32", &similarity_fit_s32, "points"_a, "template"_a, "out"_a,
          "The matrix [2,3] (Q16) of the similarity that carries template [5,2] nearest to points [5,2] (both Q8).");
    m.def("warp_points_s16", &warp_points_s16, "points"_a, "size"_a, "frac_bits"_a, "matrix"_a, "out"_a,
          "Carry points [5,2] (Q(frac_bits) half sides) of a crop by matrix [2,3] (Q16) into out [5,2] (Q8 pixels).");
}

} // namespace peephole
