#include "app/gallery_tables.h"

#include <string.h>

static bool within(int32_t number, int32_t low, int32_t high) {
    return number >= low && number <= high;
}

static bool usable(const ph_gallery_size *size) {
    return within(size->values, 1, 4096) && within(size->people, 1, 1024) && within(size->references, 1, 100) &&
           within(size->strangers, 1, 1024) && within(size->looks, 1, 100) && within(size->thumbnail_bytes, 0, 16384) &&
           within(size->slot_bytes, PH_KEY_BYTES, 4096);
}

size_t ph_gallery_ram_bytes(const ph_gallery_size *size) {
    return usable(size)
               ? PH_GALLERY_RAM_BYTES(size->values, size->people, size->references, size->strangers, size->looks)
               : 0;
}

void ph_gallery_lay_out(ph_gallery *gallery, void *memory) {
    const ph_gallery_size *size = &gallery->size;
    const size_t known = (size_t)size->people * (size_t)size->references;
    const size_t seen = (size_t)size->strangers * (size_t)size->looks;
    /* In the order of their alignment: 8, 8, 8, 8, 2, 2, 2, 2. */
    gallery->people = memory;
    gallery->strangers = (ph_stranger *)(gallery->people + size->people);
    gallery->known.reference = (ph_reference *)(gallery->strangers + size->strangers);
    gallery->seen.reference = gallery->known.reference + known;
    gallery->known.descriptor = (int16_t *)(gallery->seen.reference + seen);
    gallery->seen.descriptor = gallery->known.descriptor + known * (size_t)size->values;
    gallery->known.owner = (uint16_t *)(gallery->seen.descriptor + seen * (size_t)size->values);
    gallery->seen.owner = gallery->known.owner + known;
}

void ph_gallery_clear(ph_gallery *gallery) {
    gallery->people_count = gallery->strangers_count = 0;
    gallery->known.count = gallery->seen.count = 0;
    memset(gallery->slot, 0, sizeof gallery->slot);
    memset(gallery->slot_bytes, 0, sizeof gallery->slot_bytes);
    memset(gallery->open, 0, sizeof gallery->open);
    gallery->visits = gallery->foreign = gallery->left_out = 0;
    gallery->next_id = gallery->next_number = PH_FIRST_ID;
    gallery->erase_due = false;
    gallery->changes++;
}

int32_t ph_gallery_person_row(const ph_gallery *gallery, uint32_t id) {
    int32_t row = gallery->people_count - 1;
    while (row >= 0 && gallery->people[row].id != id) {
        row--;
    }
    return row;
}

int32_t ph_gallery_stranger_row(const ph_gallery *gallery, uint32_t number) {
    int32_t row = gallery->strangers_count - 1;
    while (row >= 0 && gallery->strangers[row].number != number) {
        row--;
    }
    return row;
}

static ph_references view(const ph_gallery *gallery, const ph_gallery_table *table) {
    return (ph_references){gallery->size.values, table->count, table->owner, table->descriptor};
}

ph_references ph_gallery_known(const ph_gallery *gallery) {
    return view(gallery, &gallery->known);
}

ph_references ph_gallery_seen(const ph_gallery *gallery) {
    return view(gallery, &gallery->seen);
}

int32_t ph_table_first(const ph_gallery_table *table, int32_t row) {
    int32_t first = 0, end = table->count; /* owners are in order */
    while (first < end) {
        const int32_t middle = first + (end - first) / 2;
        if (table->owner[middle] < row) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

int32_t ph_table_count(const ph_gallery_table *table, int32_t row) {
    return ph_table_first(table, row + 1) - ph_table_first(table, row);
}

int32_t ph_table_resize(ph_gallery_table *table, int32_t values, int32_t row, int32_t count) {
    const int32_t first = ph_table_first(table, row), end = ph_table_first(table, row + 1), to = first + count;
    const size_t behind = (size_t)(table->count - end), width = (size_t)values;
    memmove(table->owner + to, table->owner + end, behind * sizeof *table->owner);
    memmove(table->reference + to, table->reference + end, behind * sizeof *table->reference);
    memmove(table->descriptor + (size_t)to * width, table->descriptor + (size_t)end * width,
            behind * width * sizeof *table->descriptor);
    table->count += to - end;
    for (int32_t i = first; i < to; i++) {
        table->owner[i] = (uint16_t)row;
    }
    return first;
}

static void take_row(ph_gallery_table *table, int32_t values, int32_t row) {
    for (int32_t i = ph_table_resize(table, values, row, 0); i < table->count; i++) {
        table->owner[i]--;
    }
}

void ph_gallery_take_person(ph_gallery *gallery, int32_t row) {
    take_row(&gallery->known, gallery->size.values, row);
    gallery->people_count--;
    memmove(gallery->people + row, gallery->people + row + 1,
            (size_t)(gallery->people_count - row) * sizeof *gallery->people);
}

void ph_gallery_take_stranger(ph_gallery *gallery, int32_t row) {
    take_row(&gallery->seen, gallery->size.values, row);
    gallery->strangers_count--;
    memmove(gallery->strangers + row, gallery->strangers + row + 1,
            (size_t)(gallery->strangers_count - row) * sizeof *gallery->strangers);
}
