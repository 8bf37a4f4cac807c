// Python's view of the kernels in csrc/kernels, under the same names.
#include "bind.h"
#include "border.h"

#include <nanobind/stl/string.h>

#include <string>

#include "peephole/add.h"
#include "peephole/conv2d.h"
#include "peephole/depthwise.h"
#include "peephole/distance.h"
#include "peephole/normalize.h"
#include "peephole/pool.h"
#include "peephole/warp.h"

namespace peephole {
namespace {

ph_shape shape_of(const std::vector<int64_t> &shape) {
    return {static_cast<int32_t>(shape[0]), static_cast<int32_t>(shape[1]), static_cast<int32_t>(shape[2])};
}

ph_accumulation accumulation_named(const std::string &name) {
    if (name == "full") {
        return PH_FULL;
    }
    if (name == "per_channel") {
        return PH_PER_CHANNEL;
    }
    refuse("accumulation must be \"full\" or \"per_channel\", not \"" + name + "\"");
}

void expect_slice(int64_t channel, int64_t count, int64_t channels) {
    if (channel < 0 || channel + count > channels) {
        refuse("out has " + std::to_string(channels) + " channels, too few for " + std::to_string(count) +
               " of them from channel " + std::to_string(channel) + " on");
    }
}

void expect_accumulator(int32_t bits) {
    if (bits != 32 && bits != 64) {
        refuse("accumulator_bits must be 32 or 64, not " + std::to_string(bits));
    }
}

void expect_norm(const View<const uint8_t> &norm) {
    for (int64_t o = 0; o < norm.size(); o++) {
        if (norm.data[o] > 31) {
            refuse("norm must be 0 to 31, not " + std::to_string(norm.data[o]));
        }
    }
}

// A kernel [O,KH,KW,..] moved over x [H,W,..] must make the height and width of out.
template <typename X, typename W, typename Y>
void expect_window(const View<X> &x, const View<W> &weight, int32_t stride, int32_t padding, const View<Y> &out) {
    if (stride < 1 || padding < 0 || stride > PH_MAX_SIDE || padding > PH_MAX_SIDE) {
        refuse("stride must be 1 to 32,767 and padding 0 to 32,767");
    }
    const int64_t reach_y = x.shape[0] + 2 * int64_t{padding} - weight.shape[1];
    const int64_t reach_x = x.shape[1] + 2 * int64_t{padding} - weight.shape[2];
    if (reach_y < 0 || reach_x < 0) {
        refuse("weight is larger than the padded x");
    }
    expect_shape(out, "out", {reach_y / stride + 1, reach_x / stride + 1, out.shape[2]});
}

void conv2d_s16(nb::handle x_, nb::handle weight_, nb::handle bias_, nb::handle norm_, int32_t stride, int32_t padding,
                bool relu, const std::string &accumulation, int32_t accumulator_bits, nb::handle out_,
                int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto weight = input<int16_t>(weight_, "weight", 4);
    const auto bias = input<int32_t>(bias_, "bias", 1);
    const auto norm = input<uint8_t>(norm_, "norm", 1);
    const auto out = output<int16_t>(out_, "out", 3);
    const ph_conv2d layer{shape_of(x.shape),
                          shape_of(out.shape),
                          channel,
                          weight.side(0),
                          weight.side(1),
                          weight.side(2),
                          stride,
                          padding,
                          relu,
                          accumulation_named(accumulation),
                          accumulator_bits};
    expect_accumulator(accumulator_bits);
    const int64_t outputs = weight.shape[0];
    expect_shape(weight, "weight", {outputs, weight.shape[1], weight.shape[2], x.shape[2]});
    expect_shape(bias, "bias", {outputs});
    expect_shape(norm, "norm", {outputs});
    expect_slice(channel, outputs, out.shape[2]);
    expect_window(x, weight, stride, padding, out);
    expect_norm(norm);
    for (int64_t o = 0; o < outputs; o++) {
        if (layer.accumulation == PH_PER_CHANNEL && (bias.data[o] < INT16_MIN || bias.data[o] > INT16_MAX)) {
            refuse("bias must fit 16 bits where accumulation is per_channel, unlike " + std::to_string(bias.data[o]));
        }
    }
    expect_apart(x, "x", out, "out");
    expect_apart(weight, "weight", out, "out");
    expect_apart(bias, "bias", out, "out");
    expect_apart(norm, "norm", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_conv2d_s16(&layer, x.data, weight.data, bias.data, norm.data, out.data);
    }
    raise_unless_ok(status, "conv2d_s16");
}

void depthwise_conv2d_s16(nb::handle x_, nb::handle weight_, nb::handle bias_, nb::handle norm_, int32_t stride,
                          int32_t padding, bool relu, int32_t accumulator_bits, nb::handle out_, int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto weight = input<int16_t>(weight_, "weight", 3);
    const auto bias = input<int32_t>(bias_, "bias", 1);
    const auto norm = input<uint8_t>(norm_, "norm", 1);
    const auto out = output<int16_t>(out_, "out", 3);
    expect_accumulator(accumulator_bits);
    const int64_t channels = x.shape[2];
    expect_shape(weight, "weight", {channels, weight.shape[1], weight.shape[2]});
    if (weight.shape[1] * weight.shape[2] > PH_DEPTHWISE_MAX_TAPS) {
        refuse("weight has a kernel of more than 64 values");
    }
    expect_shape(bias, "bias", {channels});
    expect_shape(norm, "norm", {channels});
    expect_slice(channel, channels, out.shape[2]);
    expect_window(x, weight, stride, padding, out);
    expect_norm(norm);
    expect_apart(x, "x", out, "out");
    expect_apart(weight, "weight", out, "out");
    expect_apart(bias, "bias", out, "out");
    expect_apart(norm, "norm", out, "out");
    const ph_depthwise_conv2d layer{
        shape_of(x.shape), shape_of(out.shape), channel, weight.side(1), weight.side(2), stride, padding, relu,
        accumulator_bits};
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_depthwise_conv2d_s16(&layer, x.data, weight.data, bias.data, norm.data, out.data);
    }
    raise_unless_ok(status, "depthwise_conv2d_s16");
}

uint8_t expect_shift(int32_t shift, const char *name) {
    if (shift < 0 || shift > 31) {
        refuse(std::string(name) + " must be 0 to 31, not " + std::to_string(shift));
    }
    return static_cast<uint8_t>(shift);
}

void add_s16(nb::handle x_, nb::handle other_, int32_t shift, int32_t other_shift, int32_t norm, bool relu,
             nb::handle out_, int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto other = input<int16_t>(other_, "other", 3);
    const auto out = output<int16_t>(out_, "out", 3);
    expect_shape(other, "other", x.shape);
    expect_shape(out, "out", {x.shape[0], x.shape[1], out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    expect_apart(other, "other", out, "out");
    const ph_add layer{shape_of(x.shape),
                       shape_of(out.shape),
                       channel,
                       expect_shift(shift, "shift"),
                       expect_shift(other_shift, "other_shift"),
                       expect_shift(norm, "norm"),
                       relu};
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_add_s16(&layer, x.data, other.data, out.data);
    }
    raise_unless_ok(status, "add_s16");
}

void maxpool_s16(nb::handle x_, int32_t size, int32_t stride, nb::handle out_, int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto out = output<int16_t>(out_, "out", 3);
    if (size < 1 || stride < 1 || stride > PH_MAX_SIDE) {
        refuse("size and stride must be 1 to 32,767");
    }
    if (size > x.shape[0] || size > x.shape[1]) {
        refuse("size " + std::to_string(size) + " is larger than x, " + shape_text(x.shape));
    }
    expect_shape(out, "out", {(x.shape[0] - size) / stride + 1, (x.shape[1] - size) / stride + 1, out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_maxpool_s16(shape_of(x.shape), size, stride, x.data, shape_of(out.shape), channel, out.data);
    }
    raise_unless_ok(status, "maxpool_s16");
}

void global_average_pool_s16(nb::handle x_, int32_t factor, int32_t shift, nb::handle out_, int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto out = output<int16_t>(out_, "out", 3);
    if (factor < 0 || shift < 0 || shift > 61) {
        refuse("factor must not be negative and shift must be 0 to 61");
    }
    expect_shape(out, "out", {1, 1, out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_global_average_pool_s16(shape_of(x.shape), factor, static_cast<uint8_t>(shift), x.data,
                                            shape_of(out.shape), channel, out.data);
    }
    raise_unless_ok(status, "global_average_pool_s16");
}

void l2_normalize_s16(nb::handle x_, int32_t frac_bits, nb::handle out_) {
    const auto x = input<int16_t>(x_, "x", 1);
    const auto out = output<int16_t>(out_, "out", 1);
    if (frac_bits < 0 || frac_bits > 14) {
        refuse("frac_bits must be 0 to 14");
    }
    expect_shape(out, "out", x.shape);
    expect_apart(x, "x", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_l2_normalize_s16(x.side(0), static_cast<uint8_t>(frac_bits), x.data, out.data);
    }
    raise_unless_ok(status, "l2_normalize_s16");
}

void copy_channels_s16(nb::handle x_, nb::handle out_, int32_t channel) {
    const auto x = input<int16_t>(x_, "x", 3);
    const auto out = output<int16_t>(out_, "out", 3);
    expect_shape(out, "out", {x.shape[0], x.shape[1], out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_copy_channels_s16(shape_of(x.shape), x.data, shape_of(out.shape), channel, out.data);
    }
    raise_unless_ok(status, "copy_channels_s16");
}

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
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_warp_affine_u8(size_of(image.shape), image.data, matrix.data, size_of(out.shape), out.data);
    }
    raise_unless_ok(status, "warp_affine_u8");
}

void resize_u8(nb::handle image_, nb::handle out_) {
    const auto image = input<uint8_t>(image_, "image", 2);
    const auto out = output<uint8_t>(out_, "out", 2);
    expect_apart(image, "image", out, "out");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_resize_u8(size_of(image.shape), image.data, size_of(out.shape), out.data);
    }
    raise_unless_ok(status, "resize_u8");
}

uint64_t squared_l2_s16(nb::handle a_, nb::handle b_) {
    const auto a = input<int16_t>(a_, "a", 1);
    const auto b = input<int16_t>(b_, "b", 1);
    expect_shape(b, "b", a.shape);
    uint64_t distance = 0;
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_squared_l2_s16(a.side(0), a.data, b.data, &distance);
    }
    raise_unless_ok(status, "squared_l2_s16");
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
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_squared_l2_many_s16(a.side(0), b.side(0), a.data, b.data, out.data);
    }
    raise_unless_ok(status, "squared_l2_many_s16");
}

} // namespace

void bind_kernels(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("conv2d_s16", &conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a, "relu"_a,
          "accumulation"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve x [H,W,I] with weight [O,KH,KW,I] into out[..., channel:channel+O].");
    m.def("depthwise_conv2d_s16", &depthwise_conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a,
          "relu"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve channel c of x [H,W,C] with weight[c] of [C,KH,KW] into out[..., channel + c].");
    m.def("add_s16", &add_s16, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "relu"_a, "out"_a, "channel"_a,
          "The sum of x and other [H,W,C], each shifted left, rounded by norm, into out[..., channel:channel+C].");
    m.def("maxpool_s16", &maxpool_s16, "x"_a, "size"_a, "stride"_a, "out"_a, "channel"_a,
          "The largest of size x size values of x [H,W,C], into out[..., channel:channel+C].");
    m.def("global_average_pool_s16", &global_average_pool_s16, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The sum of x [H,W,C] over its pixels, times factor / 2**shift, into out[0, 0, channel:channel+C].");
    m.def("l2_normalize_s16", &l2_normalize_s16, "x"_a, "frac_bits"_a, "out"_a,
          "Scale x [N] to length one, Q(frac_bits), into out [N].");
    m.def("copy_channels_s16", &copy_channels_s16, "x"_a, "out"_a, "channel"_a,
          "Copy x [H,W,C] into out[..., channel:channel+C].");
    m.def("warp_affine_u8", &warp_affine_u8, "image"_a, "matrix"_a, "out"_a,
          "Resample image [H,W] by matrix [2,3] (Q16, from a pixel of out to one of image), into out [h,w].");
    m.def("resize_u8", &resize_u8, "image"_a, "out"_a, "Scale image [H,W] into out [h,w], pixel centres aligned.");
    m.def("squared_l2_s16", &squared_l2_s16, "a"_a, "b"_a, "The exact squared distance of two int16 vectors.");
    m.def("squared_l2_many_s16", &squared_l2_many_s16, "a"_a, "b"_a, "out"_a,
          "The exact squared distances of a [N] to each row of b [M,N], into out [M].");
}

} // namespace peephole
