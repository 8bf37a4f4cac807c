/* The owner's commands, over the gallery and the doorbell: what a session (session.h) carries.

   A request is an array: the command, then what it is about. A reply is one as well: 0 and what was asked for, or an
   error and a text that says what is wrong. Long lists and long byte strings come in pieces: each request says where to
   go on. All of it is CBOR (cbor.h); docs/device.md lists every command.

   Everything is done between two steps of the doorbell. */
#ifndef PEEPHOLE_APP_ADMIN_H
#define PEEPHOLE_APP_ADMIN_H

#include "app/event.h"
#include "app/gallery.h"
#include "app/session.h"
#include "app/settings.h"

PH_BEGIN_C

typedef enum {
    PH_ASK_INFO = 0,
    PH_ASK_PEOPLE = 1,
    PH_ASK_PERSON_LOOK = 2,
    PH_ASK_PUT_LOOK = 3,
    PH_ASK_ADD_PERSON = 4,
    PH_ASK_ADD_LOOKS = 5,
    PH_ASK_AT_DOOR = 6,
    PH_ASK_RENAME = 7,
    PH_ASK_REMOVE = 8,
    PH_ASK_STRANGERS = 9,
    PH_ASK_STRANGER_LOOK = 10,
    PH_ASK_THUMBNAIL = 11,
    PH_ASK_ASSIGN = 12,
    PH_ASK_ASSIGN_NEW = 13,
    PH_ASK_IGNORE = 14,
    PH_ASK_DISCARD = 15,
    PH_ASK_EVENTS = 16,
    PH_ASK_FOLLOW = 17,
    PH_ASK_SETTINGS = 18,
    PH_ASK_SET = 19,
    PH_ASK_STATISTICS = 20,
    PH_ASK_BACKUP = 21,
    PH_ASK_RESTORE = 22,
    PH_ASK_RESTORE_RECORD = 23,
    PH_ASK_RESTORE_END = 24,
    PH_ASK_RESTORE_CANCEL = 25,
    PH_COMMANDS
} ph_command;

/* Beside the numbers of ph_status. */
typedef enum {
    PH_ERROR_MALFORMED = 32, /* not a request that the command understands */
    PH_ERROR_COMMAND = 33,   /* no such command */
    PH_ERROR_MODEL = 34,     /* descriptors of another model */
    PH_ERROR_NOBODY = 35,    /* nobody at the door, or no good look of them yet */
    PH_ERROR_SEVERAL = 36,   /* more than one face at the door */
    PH_ERROR_CHANGED = 37,   /* the list or the log has changed in between: begin again */
    PH_ERROR_LOOKS = 38,     /* the looks that were put are not complete */
    PH_ERROR_RESTORE = 39,   /* no restore was begun, or its records do not make a gallery */
} ph_admin_error;

/* What the device tells of itself; below 0 where it is not known. */
typedef struct {
    int64_t started; /* when it was switched on, by the clock of ph_admin_calls.time */
    int64_t frames;  /* looked at since then */
    int64_t battery; /* millivolts */
    int64_t stack;   /* the deepest that it has been, in bytes; 0 where it is not known */
} ph_admin_statistics;

/* What the commands ask of the doorbell; all but time and write may be NULL. */
typedef struct {
    void *context; /* given to every function */
    void (*write)(void *context, const uint8_t *from, int32_t bytes);
    ph_status (*random)(void *context, uint8_t *to, int32_t bytes);
    int64_t (*time)(void *context); /* milliseconds */
    /* The good looks at the only face at the door: into *looks, which has room for some, or *looks becomes others,
       which the admin may change in this call. PH_UNKNOWN: nobody; PH_TAKEN: several */
    ph_status (*at_door)(void *context, ph_looks *looks);
    /* Goes by these settings from now on; after anything but PH_OK by those before. */
    ph_status (*apply)(void *context, const ph_settings *settings);
    void (*bars)(void *context, ph_bars *bars);
    void (*statistics)(void *context, ph_admin_statistics *statistics);
} ph_admin_calls;

#define PH_ADMIN_EVENTS 24
#define PH_REFUSED_APART 600000   /* milliseconds between two events of frames refused for the same reason, at least */
#define PH_RESTORE_PATIENCE 30000 /* milliseconds without a piece until a restore is given up */

/* What happened beside the doorbell's own events. */
typedef enum {
    PH_ADMIN_DOORBELL, /* event */
    PH_ADMIN_STARTED,
    PH_ADMIN_REFUSED, /* so many frames were refused for one reason, since something else happened or in ten minutes:
                         refusal, count */
    PH_ADMIN_PAIRED,
    PH_ADMIN_SESSION, /* an owner came; again and again without anything else is one event, with the latest time */
    PH_ADMIN_RESTORED,
} ph_admin_event_kind;

typedef struct {
    ph_admin_event_kind kind;
    uint32_t sequence; /* from 1 on */
    uint32_t count;
    ph_refusal refusal;
    int64_t time;
    ph_event event;
} ph_admin_event;

typedef struct {
    ph_session session;
    ph_admin_calls calls;
    ph_gallery *gallery;
    ph_settings settings;
    ph_settings defaults;
    /* Looks on their way to a person. */
    ph_looks looks; /* of room's capacity */
    int32_t put;    /* values of the last look that have come */
    /* Events, in a ring. */
    ph_admin_event event[PH_ADMIN_EVENTS];
    uint32_t events; /* that there have been */
    uint32_t told;   /* to the owner who follows */
    bool following;
    int64_t restore_heard; /* when the last piece came */
    uint32_t restore_left; /* bytes to come of the record that is being restored */
    uint8_t scratch[PH_MESSAGE_BYTES];
} ph_admin;

/* Opens the owner's side of a gallery that is open. looks: room for those that are put, at least one. Settings kept in
   the gallery take the place of the defaults and are applied; settings that cannot be are not taken. */
void ph_admin_open(ph_admin *admin, const ph_admin_calls *calls, ph_gallery *gallery, const ph_settings *defaults,
                   ph_looks looks);

/* The button for pairing was pressed. */
void ph_admin_press(ph_admin *admin);

/* Takes what has come over the line, answers it, and tells what has happened. bytes may be 0. */
void ph_admin_take(ph_admin *admin, const uint8_t *from, int32_t bytes);

/* The listener of a doorbell's events (ph_doorbell_parts.tell), for an admin. */
void ph_admin_tell(void *admin, const ph_event *event);

PH_END_C

#endif
