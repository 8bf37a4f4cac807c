// Python's view of recordings, and of the paths that this machine can compute convolutions on.
#include "recording.h"
#include "bind.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <string>

namespace peephole {

namespace {

const std::array<std::string, PH_PATHS> PATHS = {"portable", "avx2", "avx-vnni", "avx512-vnni", "neon"};

std::vector<std::string> kernel_paths() {
    std::vector<std::string> paths;
    for (size_t path = 0; path < PATHS.size(); path++) {
        if (ph_path_runs(static_cast<ph_path>(path))) {
            paths.push_back(PATHS[path]);
        }
    }
    return paths;
}

ph_path path_named(const std::string &name) {
    for (size_t path = 0; path < PATHS.size(); path++) {
        if (PATHS[path] == name && ph_path_runs(static_cast<ph_path>(path))) {
            return static_cast<ph_path>(path);
        }
    }
    std::string known;
    for (const std::string &path : kernel_paths()) {
        known += (known.empty() ? "" : ", ") + path;
    }
    refuse("path \"" + name + "\" is none of this machine's: " + known);
}

} // namespace

std::shared_ptr<Lines> PackedWeights::of(const ph_packed_conv2d &plan, const void *weight,
                                         const View<const int32_t> &bias, const View<const uint8_t> &norm,
                                         nb::ndarray<nb::ro> keep) {
    const Key key{weight,
                  bias.data,
                  norm.data,
                  {plan.bits, plan.value_bytes, plan.layer.outputs, plan.runs, plan.columns, plan.units}};
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
        return found->second.words;
    }
    auto words = std::make_shared<Lines>(ph_packed_conv2d_words(&plan) * sizeof(int32_t));
    ph_pack_conv2d(&plan, weight, bias.data, norm.data, words->words());
    entries_.emplace(key, Entry{words, {std::move(keep), bias.owner, norm.owner}});
    return words;
}

void Recording::run(Workers *workers) const {
    if (open()) {
        refuse("a recording cannot run while one is open");
    }
    const char *function = "";
    ph_status status = PH_OK;
    {
        nb::gil_scoped_release release;
        const Workers::Led led(workers);
        for (const Step &step : steps_) {
            function = step.function;
            status = step.kernel(led.get());
            if (status != PH_OK) {
                break;
            }
        }
    }
    raise_unless_ok(status, function);
}

void bind_recording(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("kernel_paths", &kernel_paths, "The ways in which this machine can compute convolutions, the fastest last.");
    nb::class_<PackedWeights>(m, "PackedWeights", "Weights laid out for a path, shared by recordings.")
        .def(
            "__init__",
            [](PackedWeights *self, const std::string &path) { new (self) PackedWeights(path_named(path)); }, "path"_a);
    nb::class_<Workers>(m, "Workers", "Threads that help those who run recordings, one at a time.")
        .def(
            "__init__",
            [](Workers *self, int32_t count) {
                if (count < 1 || count > PH_MOST_WORKERS) {
                    refuse("workers must be 1 to " + std::to_string(PH_MOST_WORKERS) + ", not " +
                           std::to_string(count));
                }
                new (self) Workers(count);
            },
            "count"_a);
    nb::class_<Recording>(m, "Recording", "Layers that are noted while it is open on this thread, and run many times.")
        .def(nb::init<std::shared_ptr<PackedWeights>>(), "weights"_a)
        .def("__enter__",
             [](nb::handle_t<Recording> self) {
                 if (Recording::open()) {
                     refuse("a recording is open already");
                 }
                 Recording::open() = nb::cast<Recording *>(self);
                 return self;
             })
        .def("__exit__", [](Recording &self, nb::args) { self.close(); })
        .def("run", &Recording::run, "workers"_a = nb::none(), "Run the layers in the order they were noted in.");
}

} // namespace peephole
