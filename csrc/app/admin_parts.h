/* What the files of the owner's commands share. */
#ifndef PEEPHOLE_APP_ADMIN_PARTS_H
#define PEEPHOLE_APP_ADMIN_PARTS_H

#include "app/admin.h"

PH_BEGIN_C

/* One request on its way. A command reads what it is about, then writes the reply, which begins with the error. */
typedef struct {
    ph_admin *admin;
    ph_cbor_reader in;
    uint32_t items; /* of the request, without the command */
    ph_cbor_writer out;
} ph_asked;

/* Whether the request had `items` items, was read to its end and is well-formed; if not it says so in the reply. */
bool ph_asked_well(ph_asked *asked, uint32_t items);

/* Begins the reply: so many items come behind the 0. */
void ph_asked_ok(ph_asked *asked, uint32_t items);

/* The whole reply: an error (ph_status or ph_admin_error) and what is wrong. PH_OK: a reply of nothing but the 0. */
void ph_asked_answer(ph_asked *asked, int32_t error, const char *what);

/* A time, or null for PH_NEVER. */
void ph_put_time(ph_cbor_writer *writer, int64_t time);

/* The commands, by what they are about. */
void ph_answer_people(ph_asked *asked, ph_command command);
void ph_answer_looks(ph_asked *asked, ph_command command);
void ph_answer_strangers(ph_asked *asked, ph_command command);
void ph_answer_events(ph_asked *asked, ph_command command);
void ph_answer_settings(ph_asked *asked, ph_command command);
void ph_answer_backup(ph_asked *asked, ph_command command);

/* Adds an event to the ring; good until the next one. */
ph_admin_event *ph_admin_note(ph_admin *admin, ph_admin_event_kind kind);

/* Tells the owner who follows what was not told yet. */
void ph_admin_tell_all(ph_admin *admin);

/* Gives up a restore that nobody goes on with. */
void ph_admin_watch_restore(ph_admin *admin, bool now);

PH_END_C

#endif
