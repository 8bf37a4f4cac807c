/* The gallery's tables in RAM: rows, and the descriptors of each row together. Nothing here touches the flash. */
#ifndef PEEPHOLE_APP_GALLERY_TABLES_H
#define PEEPHOLE_APP_GALLERY_TABLES_H

#include "app/gallery.h"

/* The first id and the last; what comes after the last is the first again. */
#define PH_FIRST_ID 1u
#define PH_LAST_ID 65534u

static inline uint16_t ph_id_after(uint16_t id) {
    return (uint16_t)(id >= PH_LAST_ID ? PH_FIRST_ID : id + 1u);
}

/* Divides memory [ph_gallery_ram_bytes] among the tables. */
void ph_gallery_lay_out(ph_gallery *gallery, void *memory);

/* Nobody is known any more. */
void ph_gallery_clear(ph_gallery *gallery);

/* Where the descriptors of a row begin, and how many there are. */
int32_t ph_table_first(const ph_gallery_table *table, int32_t row);
int32_t ph_table_count(const ph_gallery_table *table, int32_t row);

/* Gives a row `count` descriptors, which are undefined; returns the index of the first. The table has room. */
int32_t ph_table_resize(ph_gallery_table *table, int32_t values, int32_t row, int32_t count);

/* Takes out a row with its descriptors; the rows behind it move up. */
void ph_gallery_take_person(ph_gallery *gallery, int32_t row);
void ph_gallery_take_stranger(ph_gallery *gallery, int32_t row);

#endif
