// Python's view of the pools, under the same names. Those of 8 bits that average write int8 or, by a twin, int16.
#include "bind.h"
#include "layer_border.h"
#include "recording.h"

#include <string>

#include "host/wide.h"
#include "peephole/pool.h"

namespace peephole {
namespace {

void expect_size(Pair size) {
    if (std::min(size.first, size.second) < 1 || std::max(size.first, size.second) > PH_MAX_SIDE) {
        refuse("size must be 1 to 32,767");
    }
}

template <typename T, typename Kernel>
void max_pool(const char *function, Kernel kernel, nb::handle x_, Pair size, const Moves &moves, nb::handle out_,
              int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto out = output<T>(out_, "out", 3);
    expect_size(size);
    const ph_window window = expect_window(x, size, moves, out);
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    const ph_max_pool layer{shape_of(x.shape), shape_of(out.shape), channel, window};
    call_layer(function, [=] { return kernel(&layer, x.data, out.data); });
}

void max_pool_s16(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, nb::handle out, int32_t channel) {
    max_pool<int16_t>("max_pool_s16", on_path(ph_max_pool_s16, ph_max_pool_s16_avx2, ph_max_pool_s16_avx512), x, size,
                      {stride, padding, dilation}, out, channel);
}

void max_pool_s8(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, nb::handle out, int32_t channel) {
    max_pool<int8_t>("max_pool_s8", on_path(ph_max_pool_s8, ph_max_pool_s8_avx2, ph_max_pool_s8_avx512), x, size,
                     {stride, padding, dilation}, out, channel);
}

template <typename T, typename Out, typename Kernel>
void average_pool(const char *function, Kernel kernel, nb::handle x_, Pair size, const Moves &moves, Pair padding_end,
                  bool counts_padding, nb::handle factors_, int32_t shift, const View<Out> &out, int32_t channel) {
    const auto x = input<T>(x_, "x", 3);
    const auto factors = input<int32_t>(factors_, "factors", 1);
    expect_size(size);
    const ph_window window = expect_window(x, size, moves, out);
    if (int64_t{size.first} * size.second > PH_AVERAGE_POOL_MAX_TAPS) {
        refuse("size makes windows of more than " + std::to_string(PH_AVERAGE_POOL_MAX_TAPS) + " values");
    }
    if (std::min(padding_end.first, padding_end.second) < 0 ||
        std::max(padding_end.first, padding_end.second) > PH_MAX_SIDE) {
        refuse("padding_end must be 0 to 32,767");
    }
    expect_shape(factors, "factors", {int64_t{size.first} * size.second});
    if (shift < 0 || shift > 61) {
        refuse("shift must be 0 to 61, not " + std::to_string(shift));
    }
    expect_slice(channel, x.shape[2], out.shape[2]);
    expect_apart(x, "x", out, "out");
    expect_apart(factors, "factors", out, "out");
    const ph_average_pool layer{
        shape_of(x.shape),  shape_of(out.shape),         channel, window, counts_padding, padding_end.first,
        padding_end.second, static_cast<uint8_t>(shift),
    };
    call_layer(function, [=] { return kernel(&layer, x.data, factors.data, out.data); });
}

void average_pool_s16(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, Pair padding_end,
                      bool counts_padding, nb::handle factors, int32_t shift, nb::handle out, int32_t channel) {
    average_pool<int16_t>("average_pool_s16", ph_average_pool_s16, x, size, {stride, padding, dilation}, padding_end,
                          counts_padding, factors, shift, output<int16_t>(out, "out", 3), channel);
}

void average_pool_s8(nb::handle x, Pair size, Pair stride, Pair padding, Pair dilation, Pair padding_end,
                     bool counts_padding, nb::handle factors, int32_t shift, nb::handle out_, int32_t channel) {
    const Moves moves{stride, padding, dilation};
    with_output(out_, [&](const auto &out) {
        if constexpr (sizeof(*out.data) == 1) {
            average_pool<int8_t>("average_pool_s8", ph_average_pool_s8, x, size, moves, padding_end, counts_padding,
                                 factors, shift, out, channel);
        } else {
            average_pool<int8_t>("average_pool_s8", ph_average_pool_s8_s16, x, size, moves, padding_end, counts_padding,
                                 factors, shift, out, channel);
        }
    });
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
    call_layer(function, [=] {
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

} // namespace

void bind_pools(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("max_pool_s16", &max_pool_s16, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "out"_a, "channel"_a,
          "The largest value under every window of x [H,W,C], into out[..., channel:channel+C].");
    m.def("max_pool_s8", &max_pool_s8, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "out"_a, "channel"_a,
          "The same of 8 bits.");
    m.def(
        "average_pool_s16", &average_pool_s16, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "padding_end"_a,
        "counts_padding"_a, "factors"_a, "shift"_a, "out"_a, "channel"_a,
        "The sum under every window of x [H,W,C] of n values times factors[n-1] / 2**shift, into out[..., channel:channel+C].");
    m.def("average_pool_s8", &average_pool_s8, "x"_a, "size"_a, "stride"_a, "padding"_a, "dilation"_a, "padding_end"_a,
          "counts_padding"_a, "factors"_a, "shift"_a, "out"_a, "channel"_a,
          "The same of 8 bits; out is int8 or int16.");
    m.def("global_average_pool_s16", &global_average_pool_s16, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The sum of x [H,W,C] over its pixels, times factor / 2**shift, into out[0, 0, channel:channel+C].");
    m.def("global_average_pool_s8", &global_average_pool_s8, "x"_a, "factor"_a, "shift"_a, "out"_a, "channel"_a,
          "The same of 8 bits; out is int8 or int16.");
}

} // namespace peephole
