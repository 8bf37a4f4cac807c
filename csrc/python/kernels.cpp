// Python's view of the kernels in csrc/kernels that are no layers of a network, under the same names.
#include "bind.h"
#include "border.h"

#include "host/path.h"
#include "host/wide.h"
#include "peephole/distance.h"
#include "peephole/warp.h"

namespace peephole {
namespace {

ph_image_size size_of(const std::vector<int64_t> &shape) {
    return {static_cast<int32_t>(shape[0]), static_cast<int32_t>(shape[1])};
}

void warp_affine_u8(nb::handle image_, nb::handle matrix_, nb::handle out_) {
    const auto image = input<uint8_t>(image_, "image", 2);
    const auto matrix = input<int32_t>(matrix_, "matrix", 2);
    const auto out = output<uint8_t>(out_, "out", 2);
    expect_shape(matrix, "matrix", {2, 3});
    expect_apart(image, "image", out, "out");
    expect_apart(matrix, "matrix", out, "out");
    call("warp_affine_u8", [&] {
        return ph_warp_affine_u8(size_of(image.shape), image.data, matrix.data, size_of(out.shape), out.data);
    });
}

void resize_u8(nb::handle image_, nb::handle out_) {
    const auto image = input<uint8_t>(image_, "image", 2);
    const auto out = output<uint8_t>(out_, "out", 2);
    expect_apart(image, "image", out, "out");
    call("resize_u8", [&] { return ph_resize_u8(size_of(image.shape), image.data, size_of(out.shape), out.data); });
}

uint64_t squared_l2_s16(nb::handle a_, nb::handle b_) {
    const auto a = input<int16_t>(a_, "a", 1);
    const auto b = input<int16_t>(b_, "b", 1);
    expect_shape(b, "b", a.shape);
    uint64_t distance = 0;
    call("squared_l2_s16", [&] { return ph_squared_l2_s16(a.side(0), a.data, b.data, &distance); });
    return distance;
}

void squared_l2_many_s16(nb::handle a_, nb::handle b_, nb::handle out_) {
    const auto a = input<int16_t>(a_, "a", 1);
    const auto b = input<int16_t>(b_, "b", 2);
    const auto out = output<uint64_t>(out_, "out", 1);
    expect_shape(b, "b", {b.shape[0], a.shape[0]});
    expect_shape(out, "out", {b.shape[0]});
    expect_apart(a, "a", out, "out");
    expect_apart(b, "b", out, "out");
    static const auto kernel = ph_path_runs(PH_AVX2) ? ph_squared_l2_many_s16_avx2 : ph_squared_l2_many_s16;
    call("squared_l2_many_s16", [&] { return kernel(a.side(0), b.side(0), a.data, b.data, out.data); });
}

} // namespace

void bind_kernels(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("warp_affine_u8", &warp_affine_u8, "image"_a, "matrix"_a, "out"_a,
          "Resample image [H,W] by matrix [2,3] (Q16, from a pixel of out to one of image), into out [h,w].");
    m.def("resize_u8", &resize_u8, "image"_a, "out"_a, "Scale image [H,W] into out [h,w], pixel centres aligned.");
    m.def("squared_l2_s16", &squared_l2_s16, "a"_a, "b"_a, "The exact squared distance of two int16 vectors.");
    m.def("squared_l2_many_s16", &squared_l2_many_s16, "a"_a, "b"_a, "out"_a,
          "The exact squared distances of a [N] to each row of b [M,N], into out [M].");
}

} // namespace peephole
