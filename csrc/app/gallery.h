/* Everything that the device remembers: people with their references, strangers with their looks, settings, keys.

   What is compared with faces lies in tables in RAM, which opening rebuilds from a log on flash (flash_log.h);
   thumbnails and settings lie on flash only. Every operation that changes something appends one record, then brings
   the tables up to date from that record, as opening does. So it is there whole or not at all after a cut of the power,
   and is there once it has returned PH_OK. Anything else than PH_OK means that nothing was changed; only after
   PH_FLASH_FAILED it may have been, as after a cut.

   Capacities are the caller's. What is full says PH_NO_ROOM and is never overwritten.

   People and strangers are told apart by id and number, 1 to 65,534, that grow and begin again after the last one,
   leaving out those in use. As owners of references (types.h) they go by their row in the table, which is small and
   without gaps, and changes when somebody before them goes: do not keep rows across operations.

   A record's worth of flash work may become a switch of the log's areas when the area in use is full; ph_gallery_tidy,
   called while nobody waits, does that beforehand. Removing and discarding always switch, and so erase what was
   removed. Times are int64 milliseconds of any origin. */
#ifndef PEEPHOLE_APP_GALLERY_H
#define PEEPHOLE_APP_GALLERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/flash_log.h"
#include "app/types.h"

PH_BEGIN_C

#define PH_NAME_BYTES 40 /* of a name in UTF-8, at most */
#define PH_KEY_BYTES 32

/* How much there is room for. */
typedef struct {
    int32_t values;          /* of a descriptor: 1 to 4,096 */
    int32_t people;          /* 1 to 1,024, as strangers */
    int32_t references;      /* of one person: 1 to 100, as looks */
    int32_t strangers;       /* open and ignored ones */
    int32_t looks;           /* of one stranger */
    int32_t thumbnail_bytes; /* of one stranger: 0 to 16,384 */
    int32_t slot_bytes;      /* of each slot below: PH_KEY_BYTES to 4,096 */
} ph_gallery_size;

/* 64 bytes */
typedef struct {
    int64_t created;
    int64_t last_seen; /* the end of the latest visit, PH_NEVER without one: for cool-down */
    uint32_t visits;
    uint16_t id;
    uint8_t references; /* that can be compared with */
    uint8_t name_bytes;
    char name[PH_NAME_BYTES]; /* [name_bytes] UTF-8, no final zero */
} ph_person;

/* A visit that is not over, as its owner was told of it: what is left of it after a cut of the power. */
typedef struct {
    uint32_t visit; /* the doorbell's number; never 0 */
    uint16_t person;
    uint16_t stranger; /* whom it is taken for; 0: nobody */
    int64_t first_seen;
    int64_t last_seen;
    uint64_t distance;
    uint64_t margin;
    int32_t sightings;
    uint8_t decision; /* ph_kind */
    uint8_t reason;   /* ph_reason */
} ph_open_visit;

#define PH_OPEN_VISITS 8 /* that are kept at the same time */

/* Where they lie in the log. */
typedef struct {
    uint32_t visit;
    uint32_t place;       /* of its record; 0: it is not kept */
    uint32_t looks;       /* of the record of its looks and picture; 0 without one */
    uint32_t looks_bytes; /* of that record's payload */
} ph_open_place;

/* Those who were assigned or discarded are forgotten, so that there is room for others; their numbers stay taken. */
typedef enum {
    PH_STRANGER_OPEN = 0,    /* waits for the owner's verdict */
    PH_STRANGER_IGNORED = 1, /* is recognised, silently */
} ph_stranger_state;

/* 32 bytes */
typedef struct {
    int64_t first_seen;
    int64_t last_seen;
    uint32_t visits;
    uint32_t thumbnail; /* the place of its record in the log; 0 without one */
    uint16_t number;
    uint8_t thumbnail_width;
    uint8_t thumbnail_height;
    uint8_t state; /* ph_stranger_state */
    uint8_t looks; /* that can be compared with */
} ph_stranger;

/* Where a reference came from. */
typedef enum { PH_SOURCE_PHOTO = 0, PH_SOURCE_VISIT = 1, PH_SOURCE_IMPORT = 2 } ph_source;

/* What is known of a descriptor beside its owner; 16 bytes. */
typedef struct {
    int64_t time;
    int16_t quality; /* 0 to 1000 */
    uint8_t source;  /* ph_source */
} ph_reference;

/* One table of descriptors, those of a row together and in the order of the rows. */
typedef struct {
    int32_t count;
    uint16_t *owner;         /* [count] row of the person or stranger */
    int16_t *descriptor;     /* [count, values] Q14 */
    ph_reference *reference; /* [count] */
} ph_gallery_table;

/* A small grey picture; grey == NULL stands for none. */
typedef struct {
    uint8_t width;
    uint8_t height;
    const uint8_t *grey; /* [height, width] */
} ph_thumbnail;

/* Small pieces of bytes with a version, each replaced as a whole, kept on flash only. */
typedef enum {
    PH_SLOT_SETTINGS = 0,
    PH_SLOT_KEY = 1,
    PH_SLOT_CALIBRATION = 2,
    PH_SLOT_SESSION = 3,
    PH_SLOTS = 4
} ph_slot;

typedef struct {
    ph_gallery_size size;
    uint32_t model; /* descriptors of another one are never compared with */
    ph_flash_log log;
    int32_t people_count;
    int32_t strangers_count;
    ph_person *people;       /* [people_count] in the order of adding */
    ph_stranger *strangers;  /* [strangers_count] in the order of adding */
    ph_gallery_table known;  /* of people */
    ph_gallery_table seen;   /* of strangers */
    uint32_t slot[PH_SLOTS]; /* the places of their records; 0 where nothing was written */
    uint16_t slot_bytes[PH_SLOTS];
    uint32_t visits;  /* of anybody, ever */
    uint32_t changes; /* counts up whenever the tables change, for whoever keeps something made from them */
    uint16_t next_id;
    uint16_t next_number;
    ph_open_place open[PH_OPEN_VISITS];
    uint8_t ending;               /* one more than the place in open of the visit that the next count of one ends; 0 */
    uint32_t foreign;             /* descriptors of another model or length, which the next switch forgets */
    uint32_t left_out;            /* rows or descriptors that a damaged removal left no room for */
    bool erase_due;               /* the log still holds what was removed, or a key that was replaced */
    bool restoring;               /* a backup is on its way in (gallery_restore.h): every other change says PH_BUSY */
    uint32_t kept_slot[PH_SLOTS]; /* while restoring: where the records of slots that stay were copied to */
    bool stale; /* the tables are empty, since the flash could not be read: every operation tries again */
} ph_gallery;

/* Bytes of RAM for the tables, as a constant for static memory and as a function that checks (0: out of range). */
#define PH_GALLERY_RAM_BYTES(values, people, references, strangers, looks)                                             \
    ((size_t)(people) * sizeof(ph_person) + (size_t)(strangers) * sizeof(ph_stranger) +                                \
     ((size_t)(people) * (size_t)(references) + (size_t)(strangers) * (size_t)(looks)) *                               \
         (sizeof(ph_reference) + 2 * (size_t)(values) + 2))
size_t ph_gallery_ram_bytes(const ph_gallery_size *size);

/* Bytes of one of the two areas of flash with which everything fits and a quarter is left to append to; at least, since
   areas are whole erase blocks. 0: out of range. */
uint32_t ph_gallery_flash_bytes(const ph_gallery_size *size, uint32_t program_unit);

/* Opens what the flash holds, or begins it. memory [ph_gallery_ram_bytes] is aligned to 8 and is kept, as is flash.
   model: of the descriptors; those of another model stay on flash until the next switch and count as foreign.
   PH_NO_ROOM when the flash holds more than there is room for, and PH_UNSUPPORTED when a newer version wrote it: it is
   left as it is. Records that were damaged are left out and counted (log.damaged). */
ph_status ph_gallery_open(ph_gallery *gallery, const ph_gallery_size *size, uint32_t model, void *memory, size_t bytes,
                          const ph_flash *flash);

/* What faces are compared with; good until the next operation. Owners are rows. */
ph_references ph_gallery_known(const ph_gallery *gallery);
ph_references ph_gallery_seen(const ph_gallery *gallery);

/* The row of an id or number; -1 when there is none. */
int32_t ph_gallery_person_row(const ph_gallery *gallery, uint32_t id);
int32_t ph_gallery_stranger_row(const ph_gallery *gallery, uint32_t number);

/* People. A name is 1 to 40 bytes of UTF-8 without control characters (PH_BAD_ARGUMENT) that nobody else has
   (PH_TAKEN). PH_NO_ROOM when there is no row, or not room for all of the looks; PH_UNKNOWN without such a person.
   looks->count may be 0; faults are not looked at. */
ph_status ph_gallery_add_person(ph_gallery *gallery, const char *name, size_t name_bytes, int64_t time,
                                const ph_looks *looks, ph_source source, uint16_t *id);
ph_status ph_gallery_add_references(ph_gallery *gallery, uint16_t id, const ph_looks *looks, ph_source source);
ph_status ph_gallery_rename(ph_gallery *gallery, uint16_t id, const char *name, size_t name_bytes);
ph_status ph_gallery_remove(ph_gallery *gallery, uint16_t id);

/* Who makes room for a new stranger when the list is full: nobody (PH_NO_ROOM), or the open one who was not seen for
   the longest time (PH_NO_ROOM when all are ignored). */
typedef enum { PH_WHEN_FULL_REFUSE, PH_WHEN_FULL_REPLACE_OLDEST } ph_when_full;

/* A new stranger with the best of the good looks (those without a fault), at most size.looks; PH_BAD_ARGUMENT without
   one. Counts one visit, from first_seen to last_seen. */
ph_status ph_gallery_add_stranger(ph_gallery *gallery, const ph_looks *looks, ph_thumbnail thumbnail,
                                  int64_t first_seen, int64_t last_seen, ph_when_full rule, uint16_t *number);

/* One more visit of a stranger: of the looks kept and the good new ones the best stay (of equals the new ones), and a
   thumbnail replaces the old one. */
ph_status ph_gallery_remember(ph_gallery *gallery, uint16_t number, const ph_looks *looks, ph_thumbnail thumbnail,
                              int64_t last_seen);

/* The owner's verdicts. assign makes a stranger's looks references of a person, the best first, as many as there is
   room for (added, may be NULL; PH_NO_ROOM if there is none for any); the stranger is gone and the visits are the
   person's. assign_new makes the person first, in the same record. discard forgets. */
ph_status ph_gallery_assign(ph_gallery *gallery, uint16_t number, uint16_t id, int32_t *added);
ph_status ph_gallery_assign_new(ph_gallery *gallery, uint16_t number, const char *name, size_t name_bytes, int64_t time,
                                uint16_t *id);
ph_status ph_gallery_ignore(ph_gallery *gallery, uint16_t number);
ph_status ph_gallery_discard(ph_gallery *gallery, uint16_t number);

/* Counts a visit of a person, a stranger (without new looks) or anybody (both 0), and when it ended. One of them is 0.
 */
ph_status ph_gallery_note_visit(ph_gallery *gallery, uint16_t id, uint16_t number, int64_t last_seen);

/* Visits under way. keep replaces what was kept of the same visit. Its good looks, at most size.looks, and its
   thumbnail are written once, the first time that they are given (looks may be NULL). PH_NO_ROOM when so many others
   are kept. */
ph_status ph_gallery_keep_visit(ph_gallery *gallery, const ph_open_visit *visit, const ph_looks *looks,
                                ph_thumbnail thumbnail);

/* Whether anything is kept of a visit. */
bool ph_gallery_keeps_visit(const ph_gallery *gallery, uint32_t visit);

/* The visit kept at an index, 0 to PH_OPEN_VISITS - 1. PH_UNKNOWN where there is none, PH_DAMAGED when it is lost. */
ph_status ph_gallery_open_visit(const ph_gallery *gallery, int32_t index, ph_open_visit *visit);

/* Its looks, at most looks->capacity, and its thumbnail into grey [capacity]; width is 0 where there is none, or it
   does not fit. PH_UNKNOWN without looks, PH_DAMAGED when they are lost. */
ph_status ph_gallery_open_looks(const ph_gallery *gallery, int32_t index, ph_looks *looks, uint8_t *grey,
                                size_t capacity, uint8_t *width, uint8_t *height);

/* The visits counted from here on (add_stranger, remember, note_visit) are the end of this one: what is kept of it goes
   with the same record. 0: of none. */
void ph_gallery_end_visit(ph_gallery *gallery, uint32_t visit);

/* A stranger's thumbnail. PH_UNKNOWN without one, PH_BAD_SHAPE when it does not fit, PH_DAMAGED when it is lost. */
ph_status ph_gallery_thumbnail(const ph_gallery *gallery, uint16_t number, uint8_t *grey, size_t capacity,
                               uint8_t *width, uint8_t *height);

/* Slots. bytes: 1 to size.slot_bytes. PH_UNKNOWN where nothing was written, PH_BAD_SHAPE when it does not fit,
   PH_DAMAGED when it is lost. */
ph_status ph_gallery_write_slot(ph_gallery *gallery, ph_slot slot, uint16_t version, const void *from, size_t bytes);
ph_status ph_gallery_read_slot(const ph_gallery *gallery, ph_slot slot, uint16_t *version, void *to, size_t capacity,
                               size_t *bytes);

/* Writes all of it anew into the other area and erases what is no longer used. */
ph_status ph_gallery_switch(ph_gallery *gallery);

/* The same if it will be needed soon: less than a quarter of the area is left, something removed is to
   be erased, or the area's header is half lost. */
ph_status ph_gallery_tidy(ph_gallery *gallery);

/* Forgets everything, slots too: as it was when new. */
ph_status ph_gallery_forget_all(ph_gallery *gallery);

PH_END_C

#endif
