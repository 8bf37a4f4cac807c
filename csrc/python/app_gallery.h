// The memory that survives, over a flash in RAM whose power can be cut; of the gallery and of the owner's line.
#pragma once

#include "border.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "app/gallery.h"
#include "tests/flash_memory.h"

namespace peephole {

constexpr uint32_t largest_flash_area = 1 << 20;

inline nb::bytes to_bytes(const void *from, size_t count) {
    return nb::bytes(static_cast<const char *>(from), count);
}

class FlashMemory {
  public:
    FlashMemory(uint32_t area_bytes, uint32_t program_unit, uint32_t seed) : bytes_(2 * size_t(area_bytes)) {
        if (area_bytes > largest_flash_area) {
            refuse("an area of a flash memory has at most 1,048,576 bytes");
        }
        flash_memory_begin(&memory_, bytes_.data(), area_bytes, program_unit);
        memory_.random ^= seed;
    }
    FlashMemory(const FlashMemory &) = delete;
    FlashMemory &operator=(const FlashMemory &) = delete;

    void cut_after(int64_t budget) {
        memory_.budget = budget;
    }
    bool powered() const {
        return memory_.powered;
    }
    void power_up() {
        memory_.powered = true;
        memory_.budget = -1;
    }
    void flip(size_t bit) {
        if (bit / 8 >= bytes_.size()) {
            refuse("the flash memory has fewer bits");
        }
        bytes_[bit / 8] ^= uint8_t(1 << bit % 8);
    }
    nb::bytes content() const {
        return to_bytes(bytes_.data(), bytes_.size());
    }
    std::vector<uint32_t> erases() const {
        return {memory_.erases[0], memory_.erases[1]};
    }
    uint32_t offences() const {
        return memory_.offences;
    }
    const ph_flash *flash() const {
        return &memory_.flash;
    }

  private:
    std::vector<uint8_t> bytes_;
    flash_memory memory_;
};

// Looks at a face as columns: int64 [n], int32 [n], uint8 [n], int16 [n, values].
struct GalleryLooks {
    std::vector<ph_look> rows;
    View<const int16_t> descriptors;
    ph_looks looks;

    GalleryLooks(nb::handle times_, nb::handle values_, nb::handle good_, nb::handle descriptors_)
        : descriptors(input<int16_t>(descriptors_, "descriptors", 2)) {
        const auto times = input<int64_t>(times_, "times", 1);
        const auto values = input<int32_t>(values_, "values", 1);
        const auto good = input<uint8_t>(good_, "good", 1);
        expect_shape(values, "values", times.shape);
        expect_shape(good, "good", times.shape);
        expect_shape(descriptors, "descriptors", {times.shape[0], descriptors.shape[1]});
        rows.resize(static_cast<size_t>(times.shape[0]));
        for (size_t i = 0; i < rows.size(); i++) {
            rows[i].time = times.data[i];
            rows[i].quality.value = values.data[i];
            rows[i].quality.fault = good.data[i] ? PH_FAULT_NONE : PH_FAULT_BLURRED;
        }
        const auto count = static_cast<int32_t>(rows.size());
        looks = {descriptors.side(1), count, count, rows.data(), const_cast<int16_t *>(descriptors.data)};
    }
};

// Every operation returns the number of its ph_status; those that make an id or number return that beside it.
class Gallery {
  public:
    Gallery(nb::object memory, const std::vector<int32_t> &size, uint32_t model)
        : owner_(memory), memory_(nb::cast<FlashMemory &>(memory)), model_(model) {
        if (size.size() != 7) {
            refuse("size must be values, people, references, strangers, looks, thumbnail bytes and slot bytes");
        }
        size_ = {size[0], size[1], size[2], size[3], size[4], size[5], size[6]};
        const size_t bytes = ph_gallery_ram_bytes(&size_);
        if (bytes == 0) {
            refuse("size is out of range");
        }
        ram_.resize((bytes + 7) / 8);
    }
    Gallery(const Gallery &) = delete;
    Gallery &operator=(const Gallery &) = delete;

    int32_t open() {
        opened_ = true;
        return ph_gallery_open(&gallery_, &size_, model_, ram_.data(), ram_.size() * 8, memory_.flash());
    }
    nb::tuple add_person(const std::string &name, int64_t time, const GalleryLooks &looks, int32_t source) {
        uint16_t id = 0;
        const auto status = ph_gallery_add_person(get(), name.data(), name.size(), time, &looks.looks,
                                                  static_cast<ph_source>(source), &id);
        return nb::make_tuple(int32_t(status), id);
    }
    int32_t add_references(uint16_t id, const GalleryLooks &looks, int32_t source) {
        return ph_gallery_add_references(get(), id, &looks.looks, static_cast<ph_source>(source));
    }
    int32_t rename(uint16_t id, const std::string &name) {
        return ph_gallery_rename(get(), id, name.data(), name.size());
    }
    int32_t remove(uint16_t id) {
        return ph_gallery_remove(get(), id);
    }
    nb::tuple add_stranger(const GalleryLooks &looks, nb::handle thumbnail, int64_t first_seen, int64_t last_seen,
                           bool replace) {
        const auto rule = replace ? PH_WHEN_FULL_REPLACE_OLDEST : PH_WHEN_FULL_REFUSE;
        uint16_t number = 0;
        const auto status =
            ph_gallery_add_stranger(get(), &looks.looks, picture(thumbnail), first_seen, last_seen, rule, &number);
        return nb::make_tuple(int32_t(status), number);
    }
    int32_t remember(uint16_t number, const GalleryLooks &looks, nb::handle thumbnail, int64_t last_seen) {
        return ph_gallery_remember(get(), number, &looks.looks, picture(thumbnail), last_seen);
    }
    nb::tuple assign(uint16_t number, uint16_t id) {
        int32_t added = 0;
        const auto status = ph_gallery_assign(get(), number, id, &added);
        return nb::make_tuple(int32_t(status), added);
    }
    nb::tuple assign_new(uint16_t number, const std::string &name, int64_t time) {
        uint16_t id = 0;
        const auto status = ph_gallery_assign_new(get(), number, name.data(), name.size(), time, &id);
        return nb::make_tuple(int32_t(status), id);
    }
    int32_t ignore(uint16_t number) {
        return ph_gallery_ignore(get(), number);
    }
    int32_t discard(uint16_t number) {
        return ph_gallery_discard(get(), number);
    }
    int32_t note_visit(uint16_t id, uint16_t number, int64_t last_seen) {
        return ph_gallery_note_visit(get(), id, number, last_seen);
    }
    int32_t write_slot(int32_t slot, uint16_t version, nb::bytes content) {
        return ph_gallery_write_slot(get(), static_cast<ph_slot>(slot), version, content.data(), content.size());
    }
    int32_t switch_areas() {
        return ph_gallery_switch(get());
    }
    int32_t tidy() {
        return ph_gallery_tidy(get());
    }
    int32_t forget_all() {
        return ph_gallery_forget_all(get());
    }

    nb::list people() {
        nb::list rows;
        for (int32_t row = 0; row < get()->people_count; row++) {
            const ph_person &person = gallery_.people[row];
            rows.append(nb::make_tuple(person.id, nb::str(person.name, person.name_bytes), person.created,
                                       person.last_seen, person.visits, references(gallery_.known, row)));
        }
        return rows;
    }
    nb::list strangers() {
        nb::list rows;
        for (int32_t row = 0; row < get()->strangers_count; row++) {
            const ph_stranger &stranger = gallery_.strangers[row];
            std::vector<uint8_t> grey(size_t(stranger.thumbnail_width) * stranger.thumbnail_height);
            uint8_t width, height;
            nb::object thumbnail = nb::none();
            if (ph_gallery_thumbnail(&gallery_, stranger.number, grey.data(), grey.size(), &width, &height) == PH_OK) {
                thumbnail = to_bytes(grey.data(), grey.size());
            }
            rows.append(nb::make_tuple(stranger.number, int32_t(stranger.state), stranger.first_seen,
                                       stranger.last_seen, stranger.visits, references(gallery_.seen, row), thumbnail));
        }
        return rows;
    }
    nb::dict slots() {
        nb::dict rows;
        std::vector<uint8_t> content(static_cast<size_t>(size_.slot_bytes));
        for (int32_t slot = 0; slot < PH_SLOTS; slot++) {
            uint16_t version;
            size_t count;
            if (ph_gallery_read_slot(get(), static_cast<ph_slot>(slot), &version, content.data(), content.size(),
                                     &count) == PH_OK) {
                rows[nb::int_(slot)] = nb::make_tuple(version, to_bytes(content.data(), count));
            }
        }
        return rows;
    }
    nb::dict counts() {
        nb::dict counts;
        counts["visits"] = get()->visits;
        counts["damaged"] = gallery_.log.damaged;
        counts["torn"] = gallery_.log.torn;
        counts["foreign"] = gallery_.foreign;
        counts["left_out"] = gallery_.left_out;
        counts["position"] = gallery_.log.position;
        counts["generation"] = gallery_.log.generation;
        return counts;
    }

    // Before it is opened it holds nothing that could be asked for.
    ph_gallery *get() {
        if (!opened_) {
            refuse("the gallery must be opened first");
        }
        return &gallery_;
    }

  private:
    nb::list references(const ph_gallery_table &table, int32_t row) const {
        nb::list rows;
        const size_t values = static_cast<size_t>(size_.values);
        for (int32_t i = 0; i < table.count; i++) {
            if (table.owner[i] == row) {
                rows.append(nb::make_tuple(table.reference[i].time, table.reference[i].quality,
                                           int32_t(table.reference[i].source),
                                           to_bytes(table.descriptor + size_t(i) * values, 2 * values)));
            }
        }
        return rows;
    }
    ph_thumbnail picture(nb::handle thumbnail) {
        if (thumbnail.is_none()) {
            return {0, 0, nullptr};
        }
        view_ = std::make_unique<View<const uint8_t>>(input<uint8_t>(thumbnail, "thumbnail", 2));
        if (view_->side(0) > 255 || view_->side(1) > 255) {
            refuse("a thumbnail has at most 255 x 255 pixels");
        }
        return {uint8_t(view_->side(1)), uint8_t(view_->side(0)), view_->data};
    }

    nb::object owner_;
    FlashMemory &memory_;
    std::unique_ptr<View<const uint8_t>> view_; // of the thumbnail in use
    ph_gallery_size size_;
    uint32_t model_;
    bool opened_ = false;
    std::vector<uint64_t> ram_;
    ph_gallery gallery_ = {};
};

} // namespace peephole
