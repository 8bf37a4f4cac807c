// Python's view of the convolutions, under the same names. Those of 8 bits write int8 or, by a twin, int16.
#include "bind.h"
#include "layer_border.h"
#include "recording.h"

#include <nanobind/stl/string.h>

#include <string>

#include "host/depthwise_packed.h"
#include "peephole/conv2d.h"
#include "peephole/depthwise.h"

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

template <typename T, typename Out> struct Convolution {
    View<const T> x, weight;
    View<const int32_t> bias;
    View<const uint8_t> norm;
    View<Out> out;

    // What plain and depthwise convolutions must keep; the shape of the weights is checked before.
    ph_window expect_fit(int64_t outputs, const Moves &moves, Pair clip, int32_t channel) const {
        expect_shape(bias, "bias", {outputs});
        expect_norm(norm, outputs);
        expect_slice(channel, outputs, out.shape[2]);
        expect_clip<Out>(clip.first, clip.second);
        expect_apart(x, "x", out, "out");
        expect_apart(weight, "weight", out, "out");
        expect_apart(bias, "bias", out, "out");
        expect_apart(norm, "norm", out, "out");
        return expect_window(x, {weight.shape[1], weight.shape[2]}, moves, out);
    }
};

template <typename T, typename Out>
Convolution<T, Out> convolution(nb::handle x, nb::handle weight, size_t axes, nb::handle bias, nb::handle norm,
                                const View<Out> &out) {
    return {input<T>(x, "x", 3), input<T>(weight, "weight", axes), input<int32_t>(bias, "bias", 1),
            input<uint8_t>(norm, "norm", 1), out};
}

template <typename T, typename Out>
ph_conv2d conv2d_layer(const Convolution<T, Out> &c, const Moves &moves, int32_t groups, Pair clip, int32_t channel,
                       ph_accumulation accumulation, int32_t accumulator_bits) {
    const auto &weight = c.weight;
    expect_accumulator(accumulator_bits);
    if (groups < 1 || c.x.shape[2] % groups != 0 || weight.shape[0] % groups != 0) {
        refuse("groups " + std::to_string(groups) + " must divide the " + std::to_string(c.x.shape[2]) +
               " channels of x and the " + std::to_string(weight.shape[0]) + " of weight");
    }
    expect_shape(weight, "weight", {weight.shape[0], weight.shape[1], weight.shape[2], c.x.shape[2] / groups});
    const ph_window window = c.expect_fit(weight.shape[0], moves, clip, channel);
    return {shape_of(c.x.shape), shape_of(c.out.shape), channel,      weight.side(0),  groups, window,
            clip.first,          clip.second,           accumulation, accumulator_bits};
}

// Is a recording open that has a faster way for this layer? Then it is noted there.
template <typename T, typename Out> bool is_recorded(const ph_conv2d &layer, const Convolution<T, Out> &c) {
    Recording *recording = Recording::open();
    return recording && recording->add_conv2d(layer, c.x, c.weight, c.bias, c.norm, c.out);
}

void conv2d_s16(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, Pair stride, Pair padding,
                Pair dilation, int32_t groups, int32_t low, int32_t high, const std::string &accumulation,
                int32_t accumulator_bits, nb::handle out, int32_t channel) {
    const auto c = convolution<int16_t>(x, weight, 4, bias, norm, output<int16_t>(out, "out", 3));
    const auto layer = conv2d_layer(c, {stride, padding, dilation}, groups, {low, high}, channel,
                                    accumulation_named(accumulation), accumulator_bits);
    for (int64_t o = 0; o < c.bias.size(); o++) {
        const int32_t value = c.bias.data[o];
        if (layer.accumulation == PH_PER_CHANNEL && (value < INT16_MIN || value > INT16_MAX)) {
            refuse("bias must fit 16 bits where accumulation is per_channel, unlike " + std::to_string(value));
        }
    }
    if (is_recorded(layer, c)) {
        return;
    }
    call_layer("conv2d_s16",
               [=] { return ph_conv2d_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, c.out.data); });
}

void conv2d_s8(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, Pair stride, Pair padding,
               Pair dilation, int32_t groups, int32_t low, int32_t high, nb::handle out_, int32_t channel) {
    with_output(out_, [&](const auto &out) {
        const auto c = convolution<int8_t>(x, weight, 4, bias, norm, out);
        const auto layer = conv2d_layer(c, {stride, padding, dilation}, groups, {low, high}, channel, PH_FULL, 32);
        if (is_recorded(layer, c)) {
            return;
        }
        call_layer("conv2d_s8", [=] {
            if constexpr (sizeof(*out.data) == 1) {
                return ph_conv2d_s8(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            } else {
                return ph_conv2d_s8_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, out.data);
            }
        });
    });
}

template <typename T, typename Out>
ph_depthwise_conv2d depthwise_layer(const Convolution<T, Out> &c, const Moves &moves, Pair clip, int32_t channel,
                                    int32_t accumulator_bits) {
    const auto &weight = c.weight;
    expect_accumulator(accumulator_bits);
    expect_shape(weight, "weight", {c.x.shape[2], weight.shape[1], weight.shape[2]});
    if (weight.shape[1] * weight.shape[2] > PH_DEPTHWISE_MAX_TAPS) {
        refuse("weight has a kernel of more than " + std::to_string(PH_DEPTHWISE_MAX_TAPS) + " values");
    }
    const ph_window window = c.expect_fit(weight.shape[0], moves, clip, channel);
    return {shape_of(c.x.shape), shape_of(c.out.shape), channel, window, clip.first, clip.second, accumulator_bits};
}

// Is a recording open whose path has vectors? Then the layer is noted there, with its weights as pack lays them out.
template <typename T, typename Out, typename Pack, typename Kernel>
bool is_recorded(const ph_depthwise_conv2d &layer, const Convolution<T, Out> &c, Pack pack, Kernel kernel) {
    Recording *recording = Recording::open();
    if (!recording || recording->path() == PH_PORTABLE) {
        return false;
    }
    const auto taps = std::make_shared<Lines>(ph_packed_depthwise_values(&layer) * sizeof(T));
    T *const values = reinterpret_cast<T *>(taps->data());
    pack(&layer, c.weight.data, values);
    recording->add("depthwise_conv2d", [=] {
        (void)taps; // which the values are of
        return kernel(&layer, c.x.data, c.weight.data, values, c.bias.data, c.norm.data, c.out.data);
    });
    return true;
}

void depthwise_conv2d_s16(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, Pair stride, Pair padding,
                          Pair dilation, int32_t low, int32_t high, int32_t accumulator_bits, nb::handle out,
                          int32_t channel) {
    const auto c = convolution<int16_t>(x, weight, 3, bias, norm, output<int16_t>(out, "out", 3));
    const auto layer = depthwise_layer(c, {stride, padding, dilation}, {low, high}, channel, accumulator_bits);
    if (is_recorded(layer, c, ph_pack_depthwise_s16, ph_packed_depthwise_s16)) {
        return;
    }
    call_layer("depthwise_conv2d_s16", [=] {
        return ph_depthwise_conv2d_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, c.out.data);
    });
}

void depthwise_conv2d_s8(nb::handle x, nb::handle weight, nb::handle bias, nb::handle norm, Pair stride, Pair padding,
                         Pair dilation, int32_t low, int32_t high, nb::handle out_, int32_t channel) {
    with_output(out_, [&](const auto &out) {
        const auto c = convolution<int8_t>(x, weight, 3, bias, norm, out);
        const auto layer = depthwise_layer(c, {stride, padding, dilation}, {low, high}, channel, 32);
        if constexpr (sizeof(*out.data) == 1) {
            if (is_recorded(layer, c, ph_pack_depthwise_s8, ph_packed_depthwise_s8)) {
                return;
            }
        } else if (is_recorded(layer, c, ph_pack_depthwise_s8, ph_packed_depthwise_s8_s16)) {
            return;
        }
        call_layer("depthwise_conv2d_s8", [=] {
            if constexpr (sizeof(*out.data) == 1) {
                return ph_depthwise_conv2d_s8(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data, c.out.data);
            } else {
                return ph_depthwise_conv2d_s8_s16(&layer, c.x.data, c.weight.data, c.bias.data, c.norm.data,
                                                  c.out.data);
            }
        });
    });
}

} // namespace

void bind_convolutions(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("conv2d_s16", &conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a, "dilation"_a,
          "groups"_a, "low"_a, "high"_a, "accumulation"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve x [H,W,I] with weight [O,KH,KW,I/groups] into out[..., channel:channel+O].");
    m.def("conv2d_s8", &conv2d_s8, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a, "dilation"_a,
          "groups"_a, "low"_a, "high"_a, "out"_a, "channel"_a, "The same of 8 bits; out is int8 or int16.");
    m.def("depthwise_conv2d_s16", &depthwise_conv2d_s16, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a,
          "dilation"_a, "low"_a, "high"_a, "accumulator_bits"_a, "out"_a, "channel"_a,
          "Convolve channel c of x [H,W,C] with weight[c] of [C,KH,KW] into out[..., channel + c].");
    m.def("depthwise_conv2d_s8", &depthwise_conv2d_s8, "x"_a, "weight"_a, "bias"_a, "norm"_a, "stride"_a, "padding"_a,
          "dilation"_a, "low"_a, "high"_a, "out"_a, "channel"_a, "The same of 8 bits; out is int8 or int16.");
}

} // namespace peephole
