/* Everything that the gallery holds, as records for a backup, and back: all of it or nothing. Records are as
   gallery_records.h says; keys and the like never leave the device and are not replaced. */
#ifndef PEEPHOLE_APP_GALLERY_RESTORE_H
#define PEEPHOLE_APP_GALLERY_RESTORE_H

#include "app/gallery.h"

PH_BEGIN_C

/* Whether a slot stays on the device. */
static inline bool ph_slot_stays(uint32_t slot) {
    return slot == PH_SLOT_KEY || slot == PH_SLOT_SESSION;
}

/* The next record of a backup, from a place of the log on: 0 to begin with, then what `cursor` was left at. PH_END
   behind the last one. Places are good until the log's generation changes. */
ph_status ph_gallery_next_backed_up(const ph_gallery *gallery, uint32_t *cursor, ph_flash_record *record);

/* Restoring: begin, then each record (begin_record, write until all of its bytes are there), then end. From begin to
   end or cancel everything else that would change the gallery says PH_BUSY, while faces are still compared with what
   there was. Only end changes anything, if every record is sound; a cut or cancel leaves the gallery as it was.
   end: PH_NO_ROOM when there is more than there is room for, PH_DAMAGED when it is not a gallery of this model. */
ph_status ph_gallery_begin_restore(ph_gallery *gallery);
ph_status ph_gallery_begin_record(ph_gallery *gallery, uint8_t type, uint32_t bytes);
ph_status ph_gallery_write_record(ph_gallery *gallery, const uint8_t *from,
                                  uint32_t bytes); /* commits behind the last */
ph_status ph_gallery_end_restore(ph_gallery *gallery);
void ph_gallery_cancel_restore(ph_gallery *gallery);

PH_END_C

#endif
