/* The gallery's records: how they are written, and what they do to the tables. Numbers are little-endian.

   A person's or stranger's record tells how things are from then on, not what has changed: one that is lost to damage
   takes nothing else with it. Fields in their order:

     PERSON     id u16, stranger u16 (who became this person and is gone; 0), visits u32, created i64, last_seen i64,
                model u32, values u16, references u16 (KEPT: as they are), name_bytes u8, 3 zeros, name 40 bytes; then
                the references
     STRANGER   number u16, replaces u16 (who is gone; 0), visits u32, first_seen i64, last_seen i64, model u32,
                values u16, looks u16 (KEPT: as they are), visits of anybody u32, state u8, width u8, height u8 of the
                thumbnail (0: as it is), ends u8; then the looks, then the thumbnail
     reference  time i64, quality i16, source u8, a zero, descriptor i16 [values]; also a stranger's look
     VISIT      id u16 or 0, number u16 or 0, visits of anybody u32, visits of this one u32, last_seen i64, ends u8,
                3 zeros
     REMOVED    id u16; DISCARDED: number u16
     SLOT       version u16, slot u8, a zero, then the bytes
     COUNTERS   next id u16, next number u16, visits of anybody u32
     OPEN       a visit under way: index u8, decision u8, reason u8, a zero, visit u32, id u16, number u16, sightings
                i32, first_seen i64, last_seen i64, distance u64, margin u64
     LOOKS      what it was seen by: index u8, width u8, height u8, a zero, visit u32, model u32, values u16, looks u16;
                then the looks, then the thumbnail

   ends: one more than the index of the visit under way that is over with this record; 0 for none. */
#ifndef PEEPHOLE_APP_GALLERY_RECORDS_H
#define PEEPHOLE_APP_GALLERY_RECORDS_H

#include "app/gallery.h"

enum {
    PH_RECORD_PERSON = 1,
    PH_RECORD_STRANGER = 2,
    PH_RECORD_VISIT = 3,
    PH_RECORD_REMOVED = 4,
    PH_RECORD_DISCARDED = 5,
    PH_RECORD_SLOT = 6,
    PH_RECORD_COUNTERS = 7,
    PH_RECORD_OPEN = 8,
    PH_RECORD_LOOKS = 9,
};

/* Bytes of the fields; references, looks, thumbnails and what is in a slot come on top. */
enum {
    PH_PERSON_BYTES = 76,
    PH_STRANGER_BYTES = 40,
    PH_REFERENCE_BYTES = 12, /* and 2 a value */
    PH_VISIT_BYTES = 24,
    PH_OLD_VISIT_BYTES = 20, /* without ends */
    PH_GONE_BYTES = 2,
    PH_SLOT_BYTES = 4,
    PH_COUNTERS_BYTES = 8,
    PH_OPEN_BYTES = 48,
    PH_LOOKS_BYTES = 16,
};

/* In the place of a number of references: no word of them. */
#define PH_KEPT 0xffffu

/* Descriptors to be written: those of a row of a table, then looks; of all of them the best `best`. */
typedef struct {
    const ph_gallery_table *table; /* NULL: none */
    int32_t row;
    const ph_looks *looks; /* NULL: none */
    ph_source source;      /* of the looks */
    bool good;             /* only looks without a fault */
    int32_t best;          /* at most so many: by quality, of equals the later ones */
} ph_choice;

/* How many it comes to. O(n^2) in the candidates, which are few. */
int32_t ph_choice_count(const ph_choice *choice);

/* Writing one record each. stays and more: the references of a person, in this order, both NULL to keep those there
   are. The record begins only if the log has room; the gallery's tables are not touched. */
ph_status ph_write_person(ph_gallery *gallery, const ph_person *person, uint16_t stranger, const ph_choice *stays,
                          const ph_choice *more);
ph_status ph_write_stranger(ph_gallery *gallery, const ph_stranger *stranger, uint16_t replaces, const ph_choice *looks,
                            ph_thumbnail thumbnail, uint32_t visits);
ph_status ph_write_visit(ph_gallery *gallery, uint16_t id, uint16_t number, uint32_t visits, int64_t last_seen);
ph_status ph_write_gone(ph_gallery *gallery, uint8_t type, uint16_t id);
ph_status ph_write_slot(ph_gallery *gallery, ph_slot slot, uint16_t version, const void *from, uint32_t bytes);
ph_status ph_write_open(ph_gallery *gallery, int32_t index, const ph_open_visit *visit);
ph_status ph_write_looks(ph_gallery *gallery, int32_t index, uint32_t visit, const ph_choice *looks,
                         ph_thumbnail thumbnail);

/* Writes into the area that the log switches to what has to be there when only the tables are known; thumbnails and
   slots are copied, and left out and counted as damaged if they are. */
ph_status ph_write_all(ph_gallery *gallery);

/* Copies what is in a slot that was written to the area that the log switches to; left out, and counted as damaged, if
   it is. */
ph_status ph_copy_slot(ph_gallery *gallery, ph_slot slot);

/* What ph_write_all takes of an area, with its header; and what of that is visits under way. */
uint32_t ph_gallery_live_bytes(const ph_gallery *gallery);
uint32_t ph_gallery_open_bytes(const ph_gallery *gallery);

/* Brings the tables up to date. PH_NO_ROOM when they are full, PH_UNSUPPORTED for a record of no known form. */
ph_status ph_apply_record(ph_gallery *gallery, const ph_flash_record *record);

/* Empties the tables and applies every record. Where it fails they are empty, and the gallery is stale. */
ph_status ph_gallery_load(ph_gallery *gallery);

#endif
