/* What every change of the gallery goes through. */
#ifndef PEEPHOLE_APP_GALLERY_CHANGE_H
#define PEEPHOLE_APP_GALLERY_CHANGE_H

#include "app/gallery.h"
#include "app/gallery_records.h"

/* The tables are read anew if that went wrong before. PH_BUSY while a backup is being restored. */
ph_status ph_gallery_refresh(ph_gallery *gallery);

/* Makes sure that a record of `bytes` bytes can be appended and that what counts then still fits one area, with room
   for a removal after that; for a removal itself (frees) that room is used. Switches areas if need be;
   rows stay what they were, and so do those of their descriptors that can be compared with. */
ph_status ph_gallery_make_room(ph_gallery *gallery, uint32_t bytes, bool frees);

/* Bytes of a record with `count` descriptors behind its fields. */
uint32_t ph_gallery_record_bytes(const ph_gallery *gallery, uint32_t fields, int32_t count);

/* To be called after a record was written: applies it. written: what writing it returned, and what is returned unless
   that was PH_OK. */
ph_status ph_gallery_take_in(ph_gallery *gallery, ph_status written);

#endif
