/* Records that outlive a cut of the power at any moment: an append-only log over two areas of NOR flash.

   One area is in use; new records are appended to it. When it is full its owner writes what still counts into the
   other area (a switch), whose header comes last: up to that moment the old area counts, from then on the new one, and
   the old one is erased. So the areas take turns, and each is erased about once a switch.

   An area: two copies of its header (32 bytes each), then records, each aligned to 16 bytes or to the program unit,
   whichever is larger:
     header  16 bytes: magic (2), type (1), version (1), bytes of the payload (4), sequence number (4), CRC-32 (4)
     payload
     CRC-32 of the payload (4), padding up to a program unit
     padding, and in a program unit of its own, which ends the record, the commit mark (4)
   Numbers are little-endian. Both CRCs begin with the area's generation and the record's place, so that neither bytes
   left by an erase that was cut nor a record copied into another's payload are ever taken for a record.

   A record counts once its mark is there and both CRCs are right. What was being written when the power went is
   skipped, and never written over. No program unit is programmed twice between two erases,
   but for the mark of a record that cannot be read back: it is overwritten with zeros.

   Memory: the struct alone, nothing proportional to the log. */
#ifndef PEEPHOLE_APP_FLASH_LOG_H
#define PEEPHOLE_APP_FLASH_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* The flash as its driver offers it. Offsets count from the first area; the second begins at area_bytes. Each function
   returns PH_OK, or anything else when it failed; read may return PH_DAMAGED for bytes that are lost for good, which
   costs no more than the record that they are of. */
typedef struct {
    void *context; /* given to the functions */
    ph_status (*read)(void *context, uint32_t offset, void *to, uint32_t bytes);
    /* Turns ones into zeros. offset and bytes are multiples of program_unit; the driver splits at its pages. */
    ph_status (*program)(void *context, uint32_t offset, const void *from, uint32_t bytes);
    /* Turns every bit of an area (0 or 1), of all its erase blocks, into a one. */
    ph_status (*erase)(void *context, uint32_t area);
    uint32_t area_bytes;   /* of each of the two: whole erase blocks */
    uint32_t program_unit; /* what is programmed at once and only once: a power of two, at most PH_FLASH_UNIT_MAX */
} ph_flash;

#define PH_FLASH_UNIT_MAX 32
#define PH_FLASH_LOG_START 64 /* where the first record of an area begins */

/* Where a record lies. Offsets hold until the next switch. */
typedef struct {
    uint32_t offset; /* of its payload, for ph_flash_log_read */
    uint32_t bytes;  /* of its payload */
    uint32_t sequence;
    uint8_t type;
} ph_flash_record;

typedef struct {
    const ph_flash *flash;
    uint32_t area;          /* that records are appended to */
    uint32_t generation;    /* of that area: one more with every switch */
    uint32_t position;      /* in that area: where the next record will begin */
    uint32_t sequence;      /* of the next record */
    uint32_t damaged;       /* committed records that were found changed and are lost, since the log was begun */
    uint32_t damaged_here;  /* those of the area in use */
    uint32_t torn;          /* records of the area in use that were never finished */
    ph_flash_record latest; /* the last one that was committed */
    bool begun;             /* open found no log at all and began one */
    bool frail;             /* one of the two headers of the area in use is lost: time to switch */
    bool other_erased;      /* the other area was erased since the log was opened */
    bool switching;         /* between begin_switch and end_switch */
    ph_status writing;      /* the first failure of the record being written */
    uint8_t unit[PH_FLASH_UNIT_MAX]; /* of the record being written: bytes that do not fill a program unit yet */
    uint32_t unit_bytes;
    uint32_t start, place, left, crc; /* of that record: where it starts, where it goes on, what is to come */
    struct {
        uint32_t area, generation, position, sequence, damaged_here;
    } before; /* while switching: what stays in use if nothing comes of it */
} ph_flash_log;

/* Opens the log, or begins one where there is none; finishes the erasing of an area that is out of use. flash is kept.
   PH_BAD_ARGUMENT for sizes of flash that cannot be used; PH_UNSUPPORTED for a log of a newer version, which is left
   as it is. O(bytes of both areas). */
ph_status ph_flash_log_open(ph_flash_log *log, const ph_flash *flash);

/* The next record that counts, in the order of appending. cursor: 0 to begin with, then what the call before left
   there. PH_END behind the last one. */
ph_status ph_flash_log_next(const ph_flash_log *log, uint32_t *cursor, ph_flash_record *record);

/* Reads `bytes` bytes from `within` on of a record's payload. PH_BAD_ARGUMENT when it is shorter. */
ph_status ph_flash_log_read(const ph_flash_log *log, const ph_flash_record *record, uint32_t within, void *to,
                            uint32_t bytes);

/* The record whose payload lies at an offset. PH_DAMAGED unless it is as it was written. */
ph_status ph_flash_log_at(const ph_flash_log *log, uint32_t offset, ph_flash_record *record);

/* What a record of that payload takes of an area; 0 for one that no area can hold. */
uint32_t ph_flash_log_span(const ph_flash *flash, uint32_t bytes);

/* What is left of the area in use. */
uint32_t ph_flash_log_free(const ph_flash_log *log);

/* Appending: begin, then write as often as it takes to give all `bytes` bytes, then commit. begin returns PH_NO_ROOM,
   with nothing written, when the area has no room. The first failure of write is kept, and told by commit. When commit
   returns PH_OK the record was read back and will be there after any cut; after anything else it never will be. */
ph_status ph_flash_log_begin(ph_flash_log *log, uint8_t type, uint32_t bytes);
void ph_flash_log_write(ph_flash_log *log, const void *from, uint32_t bytes);
ph_status ph_flash_log_commit(ph_flash_log *log);

/* All three at once. */
ph_status ph_flash_log_append(ph_flash_log *log, uint8_t type, const void *from, uint32_t bytes);

/* Switching: begin erases the other area, and records are appended there; records of the area in use can still be read
   by their offsets. end makes the new area the one in use and erases the old one. cancel, which may be called at any
   time before end, and a cut leave the old one in use. */
ph_status ph_flash_log_begin_switch(ph_flash_log *log);
ph_status ph_flash_log_end_switch(ph_flash_log *log);
void ph_flash_log_cancel_switch(ph_flash_log *log);

PH_END_C

#endif
