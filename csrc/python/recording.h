// Layers that are noted once and run many times: their arrays are checked, and their weights laid out for this
// machine's vectors, when they are noted.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "border.h"
#include "host/conv2d_packed.h"
#include "host/workers.h"

namespace peephole {

// Memory that vectors are read from whole lines of.
class Lines {
  public:
    explicit Lines(size_t bytes) : lines_((bytes + sizeof(Line) - 1) / sizeof(Line)) {
    }
    uint8_t *data() {
        return lines_.empty() ? nullptr : lines_.front().bytes;
    }
    int32_t *words() {
        return reinterpret_cast<int32_t *>(data());
    }

  private:
    struct alignas(64) Line {
        uint8_t bytes[64];
    };
    std::vector<Line> lines_;
};

// The weights of a program as one path wants them, shared by all recordings of it.
class PackedWeights {
  public:
    explicit PackedWeights(ph_path path) : path(path) {
    }

    // Weights of a layer that is planned; `keep` are their arrays, so that no others come to lie where they are.
    std::shared_ptr<Lines> of(const ph_packed_conv2d &plan, const void *weight, const View<const int32_t> &bias,
                              const View<const uint8_t> &norm, nb::ndarray<nb::ro> keep);

    const ph_path path;

  private:
    struct Entry {
        std::shared_ptr<Lines> words;
        std::vector<nb::ndarray<nb::ro>> keep;
    };
    // Where the arrays begin, and whatever else decides how words come to lie: other layers may read a part of them.
    using Key = std::tuple<const void *, const void *, const void *, std::array<int32_t, 6>>;
    std::map<Key, Entry> entries_;
};

// Threads beside the caller's, for recordings that run; one recording at a time has them, and others do without.
class Workers {
  public:
    explicit Workers(int32_t count) {
        ph_start_workers(&workers_, count);
    }
    Workers(const Workers &) = delete; // threads look at it
    Workers &operator=(const Workers &) = delete;
    ~Workers() {
        ph_stop_workers(&workers_);
    }

    // Those of a caller until the scope ends; none where they are busy.
    class Led {
      public:
        explicit Led(Workers *workers)
            : workers_(workers && ph_lead(&workers->workers_) ? &workers->workers_ : nullptr) {
        }
        Led(const Led &) = delete;
        Led &operator=(const Led &) = delete;
        ~Led() {
            if (workers_) {
                ph_release(workers_);
            }
        }
        ph_workers *get() const {
            return workers_;
        }

      private:
        ph_workers *workers_;
    };

  private:
    ph_workers workers_;
};

// Layers in the order they were noted in. While one is open on a thread, kernels of layers that are called there are
// noted and not run.
class Recording {
  public:
    explicit Recording(std::shared_ptr<PackedWeights> weights) : weights_(std::move(weights)) {
    }
    Recording(const Recording &) = delete; // steps point at its scratch
    Recording &operator=(const Recording &) = delete;
    ~Recording() {
        close();
    }

    static Recording *&open() {
        static thread_local Recording *recording = nullptr;
        return recording;
    }

    // Ends noting here; another recording that is open stays so.
    void close() {
        if (open() == this) {
            open() = nullptr;
        }
    }

    void add(const char *function, std::function<ph_status()> kernel) {
        steps_.push_back({function, [kernel = std::move(kernel)](ph_workers *) { return kernel(); }});
    }

    // Notes a convolution on the path of the weights, where it has one; says whether it did.
    template <typename T, typename Out>
    bool add_conv2d(const ph_conv2d &layer, const View<const T> &x, const View<const T> &weight,
                    const View<const int32_t> &bias, const View<const uint8_t> &norm, const View<Out> &out) {
        ph_packed_conv2d plan;
        if (!ph_plan_packed_conv2d(&layer, 8 * sizeof(T), norm.data, weights_->path, &plan)) {
            return false;
        }
        const auto words = weights_->of(plan, weight.data, bias, norm, weight.owner);
        const size_t needed = ph_packed_conv2d_scratch(&plan);
        if (!scratch_ || needed > scratch_bytes_) {
            scratch_bytes_ = needed;
            scratch_ = std::make_unique<Lines>(needed + 1);
        }
        steps_.push_back({"conv2d", [this, plan, words, x, out](ph_workers *workers) {
                              ph_conv2d_packed(&plan, words->words(), x.data, 8 * sizeof(Out), out.data,
                                               scratch_->data(), workers);
                              return PH_OK;
                          }});
        return true;
    }

    ph_path path() const {
        return weights_->path;
    }

    // With the help of workers, where there are any.
    void run(Workers *workers) const;

  private:
    struct Step {
        const char *function;
        std::function<ph_status(ph_workers *)> kernel;
    };
    std::shared_ptr<PackedWeights> weights_;
    std::vector<Step> steps_;
    std::unique_ptr<Lines> scratch_;
    size_t scratch_bytes_ = 0;
};

// Of kernels of the same bits, the one for the path of the recording that is open; the first where none is.
template <typename Kernel> Kernel on_path(Kernel portable, Kernel avx2, Kernel avx512) {
    const Recording *recording = Recording::open();
    const ph_path path = recording ? recording->path() : PH_PORTABLE;
    return path == PH_PORTABLE ? portable : path == PH_AVX512_VNNI ? avx512 : avx2;
}

// Runs the kernel of a layer, or notes it; what it captures must be copies.
template <typename Kernel> void call_layer(const char *function, Kernel kernel) {
    if (Recording *recording = Recording::open()) {
        recording->add(function, std::move(kernel));
    } else {
        call(function, kernel);
    }
}

} // namespace peephole
