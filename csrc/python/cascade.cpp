// Python's view of the integral images and of the face detector.
#include "bind.h"
#include "border.h"

#include <algorithm>
#include <memory>

#include "app/detector.h"
#include "peephole/cascade.h"
#include "peephole/integral.h"

namespace peephole {
namespace {

constexpr int32_t hit_columns = 5;    // x, y, side, neighbours, score
constexpr int32_t region_columns = 6; // left, right, top, bottom, min_side, max_side
constexpr int32_t first_capacity = 4096;

// 16-byte units, for the alignment that the kernel wants.
struct alignas(16) unit {
    uint8_t bytes[16];
};

std::unique_ptr<unit[]> scratch_of(size_t bytes) {
    return std::unique_ptr<unit[]>(new unit[bytes / sizeof(unit) + 1]);
}

[[noreturn]] void refuse_width(int32_t width, int32_t min_size) {
    refuse("a frame " + std::to_string(width) + " pixels wide is too wide for faces of " + std::to_string(min_size) +
           " pixels: shrink it or look for larger faces");
}

void integral_u8(nb::handle image_, nb::handle sum_, nb::handle squares_) {
    const auto image = input<uint8_t>(image_, "image", 2);
    const auto sum = output<uint32_t>(sum_, "sum", 2);
    const auto squares = output<uint32_t>(squares_, "squares", 2);
    const std::vector<int64_t> bordered = {image.shape[0] + 1, image.shape[1] + 1};
    expect_shape(sum, "sum", bordered);
    expect_shape(squares, "squares", bordered);
    expect_apart(image, "image", sum, "sum");
    expect_apart(image, "image", squares, "squares");
    expect_apart(sum, "sum", squares, "squares");
    ph_status status;
    {
        nb::gil_scoped_release release;
        status = ph_integral_u8(image.side(0), image.side(1), image.data, sum.data, squares.data);
    }
    raise_unless_ok(status, "integral_u8");
}

nb::object to_rows(const std::vector<ph_hit> &hits) {
    auto rows = std::make_unique<int32_t[]>(hits.size() * hit_columns + 1);
    for (size_t i = 0; i < hits.size(); i++) {
        const int32_t row[hit_columns] = {hits[i].x, hits[i].y, hits[i].side, hits[i].neighbours, hits[i].score};
        std::copy(row, row + hit_columns, rows.get() + i * hit_columns);
    }
    int32_t *data = rows.release();
    nb::capsule owner(data, [](void *memory) noexcept { delete[] static_cast<int32_t *>(memory); });
    return nb::cast(nb::ndarray<nb::numpy, int32_t>(data, {hits.size(), size_t(hit_columns)}, owner));
}

std::vector<ph_hit> from_rows(const View<const int32_t> &rows) {
    expect_shape(rows, "hits", {rows.shape[0], hit_columns});
    std::vector<ph_hit> hits(static_cast<size_t>(rows.shape[0]));
    for (size_t i = 0; i < hits.size(); i++) {
        const int32_t *row = rows.data + i * hit_columns;
        for (int32_t column = 0; column < 4; column++) {
            if (row[column] < 0 || row[column] > PH_CASCADE_LARGEST_FRAME) {
                refuse("hits must lie in a frame: every place, side and number of neighbours is 0 to 16,384");
            }
        }
        if (row[4] < 0) {
            refuse("hits must have scores of 0 or more");
        }
        if (i > 0 && row[2] < hits[i - 1].side) {
            refuse("hits must come in the order of their sides");
        }
        hits[i] = {int16_t(row[0]), int16_t(row[1]), int16_t(row[2]), int16_t(row[3]), row[4]};
    }
    return hits;
}

std::vector<ph_cascade_region> regions_from(nb::handle rows_) {
    const auto rows = input<int32_t>(rows_, "regions", 2);
    expect_shape(rows, "regions", {rows.shape[0], region_columns});
    std::vector<ph_cascade_region> regions(static_cast<size_t>(rows.shape[0]));
    for (size_t i = 0; i < regions.size(); i++) {
        const int32_t *row = rows.data + i * region_columns;
        for (int32_t column = 0; column < region_columns; column++) {
            if (row[column] < -(1 << 24) || row[column] > 1 << 24) {
                refuse("regions must lie near a frame");
            }
        }
        regions[i] = {row[0], row[1], row[2], row[3], row[4], row[5]};
    }
    return regions;
}

nb::object cascade_regions(nb::handle hits_, int32_t away, int32_t times, int32_t capacity) {
    const auto hits = from_rows(input<int32_t>(hits_, "hits", 2));
    if (away < 0 || away > 65535 || times < 256 || times > 65535 || capacity < 0) {
        refuse("away must be 0 to 65,535, times 256 to 65,535, and the capacity 0 or more");
    }
    std::vector<ph_cascade_region> regions(static_cast<size_t>(capacity));
    const int32_t count =
        ph_cascade_regions(away, times, static_cast<int32_t>(hits.size()), hits.data(), capacity, regions.data());
    if (count < 0) {
        return nb::none();
    }
    auto rows = std::make_unique<int32_t[]>(regions.size() * region_columns + 1);
    for (size_t i = 0; i < static_cast<size_t>(count); i++) {
        const auto &one = regions[i];
        const int32_t row[region_columns] = {one.left, one.right, one.top, one.bottom, one.min_side, one.max_side};
        std::copy(row, row + region_columns, rows.get() + i * region_columns);
    }
    int32_t *data = rows.release();
    nb::capsule owner(data, [](void *memory) noexcept { delete[] static_cast<int32_t *>(memory); });
    return nb::cast(nb::ndarray<nb::numpy, int32_t>(data, {static_cast<size_t>(count), size_t(region_columns)}, owner));
}

nb::object group_hits(nb::handle hits_, int32_t min_neighbours) {
    auto hits = from_rows(input<int32_t>(hits_, "hits", 2));
    auto count = static_cast<int32_t>(hits.size());
    ph_status status;
    {
        nb::gil_scoped_release release;
        std::vector<uint64_t> scratch(ph_cascade_group_scratch_bytes(count) / sizeof(uint64_t) + 1);
        status = ph_cascade_group(min_neighbours, scratch.data(), hits.data(), &count);
    }
    raise_unless_ok(status, "group_hits");
    hits.resize(static_cast<size_t>(count));
    return to_rows(hits);
}

// The table, copied and checked once.
class Cascade {
  public:
    Cascade(nb::handle stage_weak, nb::handle stage_threshold, nb::handle threshold, nb::handle leaf,
            nb::handle rectangle_count, nb::handle rectangle, nb::handle carried)
        : stage_weak_(copy<uint16_t>(stage_weak, "stage_weak", 1)),
          stage_threshold_(copy<int32_t>(stage_threshold, "stage_threshold", 1)),
          threshold_(copy<int16_t>(threshold, "threshold", 1)), leaf_(copy<int16_t>(leaf, "leaf", 2)),
          rectangle_count_(copy<uint8_t>(rectangle_count, "rectangle_count", 1)),
          rectangle_(copy<int8_t>(rectangle, "rectangle", 2)), carried_(copy<uint8_t>(carried, "carried", 1)) {
        if (carried_.size() != stage_weak_.size() || stage_threshold_.size() != stage_weak_.size() ||
            leaf_.size() != 2 * threshold_.size() || rectangle_count_.size() != threshold_.size() ||
            rectangle_.size() % 5 != 0) {
            refuse("the arrays of the cascade do not fit each other");
        }
        table_.stages = static_cast<int32_t>(stage_weak_.size());
        table_.weak = static_cast<int32_t>(threshold_.size());
        table_.rectangles = static_cast<int32_t>(rectangle_.size() / 5);
        table_.stage_weak = stage_weak_.data();
        table_.stage_threshold = stage_threshold_.data();
        table_.threshold = threshold_.data();
        table_.leaf = leaf_.data();
        table_.rectangle_count = rectangle_count_.data();
        table_.rectangle = rectangle_.data();
        table_.carried = carried_.data();
        if (ph_cascade_check(&table_) != PH_OK) {
            refuse("the cascade has rectangles outside its window of 24x24 pixels, or counts that do not add up");
        }
    }
    Cascade(const Cascade &) = delete;
    Cascade &operator=(const Cascade &) = delete;

    size_t scratch_bytes(int32_t height, int32_t width, int32_t min_size, int32_t max_size, int32_t scale) const {
        const ph_cascade_search search = {height, width, min_size, max_size, scale, 0, nullptr, 0};
        return ph_cascade_detect_scratch_bytes(&table_, &search);
    }

    nb::object hits(nb::handle image_, int32_t min_size, int32_t max_size, int32_t scale, int32_t min_deviation,
                    nb::handle regions_) const {
        const auto image = input<uint8_t>(image_, "image", 2);
        const auto regions = regions_from(regions_);
        const ph_cascade_search search = {
            image.side(0), image.side(1), min_size,       max_size,
            scale,         min_deviation, regions.data(), static_cast<int32_t>(regions.size())};
        std::vector<ph_hit> hits(first_capacity);
        ph_status status;
        {
            nb::gil_scoped_release release;
            const auto scratch = scratch_of(ph_cascade_detect_scratch_bytes(&table_, &search));
            int32_t count = 0;
            const auto capacity = [&] { return static_cast<int32_t>(hits.size()); };
            status = ph_cascade_detect(&table_, &search, image.data, scratch.get(), capacity(), hits.data(), &count);
            if (status == PH_OK && count > capacity()) {
                hits.resize(static_cast<size_t>(count));
                status =
                    ph_cascade_detect(&table_, &search, image.data, scratch.get(), capacity(), hits.data(), &count);
            }
            hits.resize(status == PH_OK ? static_cast<size_t>(count) : 0);
        }
        if (status == PH_BAD_SHAPE) {
            refuse_width(search.width, min_size);
        }
        raise_unless_ok(status, "Cascade.hits");
        return to_rows(hits);
    }

    nb::object find(nb::handle image_, int32_t min_size, int32_t max_size, int32_t scale, int32_t min_deviation,
                    int32_t min_neighbours, const Cascade *glance, int32_t glance_size, int32_t glance_scale,
                    int32_t away, int32_t times) const {
        const auto image = input<uint8_t>(image_, "image", 2);
        const ph_image_size size = {image.side(0), image.side(1)};
        ph_cascade_detector detector = {};
        detector.cascade = &table_;
        detector.min_size = min_size;
        detector.max_size = max_size;
        detector.scale = scale;
        detector.min_deviation = min_deviation;
        detector.min_neighbours = min_neighbours;
        detector.glance = glance ? &glance->table_ : nullptr;
        detector.glance_size = glance_size;
        detector.glance_scale = glance_scale;
        detector.away = away;
        detector.times = times;
        detector.capacity = first_capacity;
        std::vector<ph_hit> faces;
        ph_status status;
        {
            nb::gil_scoped_release release;
            do { // with more room, where not all windows fit
                std::vector<ph_hit> hits(static_cast<size_t>(detector.capacity));
                detector.scratch_bytes = ph_cascade_find_scratch_bytes(&detector, size);
                const auto scratch = scratch_of(detector.scratch_bytes);
                detector.scratch = scratch.get();
                detector.hits = hits.data();
                faces.resize(hits.size());
                int32_t count = 0;
                status = ph_cascade_find(&detector, size, image.data, detector.capacity, faces.data(), &count);
                faces.resize(static_cast<size_t>(count));
                detector.capacity += status == PH_OK ? detector.left_out : 0;
            } while (status == PH_OK && detector.left_out > 0);
        }
        if (status == PH_BAD_SHAPE) {
            refuse_width(size.width, min_size);
        }
        raise_unless_ok(status, "Cascade.find");
        return to_rows(faces);
    }

  private:
    template <typename T> static std::vector<T> copy(nb::handle object, const char *name, size_t axes) {
        const auto view = input<T>(object, name, axes);
        return std::vector<T>(view.data, view.data + view.size());
    }

    std::vector<uint16_t> stage_weak_;
    std::vector<int32_t> stage_threshold_;
    std::vector<int16_t> threshold_;
    std::vector<int16_t> leaf_;
    std::vector<uint8_t> rectangle_count_;
    std::vector<int8_t> rectangle_;
    std::vector<uint8_t> carried_;
    ph_cascade table_{};
};

} // namespace

void bind_cascade(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("integral_u8", &integral_u8, "image"_a, "sum"_a, "squares"_a,
          "Zero-bordered integral images of image [H,W] and of its squares, modulo 2**32, into [H+1,W+1] each.");
    m.def("group_hits", &group_hits, "hits"_a, "min_neighbours"_a,
          "Faces [M,5] out of hits [N,5] (x, y, side, neighbours, score), largest first.");
    m.def("cascade_regions", &cascade_regions, "hits"_a, "away"_a, "times"_a, "capacity"_a,
          "Regions [R,6] (left, right, top, bottom, min_side, max_side) near hits [N,5]; None where there are more.");
    nb::class_<Cascade>(m, "Cascade", "A cascade of boosted Haar features, its table checked.")
        .def(nb::init<nb::handle, nb::handle, nb::handle, nb::handle, nb::handle, nb::handle, nb::handle>(),
             "stage_weak"_a, "stage_threshold"_a, "threshold"_a, "leaf"_a, "rectangle_count"_a, "rectangle"_a,
             "carried"_a)
        .def("scratch_bytes", &Cascade::scratch_bytes, "height"_a, "width"_a, "min_size"_a, "max_size"_a, "scale"_a,
             "Memory that the kernel needs beside the frame and the hits.")
        .def("hits", &Cascade::hits, "image"_a, "min_size"_a, "max_size"_a, "scale"_a, "min_deviation"_a, "regions"_a,
             "Every window that passes: [N,5] int32 (x, y, side, 1, score). scale is Q16. regions: [R,6] int32, as of "
             "cascade_regions; none: the whole frame.")
        .def("find", &Cascade::find, "image"_a, "min_size"_a, "max_size"_a, "scale"_a, "min_deviation"_a,
             "min_neighbours"_a, "glance"_a.none(), "glance_size"_a, "glance_scale"_a, "away"_a, "times"_a,
             "Faces [M,5] (x, y, side, neighbours, score), largest first; ph_cascade_find.");
}

} // namespace peephole
