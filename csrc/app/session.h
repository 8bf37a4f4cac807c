/* The owner's line: frames, pairing, and sessions that nobody else can read, change, repeat or begin.

   A frame, before it is stuffed (cobs.h); numbers are little-endian:
     version u8, type u8, body, CRC-32 of all before u32
   Owner to device:
     HELLO    the owner's nonce [16]
     PAIR     nothing
     REQUEST  session u32, counter u32, sealed message, tag [16]
   Device to owner:
     WELCOME  the owner's nonce, the device's nonce [16], id of the key [8]
     PAIRED   the new key [32]
     REPLY    as REQUEST; the message begins with the counter u32 of the request
     EVENT    as REQUEST
     REFUSED  reason u8, detail u32

   Keys: HKDF-SHA-256 with both nonces as salt and the paired key as secret expands "peephole session 1" to the key of
   the owner's direction [32] and that of the device's [32]. Sealed is ChaCha20-Poly1305 with the nonce counter u32, 0,
   0, and the frame up to and with the counter as what is bound to it. Counters begin at 0 in each direction. The
   session goes by the first four bytes of the device's nonce.

   A session begins with the first request that opens; until then the one before goes on, so that nobody ends it who
   has no key. The device takes requests in the order of their counters alone. An answer that was lost is not given
   again: the owner hears that the request came before.

   Pairing is the one secret that goes over the line in clear. It takes a button on the device; who listens on the line
   at that moment has the key. An exchange by X25519 would mend that. */
#ifndef PEEPHOLE_APP_SESSION_H
#define PEEPHOLE_APP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chacha20_poly1305.h"
#include "app/cobs.h"

PH_BEGIN_C

#define PH_SESSION_VERSION 1
#define PH_SESSION_KEY_BYTES 32
#define PH_SESSION_KEY_ID_BYTES 8
#define PH_SESSION_NONCE_BYTES 16
#define PH_MESSAGE_BYTES 1024 /* of a request, a reply or an event, at most */
#define PH_NOISE_ANSWERS 8    /* to damaged frames within a second, unless a whole one comes: noise fills no line */
#define PH_PAIRING_TIME 60000 /* milliseconds after the button was pressed */
#define PH_SESSION_HEADER_BYTES 10 /* version, type, session, counter */
#define PH_FRAME_BYTES (PH_SESSION_HEADER_BYTES + PH_MESSAGE_BYTES + PH_AEAD_TAG_BYTES + 4)

typedef enum {
    PH_FRAME_HELLO = 0x01,
    PH_FRAME_PAIR = 0x02,
    PH_FRAME_REQUEST = 0x03,
    PH_FRAME_WELCOME = 0x81, /* what the device sends has the highest bit, and is never answered: lines may echo */
    PH_FRAME_PAIRED = 0x82,
    PH_FRAME_REPLY = 0x83,
    PH_FRAME_EVENT = 0x84,
    PH_FRAME_REFUSED = 0xff,
} ph_frame_type;

typedef enum {
    PH_REFUSED_DAMAGED = 1, /* cut short, too long, or not what its checksum says */
    PH_REFUSED_VERSION = 2, /* detail: the version that the device speaks */
    PH_REFUSED_TYPE = 3,    /* detail: the type; unknown, or of the wrong length */
    PH_REFUSED_UNPAIRED = 4,
    PH_REFUSED_BUTTON = 5,   /* pairing without the button */
    PH_REFUSED_SESSION = 6,  /* detail: the session; unknown, over, or replaced by another owner's */
    PH_REFUSED_REPLAYED = 7, /* detail: the counter; it came before */
    PH_REFUSED_ORDER = 8,    /* detail: the counter that was expected; one before it is missing */
    PH_REFUSED_FORGED = 9,   /* sealed with another key, or changed since; detail: the counter */
    PH_REFUSED_FAILED = 10,  /* the device could not: detail is a ph_status */
} ph_refusal;

/* What a session asks of those around it. */
typedef struct {
    void *context; /* given to every function */
    void (*write)(void *context, const uint8_t *from, int32_t bytes);
    ph_status (*random)(void *context, uint8_t *to, int32_t bytes); /* bytes that nobody can guess */
    ph_status (*read_key)(void *context, uint8_t *key);             /* PH_UNKNOWN: not paired yet */
    ph_status (*store_key)(void *context, const uint8_t *key);      /* for good: it is called before the owner has it */
    /* Answers a request; returns the bytes of the reply, at most `capacity`. */
    int32_t (*answer)(void *context, const uint8_t *request, int32_t bytes, uint8_t *reply, int32_t capacity);
    void (*began)(void *context);                      /* a session did: nothing of the one before goes on */
    void (*paired)(void *context);                     /* the key was replaced; every session is over */
    void (*refused)(void *context, ph_refusal reason); /* every frame that was */
} ph_session_calls;

typedef struct {
    bool there;
    uint32_t number;
    uint32_t expected; /* the counter of the next request */
    uint32_t sent;     /* the counter of the next reply or event */
    uint8_t owner_key[PH_AEAD_KEY_BYTES];
    uint8_t device_key[PH_AEAD_KEY_BYTES];
} ph_session_keys;

typedef struct {
    ph_session_calls calls;
    ph_cobs_reader reader;
    ph_session_keys running;
    ph_session_keys offered; /* by the newest WELCOME */
    int64_t button;          /* when it was pressed; PH_NEVER: not, or it was used */
    int64_t noise_time;      /* when damaged frames began to come, */
    int32_t noise;           /* and how many since then without a whole one between */
    uint8_t in[PH_FRAME_BYTES];
    uint8_t out[PH_FRAME_BYTES];
} ph_session;

void ph_session_open(ph_session *session, const ph_session_calls *calls);

/* Whoever stands at the device wants to pair. */
void ph_session_press(ph_session *session, int64_t time);

/* Takes what has arrived, and answers what is complete. time: now, in milliseconds of the same clock as press's. */
void ph_session_take(ph_session *session, const uint8_t *from, int32_t bytes, int64_t time);

/* Tells the owner of an event (at most PH_MESSAGE_BYTES), if there is a session; false if not. Not within answer. */
bool ph_session_tell(ph_session *session, const uint8_t *event, int32_t bytes);

PH_END_C

#endif
