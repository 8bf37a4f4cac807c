// Python's view of the kernels in csrc/kernels that are layers of a network, under the same names. Those of 8 bits
// write int8 or, where the kernel has a twin for that, int16.
#include "bind.h"
#include "border.h"

#include <nanobind/stl/string.h>

#include <string>

#include "peephole/add.h"
#include "peephole/conv2d.h"
#include "peephole/depthwise.h"
#include "peephole/normalize.h"
#include "peephole/pool.h"

namespace peephole {
namespace {

ph_accumulation accumulation_named(const std::string &name) {
    if (name == "full") {
        return PH_FULL;
    }
    if (name == "per_channel") {
        return PH_PER_CHANNEL;
    }
    refuse("accumulation must be \"full\" or \"per_channel\", not \"" + name + "\"");
}

void expect_accumulator(int32_t bits) {
    if (bits != 32 && bits != 64) {
        refuse("accumulator_bits must be 32 or 64, not " + std::to_string(bits));
    }
}

void expect_norm(const View<const uint8_t> &norm, int64_t outputs) {
    expect_shape(norm, "norm", {outputs});
    for (int64_t o = 0; o < outputs; o++) {
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

uint8_t expect_shift(int32_t shift, const char *name) {
    if (shift < 0 || shift > 31) {
        refuse(std::string(name) + " must be 0 to 31, not " + std::to_string(shift));
    }
    return static_cast<uint8_t>(shift);
}

// The kernel of 8 bits that writes as many, or its twin that writes 16, by the type of out.
template <typename Use> void with_output_s8(nb::handle out_, Use use) {
    nb::ndarray<> array;
    if (nb::try_cast<nb::ndarray<>>(out_, array, false) && array.dtype() == nb::dtype<int16_t>()) {
        use(output<int16_t>(out_, "out", 3));
    } else {
        use(output<int8_t>(out_, "out", 3));
    }
}

template <typename T, typename Out> struct Convolution {
    View<const T> x, weight;
    View<const int32_t> bias;
    View<const uint8_t> norm;
    View<Out> out;

    // What plain and depthwise convolutions must keep; the shape of the weights is checked before.
    void expect_fit(int64_t outputs, int32_t stride, int32_t padding, int32_t channel) const {
        expect_shape(bias, "bias", {outputs});
        expect_norm(norm, outputs);
        expect_slice(channel, outputs, out.shape[2]);
        expect_window(x, weight, stride, padding, out);
        expect_apart(x, "x", out, "out");
        expect_apart(weight, "weight", out, "out");
        expect_apart(bias, "bias", out, "out");
        expect_apart(norm, "norm", out, "out");
    }
};

template <typename T, typename Out>
Convolution<T, Out> convolution(nb::handle x, nb::handle weight, size_t axes, nb::handle bias, nb::handle norm,
                                const View<Out> &out) {
    return {input<T>(x, "x", 3), input<T>(weight, "weight", axes), input<int32_t>(bias, "bias", 1),
            input<uint8_t>(norm, "norm", 1), out};
}

template <typename T, typename Out>
ph_conv2d conv2d_layer(const Convolution<T, Out> &c, int32_t stride, int32_t padding, bool relu, int32_t channel,
                       ph_accumulation accumulation, int32_t accumulator_bits) {
    const auto &weight = c.weight;
    expect_accumulator(accumulator_bits);
    expect_shape(weight, "weight", {weight.shape[0], weight.shape[1], weight.shape[2], c.x.shape[2]});
    c.expect_fit(weight.shape[0], stride, padding, channel);
    return {shape_of(c.x.shape),
            shape_of(c.out.shape),
            channel,
            weight.side(0),
            weight.side(1),
            weight.side(2),
            stride,
            padding,
            relu,
            accumulation,
            accumulator_bits};
}

void conv2d_s16(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, int32_t stride, int32_t padding,
                bool relu, const std::string &accumulation, int32_t accumulator_bits, nb::handle out, int32_t channel) {
    const auto c = convolution<int16_t>(x, weight, 4, bias, norm, output<int16_t>(out, "out", 3));
    const auto layer =
        conv2d_layer(c, stride, padding, relu, channel, accumulation_named(accumulation), accumulator_bits);
    for (int64_t o = 0; o < c.bias.size(); o++) {
        const int32_t value = c.bias.data[o];
        if (layer.accumulation == PH_PER_CHANNEL && (value < INT16_MIN || value > INT16_MAX)) {
            refuse("bias must fit 16 bits where accumulation is per_channel, unlike " + std::to_string(value));
        }
    }
    call("conv2d_s16",
         [&] { return ph_conv2d_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, c.out.data); });
}

void conv2d_s8(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, int32_t stride, int32_t padding,
               bool relu, nb::handle out_, int32_t channel) {
    with_output_s8(out_, [&](const auto &out) {
        const auto c = convolution<int8_t>(x, weight, 4, bias, norm, out);
        const auto layer = conv2d_layer(c, stride, padding, relu, channel, PH_FULL, 32);
        call("conv2d_s8", [&] {
            if constexpr (sizeof(*out.data) == 1) {
                return ph_conv2d_s8(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            } else {
                return ph_conv2d_s8_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            }
        });
    });
}

template <typename T, typename Out>
ph_depthwise_conv2d depthwise_layer(const Convolution<T, Out> &c, int32_t stride, int32_t padding, bool relu,
                                    int32_t channel, int32_t accumulator_bits) {
    const auto &weight = c.weight;
    expect_accumulator(accumulator_bits);
    expect_shape(weight, "weight", {c.x.shape[2], weight.shape[1], weight.shape[2]});
    if (weight.shape[1] * weight.shape[2] > PH_DEPTHWISE_MAX_TAPS) {
        refuse("weight has a kernel of more than " + std::to_string(PH_DEPTHWISE_MAX_TAPS) + " values");
    }
    c.expect_fit(weight.shape[0], stride, padding, channel);
    return {shape_of(c.x.shape), shape_of(c.out.shape), channel, weight.side(1), weight.side(2), stride, padding, relu,
            accumulator_bits};
}

void depthwise_conv2d_s16(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, int32_t stride,
                          int32_t padding, bool relu, int32_t accumulator_bits, nb::handle out, int32_t channel) {
    const auto c = convolution<int16_t>(x, weight, 3, bias, norm, output<int16_t>(out, "out", 3));
    const auto layer = depthwise_layer(c, stride, padding, relu, channel, accumulator_bits);
    call("depthwise_conv2d_s16", [&] {
        return ph_depthwise_conv2d_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, c.out.data);
    });
}

void depthwise_conv2d_s8(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, int32_t stride,
                         int32_t padding, bool relu, nb::handle out_, int32_t channel) {
    with_output_s8(out_, [&](const auto &out) {
        const auto c = convolution<int8_t>(x, weight, 3, bias, norm, out);
        const auto layer = depthwise_layer(c, stride, padding, relu, channel, 32);
        call("depthwise_conv2d_s8", [&] {
            if constexpr (sizeof(*out.data) == 1) {
                return ph_depthwise_conv2d_s8(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            } else {
                return ph_depthwise_conv2d_s8_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            }
        });
    });
}

template <typename T, typename Kernel>
void add(const char *function, Kernel kernel, nb::handle x_, nb::handle other_, int32_t shift, int32_t other_shift,
         int32_t norm, bool relu, nb::handle out_, int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto other = input<T>(other_, "other", 3);
    const auto out = output<T>(out_, "out", 3);
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
    call(function, [&] { return kernel(&layer, x.data, other.data, out.data); });
}

void add_s16(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, bool relu,
             nb::handle out, int32_t channel) {
    add<int16_t>("add_s16", ph_add_s16, x, other, shift, other_shift, norm, relu, out, channel);
}

void add_s8(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, bool relu, nb::handle out,
            int32_t channel) {
    add<int8_t>("add_s8", ph_add_s8, x, other, shift, other_shift, norm, relu, out, channel);
}

template <typename T, typename Kernel>
void maxpool(const char *function, Kernel kernel, nb::handle x_, int32_t size, int32_t stride, nb::handle out_,
             int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto out = output<T>(out_, "out", 3);
    if (size < 1 || stride < 1 || stride > PH_MAX_SIDE) {
        refuse("size and stride must be 1 to 32,767");
    }
    if (size > x.shape[0] || size > x.shape[1]) {
        refuse("size " + std::to_string(size) + " is larger than x, " + shape_text(x.shape));
    }
    expect_shape(out, "out", {(x.shape[0] - size) / stride + 1, (x.shape[1] - size) / stride + 1, out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    call(function,
         [&] { return kernel(shape_of(x.shape), size, stride, x.data, shape_of(out.shape), channel, out.data); });
}

void maxpool_s16(nb::handle x, int32_t size, int32_t stride, nb::handle out, int32_t channel) {
    maxpool<int16_t>("maxpool_s16", ph_maxpool_s16, x, size, stride, out, channel);
}

void maxpool_s8(nb::handle x, int32_t size, int32_t stride, nb::handle out, int32_t channel) {
    maxpool<int8_t>("maxpool_s8", ph_maxpool_s8, x, size, stride, out, channel);
}

template <typename T, typename Out, typename Kernel>
void average(const char *function, Kernel kernel, nb::handle x_, int32_t factor, int32_t shift, const View<Out> &out,
             int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    if (factor < 0 || shift < 0 || shift > 61) {
        refuse("factor must not be negative and shift must be 0 to 61");
    }
    expect_shape(out, "out", {1, 1, out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    call(function, [&] {
        return kernel(shape_of(x.shape), factor, static_cast<uint8_t>(shift), x.data, shape_of(out.shape), channel,
                      out.data);
    });
}

void global_average_pool_s16(nb::handle x, int32_t factor, int32_t shift, nb::handle out, int32_t channel) {
    average<int16_t>("global_average_pool_s16", ph_global_average_pool_s16, x, factor, shift,
                     output<int16_t>(out, "out", 3), channel);
}

void global_average_pool_s8(nb::handle x, int32_t factor, int32_t shift, nb::handle out_, int32_t channel) {
    with_output_s8(out_, [&](const auto &out) {
        if constexpr (sizeof(*out.data) == 1) {
            average<int8_t>("global_average_pool_s8", ph_global_average_pool_s8, x, factor, shift, out, channel);
        } else {
            average<int8_t>("global_average_pool_s8", ph_global_average_pool_s8_s16, x, factor, shift, out, channel);
        }
    });
}

template <typename T, typename Kernel>
void l2_normalize(const char *function, Kernel kernel, nb::handle x_, int32_t frac_bits, nb::handle out_) {
    const auto x = input<T>(x_, "x", 1);
    const auto out = output<int16_t>(out_, "out", 1);
    if (frac_bits < 0 || frac_bits > 14) {
        refuse("frac_bits must be 0 to 14");
    }
    expect_shape(out, "out", x.shape);
    expect_apart(x, "x", out, "out");
    call(function, [&] { return kernel(x.side(0), static_cast<uint8_t>(frac_bits), x.data, out.data); });
}

void l2_normalize_s16(nb::handle x, int32_t frac_bits, nb::handle out) {
    l2_normalize<int16_t>("l2_normalize_s16", ph_l2_normalize_s16, x, frac_bits, out);
}

void l2_normalize_s8(nb::handle x, int32_t frac_bits, nb::handle out) {
    l2_normalize<int8_t>("l2_normalize_s8", ph_l2_normalize_s8, x, frac_bits, out);
}

} // namespace

void bind_layers(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("conv2d_s16", &conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a, "relu"_a,
          "accumulation"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve x [H,W,I] with weight [O,KH,KW,I] into out[..., channel:channel+O].");
    m.def("conv2d_s8", &conv2d_s8, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a, "relu"_a, "out"_a,
          "channel"_a, "The same of 8 bits; out is int8 or int16.");
    m.def("depthwise_conv2d_s16", &depthwise_conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a,
          "relu"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve channel c of x [H,W,C] with weight[c] of [C,KH,KW] into out[..., channel + c].");
    m.def("depthwise_conv2d_s8", &depthwise_conv2d_s8, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a,
          "relu"_a, "out"_a, "channel"_a, "The same of 8 bits; out is int8 or int16.");
    m.def("add_s16", &add_s16, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "relu"_a, "out"_a, "channel"_a,
          "The sum of x and other [H,W,C], each shifted left, rounded by norm, into out[..., channel:channel+C].");
    m.def("add_s8", &add_s8, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "relu"_a, "out"_a, "channel"_a,
          "The same of 8 bits.");
    m.def("maxpool_s16", &maxpool_s16, "x"_a, "size"_a, "stride"_a, "out"_a, "channel"_a,
          "The largest of size x size values of x [H,W,C], into out[..., channel:channel+C].");
    m.def("maxpool_s8", &maxpool_s8, "x"_a, "size"_a, "stride"_a, "out"_a, "channel"_a, "The same of 8 bits.");
    m.def("global_average_pool_s16", &global_average_pool_s16, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The sum of x [H,W,C] over its pixels, times factor / 2**shift, into out[0, 0, channel:channel+C].");
    m.def("global_average_pool_s8", &global_average_pool_s8, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The same of 8 bits; out is int8 or int16.");
    m.def("l2_normalize_s16", &l2_normalize_s16, "x"_a, "frac_bits"_a, "out"_a,
          "Scale x [N] to length one, Q(frac_bits), into out [N].");
    m.def("l2_normalize_s8", &l2_normalize_s8, "x"_a, "frac_bits"_a, "out"_a, "The same of 8 bits; out is int16.");
}

} // namespace peephole
