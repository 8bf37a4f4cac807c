// Python's view of the layers that have no window, under the same names. Those that can write either width do so by the
// type of out.
#include "bind.h"
#include "layer_border.h"
#include "recording.h"

#include <string>

#include "host/enter_image.h"
#include "peephole/add.h"
#include "peephole/channels.h"
#include "peephole/normalize.h"
#include "peephole/upsample.h"

namespace peephole {
namespace {

template <typename T, typename Kernel>
void add(const char *function, Kernel kernel, nb::handle x_, nb::handle other_, int32_t shift, int32_t other_shift,
         int32_t norm, int32_t low, int32_t high, nb::handle out_, int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto other = input<T>(other_, "other", 3);
    const auto out = output<T>(out_, "out", 3);
    expect_shape(other, "other", x.shape);
    expect_shape(out, "out", {x.shape[0], x.shape[1], out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_clip<T>(low, high);
    for (const auto &[summand, name] : {std::pair(x, "x"), std::pair(other, "other")}) {
        if (static_cast<const T *>(out.data) != summand.data || out.shape != summand.shape) { // else a sum in place
            expect_apart(summand, name, out, "out");
        }
    }
    const ph_add layer{shape_of(x.shape),
                       shape_of(out.shape),
                       channel,
                       expect_shift(shift, "shift"),
                       expect_shift(other_shift, "other_shift"),
                       expect_shift(norm, "norm"),
                       low,
                       high};
    call_layer(function, [=] { return kernel(&layer, x.data, other.data, out.data); });
}

void add_s16(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, int32_t low,
             int32_t high, nb::handle out, int32_t channel) {
    add<int16_t>("add_s16", ph_add_s16, x, other, shift, other_shift, norm, low, high, out, channel);
}

void add_s8(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, int32_t low, int32_t high,
            nb::handle out, int32_t channel) {
    add<int8_t>("add_s8", ph_add_s8, x, other, shift, other_shift, norm, low, high, out, channel);
}

template <typename T, typename Out, typename Kernel>
void copy_channels(const char *function, Kernel kernel, nb::handle x_, int32_t first, int32_t count, int32_t shift,
                   int32_t low, int32_t high, const View<Out> &out, int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    expect_shape(out, "out", {x.shape[0], x.shape[1], out.shape[2]});
    if (first < 0 || count < 1 || int64_t{first} + count > x.shape[2]) {
        refuse("x has " + std::to_string(x.shape[2]) + " channels, too few for " + std::to_string(count) +
               " of them from channel " + std::to_string(first) + " on");
    }
    expect_slice(channel, count, out.shape[2]);
    if (shift < -31 || shift > 31) {
        refuse("shift must be -31 to 31, not " + std::to_string(shift));
    }
    expect_clip<Out>(low, high);
    expect_apart(x, "x", out, "out");
    const ph_copy_channels layer{
        shape_of(x.shape), shape_of(out.shape), first, count, channel, shift, low, high,
    };
    call_layer(function, [=] { return kernel(&layer, x.data, out.data); });
}

void copy_channels_s16(nb::handle x, int32_t first, int32_t count, int32_t shift, int32_t low, int32_t high,
                       nb::handle out_, int32_t channel) {
    with_output(out_, [&](const auto &out) {
        if constexpr (sizeof(*out.data) == 1) {
            copy_channels<int16_t>("copy_channels_s16", ph_copy_channels_s16_s8, x, first, count, shift, low, high, out,
                                   channel);
        } else {
            copy_channels<int16_t>("copy_channels_s16", ph_copy_channels_s16, x, first, count, shift, low, high, out,
                                   channel);
        }
    });
}

void copy_channels_s8(nb::handle x, int32_t first, int32_t count, int32_t shift, int32_t low, int32_t high,
                      nb::handle out_, int32_t channel) {
    with_output(out_, [&](const auto &out) {
        if constexpr (sizeof(*out.data) == 1) {
            copy_channels<int8_t>("copy_channels_s8", ph_copy_channels_s8, x, first, count, shift, low, high, out,
                                  channel);
        } else {
            copy_channels<int8_t>("copy_channels_s8", ph_copy_channels_s8_s16, x, first, count, shift, low, high, out,
                                  channel);
        }
    });
}

template <typename T, typename Kernel>
void shuffle_channels(const char *function, Kernel kernel, nb::handle x_, int32_t groups, nb::handle out_,
                      int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto out = output<T>(out_, "out", 3);
    if (groups < 1 || x.shape[2] % groups != 0) {
        refuse("groups " + std::to_string(groups) + " must divide the " + std::to_string(x.shape[2]) +
               " channels of x");
    }
    expect_shape(out, "out", {x.shape[0], x.shape[1], out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    const ph_shuffle_channels layer{shape_of(x.shape), shape_of(out.shape), channel, groups};
    call_layer(function, [=] { return kernel(&layer, x.data, out.data); });
}

void shuffle_channels_s16(nb::handle x, int32_t groups, nb::handle out, int32_t channel) {
    shuffle_channels<int16_t>("shuffle_channels_s16", ph_shuffle_channels_s16, x, groups, out, channel);
}

void shuffle_channels_s8(nb::handle x, int32_t groups, nb::handle out, int32_t channel) {
    shuffle_channels<int8_t>("shuffle_channels_s8", ph_shuffle_channels_s8, x, groups, out, channel);
}

template <typename T, typename Kernel>
void upsample(const char *function, Kernel kernel, nb::handle x_, nb::handle out_, int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto out = output<T>(out_, "out", 3);
    expect_shape(out, "out", {2 * x.shape[0], 2 * x.shape[1], out.shape[2]});
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    const ph_upsample layer{shape_of(x.shape), shape_of(out.shape), channel};
    call_layer(function, [=] { return kernel(&layer, x.data, out.data); });
}

void upsample_s16(nb::handle x, nb::handle out, int32_t channel) {
    upsample<int16_t>("upsample_s16", ph_upsample_s16, x, out, channel);
}

void upsample_s8(nb::handle x, nb::handle out, int32_t channel) {
    upsample<int8_t>("upsample_s8", ph_upsample_s8, x, out, channel);
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
    call_layer(function, [=] { return kernel(x.side(0), static_cast<uint8_t>(frac_bits), x.data, out.data); });
}

void l2_normalize_s16(nb::handle x, int32_t frac_bits, nb::handle out) {
    l2_normalize<int16_t>("l2_normalize_s16", ph_l2_normalize_s16, x, frac_bits, out);
}

void l2_normalize_s8(nb::handle x, int32_t frac_bits, nb::handle out) {
    l2_normalize<int8_t>("l2_normalize_s8", ph_l2_normalize_s8, x, frac_bits, out);
}

void enter_image(nb::handle image_, int32_t offset, bool mirrored, nb::handle out_) {
    const auto image = input<uint8_t>(image_, "image", 2);
    with_output(out_, [&](const auto &out) {
        expect_shape(out, "out", {image.shape[0], image.shape[1], 1});
        expect_apart(image, "image", out, "out");
        if (offset < 0 || offset > 255) {
            refuse("offset must be 0 to 255, not " + std::to_string(offset));
        }
        call_layer("enter_image", [=] {
            if constexpr (sizeof(*out.data) == 1) {
                ph_enter_image_s8(image.side(0), image.side(1), image.data, offset, mirrored, out.data);
            } else {
                ph_enter_image_s16(image.side(0), image.side(1), image.data, offset, mirrored, out.data);
            }
            return PH_OK;
        });
    });
}

} // namespace

void bind_layers(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("add_s16", &add_s16, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a,
          "The sum of x and other [H,W,C], each shifted left, rounded by norm, into out[..., channel:channel+C].");
    m.def("add_s8", &add_s8, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a, "The same of 8 bits.");
    m.def("copy_channels_s16", &copy_channels_s16, "x"_a, "first"_a, "count"_a, "shift"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a,
          "x[..., first:first+count] times 2**shift, clipped, into out[..., channel:channel+count], int8 or int16.");
    m.def("copy_channels_s8", &copy_channels_s8, "x"_a, "first"_a, "count"_a, "shift"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a, "The same of 8 bits; out is int8 or int16.");
    m.def(
        "shuffle_channels_s16", &shuffle_channels_s16, "x"_a, "groups"_a, "out"_a, "channel"_a,
        "The channels of x [H,W,C], those of like place in every group side by side, into out[..., channel:channel+C].");
    m.def("shuffle_channels_s8", &shuffle_channels_s8, "x"_a, "groups"_a, "out"_a, "channel"_a, "The same of 8 bits.");
    m.def("upsample_s16", &upsample_s16, "x"_a, "out"_a, "channel"_a,
          "Every pixel of x [H,W,C] four times, into out [2H,2W,..] from channel to channel+C.");
    m.def("upsample_s8", &upsample_s8, "x"_a, "out"_a, "channel"_a, "The same of 8 bits.");
    m.def("l2_normalize_s16", &l2_normalize_s16, "x"_a, "frac_bits"_a, "out"_a,
          "Scale x [N] to length one, Q(frac_bits), into out [N].");
    m.def("enter_image", &enter_image, "image"_a, "offset"_a, "mirrored"_a, "out"_a,
          "Pixels of image [H,W] less offset, from right to left where mirrored, into out [H,W,1], int8 or int16.");
    m.def("l2_normalize_s8", &l2_normalize_s8, "x"_a, "frac_bits"_a, "out"_a, "The same of 8 bits; out is int16.");
}

} // namespace peephole
