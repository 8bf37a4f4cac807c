// Python's view of the other layers of a network, under the same names. Those that can write int16 from 8 bits do so
// where out holds int16.
#include "bind.h"
#include "layer_border.h"

#include <string>

#include "peephole/add.h"
#include "peephole/normalize.h"
#include "peephole/pool.h"

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
    call(function, [&] { return kernel(&layer, x.data, other.data, out.data); });
}

void add_s16(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, int32_t low,
             int32_t high, nb::handle out, int32_t channel) {
    add<int16_t>("add_s16", ph_add_s16, x, other, shift, other_shift, norm, low, high, out, channel);
}

void add_s8(nb::handle x, nb::handle other, int32_t shift, int32_t other_shift, int32_t norm, int32_t low, int32_t high,
            nb::handle out, int32_t channel) {
    add<int8_t>("add_s8", ph_add_s8, x, other, shift, other_shift, norm, low, high, out, channel);
}

template <typename T, typename Kernel>
void max_pool(const char *function, Kernel kernel, nb::handle x_, Pair size, const Moves &moves, nb::handle out_,
              int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto out = output<T>(out_, "out", 3);
    if (std::min(size.first, size.second) < 1) {
        refuse("size must be 1 to 32,767");
    }
    const ph_window window = expect_window(x, size, moves, out);
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    const ph_max_pool layer{shape_of(x.shape), shape_of(out.shape), channel, window};
    call(function, [&] { return kernel(&layer, x.data, out.data); });
}

void max_pool_s16(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, nb::handle out, int32_t channel) {
    max_pool<int16_t>("max_pool_s16", ph_max_pool_s16, x, size, {stride, padding, dilation}, out, channel);
}

void max_pool_s8(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, nb::handle out, int32_t channel) {
    max_pool<int8_t>("max_pool_s8", ph_max_pool_s8, x, size, {stride, padding, dilation}, out, channel);
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
    with_output(out_, [&](const auto &out) {
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
    m.def("add_s16", &add_s16, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a,
          "The sum of x and other [H,W,C], each shifted left, rounded by norm, into out[..., channel:channel+C].");
    m.def("add_s8", &add_s8, "x"_a, "other"_a, "shift"_a, "other_shift"_a, "norm"_a, "low"_a, "high"_a, "out"_a,
          "channel"_a, "The same of 8 bits.");
    m.def("max_pool_s16", &max_pool_s16, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "out"_a, "channel"_a,
          "The largest value under every window of x [H,W,C], into out[..., channel:channel+C].");
    m.def("max_pool_s8", &max_pool_s8, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "out"_a, "channel"_a,
          "The same of 8 bits.");
    m.def("global_average_pool_s16", &global_average_pool_s16, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The sum of x [H,W,C] over its pixels, times factor / 2**shift, into out[0, 0, channel:channel+C].");
    m.def("global_average_pool_s8", &global_average_pool_s8, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The same of 8 bits; out is int8 or int16.");
    m.def("l2_normalize_s16", &l2_normalize_s16, "x"_a, "frac_bits"_a, "out"_a,
          "Scale x [N] to length one, Q(frac_bits), into out [N].");
    m.def("l2_normalize_s8", &l2_normalize_s8, "x"_a, "frac_bits"_a, "out"_a, "The same of 8 bits; out is int16.");
}

} // namespace peephole
