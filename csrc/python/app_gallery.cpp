// Python's view of the memory that survives. For tests alone.
#include "app_gallery.h"
#include "bind.h"

#include "app/crc32.h"

namespace peephole {
namespace {

uint32_t crc32(nb::bytes content) {
    return ph_crc32(0, content.data(), content.size());
}

uint32_t gallery_flash_bytes(const std::vector<int32_t> &size, uint32_t program_unit) {
    const ph_gallery_size sizes = {size.at(0), size.at(1), size.at(2), size.at(3), size.at(4), size.at(5), size.at(6)};
    return ph_gallery_flash_bytes(&sizes, program_unit);
}

uint32_t gallery_ram_bytes(const std::vector<int32_t> &size) {
    const ph_gallery_size sizes = {size.at(0), size.at(1), size.at(2), size.at(3), size.at(4), size.at(5), size.at(6)};
    return static_cast<uint32_t>(ph_gallery_ram_bytes(&sizes));
}

} // namespace

void bind_app_gallery(nb::module_ &m) {
    using nb::literals::operator""_a;
    m.def("crc32", &crc32, "content"_a, "The CRC-32 of bytes (IEEE 802.3).");
    m.def("gallery_flash_bytes", &gallery_flash_bytes, "size"_a, "program_unit"_a,
          "Bytes of one of the two areas of flash that a gallery needs; 0 for a size out of range.");
    m.def("gallery_ram_bytes", &gallery_ram_bytes, "size"_a,
          "Bytes of RAM that a gallery's tables take; 0 for a size out of range.");
    nb::class_<FlashMemory>(m, "FlashMemory", "Two areas of flash in RAM; see csrc/tests/flash_memory.h.")
        .def(nb::init<uint32_t, uint32_t, uint32_t>(), "area_bytes"_a, "program_unit"_a, "seed"_a)
        .def("cut_after", &FlashMemory::cut_after, "budget"_a)
        .def("powered", &FlashMemory::powered)
        .def("power_up", &FlashMemory::power_up)
        .def("flip", &FlashMemory::flip, "bit"_a)
        .def("content", &FlashMemory::content)
        .def("erases", &FlashMemory::erases)
        .def("offences", &FlashMemory::offences);
    nb::class_<GalleryLooks>(m, "GalleryLooks", "Looks at a face, as columns.")
        .def(nb::init<nb::handle, nb::handle, nb::handle, nb::handle>(), "times"_a, "values"_a, "good"_a,
             "descriptors"_a);
    nb::class_<Gallery>(m, "Gallery", "What the device remembers; see csrc/app/gallery.h.")
        .def(nb::init<nb::object, const std::vector<int32_t> &, uint32_t>(), "memory"_a, "size"_a, "model"_a)
        .def("open", &Gallery::open)
        .def("add_person", &Gallery::add_person, "name"_a, "time"_a, "looks"_a, "source"_a)
        .def("add_references", &Gallery::add_references, "id"_a, "looks"_a, "source"_a)
        .def("rename", &Gallery::rename, "id"_a, "name"_a)
        .def("remove", &Gallery::remove, "id"_a)
        .def("add_stranger", &Gallery::add_stranger, "looks"_a, "thumbnail"_a.none(), "first_seen"_a, "last_seen"_a,
             "replace"_a)
        .def("remember", &Gallery::remember, "number"_a, "looks"_a, "thumbnail"_a.none(), "last_seen"_a)
        .def("assign", &Gallery::assign, "number"_a, "id"_a)
        .def("assign_new", &Gallery::assign_new, "number"_a, "name"_a, "time"_a)
        .def("ignore", &Gallery::ignore, "number"_a)
        .def("discard", &Gallery::discard, "number"_a)
        .def("note_visit", &Gallery::note_visit, "id"_a, "number"_a, "last_seen"_a)
        .def("write_slot", &Gallery::write_slot, "slot"_a, "version"_a, "content"_a)
        .def("switch_areas", &Gallery::switch_areas)
        .def("tidy", &Gallery::tidy)
        .def("forget_all", &Gallery::forget_all)
        .def("people", &Gallery::people)
        .def("strangers", &Gallery::strangers)
        .def("slots", &Gallery::slots)
        .def("counts", &Gallery::counts);
}

} // namespace peephole
