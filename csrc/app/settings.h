/* What an owner may change of a doorbell, by name and as whole numbers. */
#ifndef PEEPHOLE_APP_SETTINGS_H
#define PEEPHOLE_APP_SETTINGS_H

#include "app/cbor.h"
#include "app/gallery.h"
#include "app/policy.h"

PH_BEGIN_C

typedef struct {
    ph_policy policy;
    int64_t door_open; /* as in ph_doorbell_parts; 0: the door is never unlocked */
    int64_t idle_after;
    int32_t replace_strangers; /* 1: PH_WHEN_FULL_REPLACE_OLDEST */
} ph_settings;

#define PH_SETTINGS_VERSION 1

/* How many there are, and the name of each. */
int32_t ph_settings_count(void);
const char *ph_settings_name(int32_t index);

/* The index of a name; -1 for none. */
int32_t ph_settings_find(const char *name, int32_t bytes);

/* A setting's value, and the least and the most that it may be. */
int64_t ph_settings_get(const ph_settings *settings, int32_t index);
void ph_settings_range(int32_t index, int64_t *least, int64_t *most);

/* PH_BAD_ARGUMENT, with nothing changed, beyond the range. */
ph_status ph_settings_set(ph_settings *settings, int32_t index, int64_t value);

/* Reads those kept in the gallery's slot into settings, which hold the defaults. Settings of a newer version and values
   out of range are passed over. PH_UNKNOWN: none are kept. scratch: [bytes], as large as a slot. */
ph_status ph_settings_load(const ph_gallery *gallery, ph_settings *settings, uint8_t *scratch, int32_t bytes);

/* Keeps those that differ from the defaults. */
ph_status ph_settings_store(ph_gallery *gallery, const ph_settings *settings, const ph_settings *defaults,
                            uint8_t *scratch, int32_t bytes);

PH_END_C

#endif
