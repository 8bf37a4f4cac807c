// The border between Python and the kernels: every array is checked here, and refused in one sentence that names it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <string>
#include <vector>

#include "peephole/status.h"
#include "peephole/tensor.h"

namespace nb = nanobind;

namespace peephole {

template <typename T> constexpr const char *type_name() {
    if constexpr (std::is_same_v<T, uint8_t>) {
        return "uint8";
    } else if constexpr (std::is_same_v<T, uint16_t>) {
        return "uint16";
    } else if constexpr (std::is_same_v<T, int8_t>) {
        return "int8";
    } else if constexpr (std::is_same_v<T, int16_t>) {
        return "int16";
    } else if constexpr (std::is_same_v<T, int32_t>) {
        return "int32";
    } else if constexpr (std::is_same_v<T, uint32_t>) {
        return "uint32";
    } else if constexpr (std::is_same_v<T, int64_t>) {
        return "int64";
    } else {
        static_assert(std::is_same_v<T, uint64_t>);
        return "uint64";
    }
}

// An array that lies in memory without gaps; the pointer is good as long as the view, also without the GIL.
template <typename T> struct View {
    nb::ndarray<nb::ro> owner;
    T *data;
    std::vector<int64_t> shape;

    int64_t size() const {
        int64_t product = 1;
        for (int64_t side : shape) {
            product *= side;
        }
        return product;
    }
    int32_t side(size_t axis) const {
        return static_cast<int32_t>(shape[axis]);
    }
};

[[noreturn]] inline void refuse(const std::string &sentence) {
    throw nb::value_error(sentence.c_str());
}

inline std::string shape_text(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (size_t axis = 0; axis < shape.size(); axis++) {
        text += (axis ? ", " : "") + std::to_string(shape[axis]);
    }
    return text + "]";
}

template <typename T, typename Array> View<T> check_array(const Array &array, const std::string &name, size_t axes) {
    using Value = std::remove_const_t<T>;
    if (array.dtype() != nb::dtype<Value>()) {
        refuse(name + " must hold " + type_name<Value>() + " values");
    }
    View<T> view{nb::ndarray<nb::ro>(array), static_cast<T *>(const_cast<void *>(array.data())), {}};
    int64_t step = 1;
    bool contiguous = true;
    for (size_t axis = array.ndim(); axis-- > 0;) {
        const auto side = static_cast<int64_t>(array.shape(axis));
        contiguous = contiguous && (side <= 1 || array.stride(axis) == step);
        step *= side;
        view.shape.insert(view.shape.begin(), side);
    }
    if (view.shape.size() != axes) {
        refuse(name + " must have " + std::to_string(axes) + " axes, not the shape " + shape_text(view.shape));
    }
    for (int64_t side : view.shape) {
        if (side > INT32_MAX) {
            refuse(name + " is too large: " + shape_text(view.shape));
        }
    }
    if (!contiguous && view.size() > 0) {
        refuse(name + " must be contiguous (numpy.ascontiguousarray makes it so)");
    }
    return view;
}

template <typename T> View<const T> input(nb::handle object, const char *name, size_t axes) {
    nb::ndarray<nb::ro> array;
    if (!nb::try_cast<nb::ndarray<nb::ro>>(object, array, false)) {
        refuse(std::string(name) + " must be a numpy array of " + type_name<T>() + " in this machine's byte order");
    }
    return check_array<const T>(array, name, axes);
}

template <typename T> View<T> output(nb::handle object, const char *name, size_t axes) {
    nb::ndarray<> array;
    if (!nb::try_cast<nb::ndarray<>>(object, array, false)) {
        refuse(std::string(name) + " must be a writable numpy array of " + type_name<T>() +
               " in this machine's byte order");
    }
    return check_array<T>(array, name, axes);
}

template <typename T> void expect_shape(const View<T> &view, const char *name, const std::vector<int64_t> &shape) {
    if (view.shape != shape) {
        refuse(std::string(name) + " must have the shape " + shape_text(shape) + ", not " + shape_text(view.shape));
    }
}

inline ph_shape shape_of(const std::vector<int64_t> &shape) {
    return {static_cast<int32_t>(shape[0]), static_cast<int32_t>(shape[1]), static_cast<int32_t>(shape[2])};
}

inline void expect_slice(int64_t channel, int64_t count, int64_t channels) {
    if (channel < 0 || channel + count > channels) {
        refuse("out has " + std::to_string(channels) + " channels, too few for " + std::to_string(count) +
               " of them from channel " + std::to_string(channel) + " on");
    }
}

// The kernels may assume that nothing that they write overlaps what they read.
template <typename A, typename B>
void expect_apart(const View<A> &read, const char *read_name, const View<B> &written, const char *written_name) {
    const auto a = reinterpret_cast<uintptr_t>(read.data);
    const auto b = reinterpret_cast<uintptr_t>(written.data);
    if (a < b + static_cast<size_t>(written.size()) * sizeof(B) &&
        b < a + static_cast<size_t>(read.size()) * sizeof(A)) {
        refuse(std::string(written_name) + " must not share memory with " + read_name);
    }
}

// What is left for the kernel itself to refuse.
inline void raise_unless_ok(ph_status status, const char *function) {
    if (status == PH_BAD_SHAPE) {
        refuse(std::string(function) + ": the sizes do not fit each other, are zero, or are above 32,767");
    }
    if (status != PH_OK) {
        refuse(std::string(function) + ": a number is outside the range that can be computed exactly");
    }
}

// Runs a kernel while other Python threads run.
template <typename Kernel> void call(const char *function, Kernel kernel) {
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = kernel();
    }
    raise_unless_ok(status, function);
}

} // namespace peephole
