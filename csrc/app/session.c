#include "app/session.h"

#include <string.h>

#include "app/crc32.h"
#include "app/little_endian.h"
#include "app/sha256.h"
#include "app/types.h"

#define CRC_BYTES 4
#define NOISE_TIME 1000 /* milliseconds */
#define LATEST_COUNTER UINT32_MAX

/* Sending */

/* Sends out[0 .. bytes), which begins with version and type. */
static void send_frame(ph_session *session, int32_t bytes) {
    ph_put_u32(session->out + bytes, ph_crc32(0, session->out, (size_t)bytes));
    ph_cobs_write(session->out, bytes + CRC_BYTES, session->calls.write, session->calls.context);
}

static uint8_t *begin_frame(ph_session *session, ph_frame_type type) {
    session->out[0] = PH_SESSION_VERSION;
    session->out[1] = (uint8_t)type;
    return session->out + 2;
}

static void refuse(ph_session *session, ph_refusal reason, uint32_t detail) {
    uint8_t *body = begin_frame(session, PH_FRAME_REFUSED);
    body[0] = (uint8_t)reason;
    ph_put_u32(body + 1, detail);
    send_frame(session, 7);
    session->calls.refused(session->calls.context, reason);
}

/* Noise is answered a few times only; it counts all the same. */
static void refuse_damaged(ph_session *session, int64_t time) {
    if (time < session->noise_time || time - session->noise_time >= NOISE_TIME) {
        session->noise_time = time;
        session->noise = 0;
    }
    if (session->noise < PH_NOISE_ANSWERS) {
        session->noise++;
        refuse(session, PH_REFUSED_DAMAGED, 0);
    } else {
        session->calls.refused(session->calls.context, PH_REFUSED_DAMAGED);
    }
}

static void put_nonce(uint32_t counter, uint8_t *nonce) { /* [PH_AEAD_NONCE_BYTES] */
    memset(nonce, 0, PH_AEAD_NONCE_BYTES);
    ph_put_u32(nonce, counter);
}

/* Seals and sends the message of `bytes` bytes that stands behind the header in out. */
static void send_sealed(ph_session *session, ph_frame_type type, int32_t bytes) {
    ph_session_keys *keys = &session->running;
    uint8_t *body = begin_frame(session, type), *text = session->out + PH_SESSION_HEADER_BYTES;
    uint8_t nonce[PH_AEAD_NONCE_BYTES];
    ph_put_u32(body, keys->number);
    ph_put_u32(body + 4, keys->sent);
    put_nonce(keys->sent, nonce);
    ph_aead_seal(keys->device_key, nonce, session->out, PH_SESSION_HEADER_BYTES, text, (size_t)bytes, text + bytes);
    keys->sent++;
    send_frame(session, PH_SESSION_HEADER_BYTES + bytes + PH_AEAD_TAG_BYTES);
    if (keys->sent == LATEST_COUNTER) {
        ph_wipe(keys, sizeof *keys); /* a nonce is never used twice */
    }
}

bool ph_session_tell(ph_session *session, const uint8_t *event, int32_t bytes) {
    if (!session->running.there || bytes < 0 || bytes > PH_MESSAGE_BYTES) {
        return false;
    }
    memcpy(session->out + PH_SESSION_HEADER_BYTES, event, (size_t)bytes);
    send_sealed(session, PH_FRAME_EVENT, bytes);
    return true;
}

/* Beginning */

static void put_key_id(const uint8_t *key, uint8_t *id) { /* [PH_SESSION_KEY_ID_BYTES] */
    static const char label[] = "peephole key id";
    uint8_t digest[PH_SHA256_BYTES];
    ph_hmac mac;
    ph_hmac_begin(&mac, key, PH_SESSION_KEY_BYTES);
    ph_hmac_take(&mac, label, sizeof label - 1);
    ph_hmac_end(&mac, digest);
    memcpy(id, digest, PH_SESSION_KEY_ID_BYTES);
}

/* nonces: the owner's, then the device's */
static void derive(ph_session_keys *keys, const uint8_t *key, const uint8_t *nonces) {
    static const char label[] = "peephole session 1";
    uint8_t extracted[PH_SHA256_BYTES], both[2 * PH_AEAD_KEY_BYTES];
    ph_hkdf_extract(nonces, 2 * PH_SESSION_NONCE_BYTES, key, PH_SESSION_KEY_BYTES, extracted);
    ph_hkdf_expand(extracted, label, sizeof label - 1, both, sizeof both);
    memcpy(keys->owner_key, both, PH_AEAD_KEY_BYTES);
    memcpy(keys->device_key, both + PH_AEAD_KEY_BYTES, PH_AEAD_KEY_BYTES);
    keys->number = ph_get_u32(nonces + PH_SESSION_NONCE_BYTES);
    keys->expected = 0;
    keys->sent = 0;
    keys->there = true;
    ph_wipe(extracted, sizeof extracted);
    ph_wipe(both, sizeof both);
}

/* Draws the device's nonce: another one if it cannot be told from that of the session that runs, which is one in four
   thousand million. A source that goes on so is none. */
static ph_status draw_nonce(ph_session *session, uint8_t *nonce) { /* [PH_SESSION_NONCE_BYTES] */
    for (int tries = 0; tries < 3; tries++) {
        const ph_status status = session->calls.random(session->calls.context, nonce, PH_SESSION_NONCE_BYTES);
        if (status != PH_OK || !session->running.there || ph_get_u32(nonce) != session->running.number) {
            return status;
        }
    }
    return PH_UNSUPPORTED;
}

static void welcome(ph_session *session, const uint8_t *owner_nonce) {
    uint8_t key[PH_SESSION_KEY_BYTES];
    uint8_t *body = begin_frame(session, PH_FRAME_WELCOME);
    ph_status status = session->calls.read_key(session->calls.context, key);
    if (status == PH_UNKNOWN) {
        refuse(session, PH_REFUSED_UNPAIRED, 0);
        return;
    }
    memcpy(body, owner_nonce, PH_SESSION_NONCE_BYTES);
    if (status == PH_OK) {
        status = draw_nonce(session, body + PH_SESSION_NONCE_BYTES);
    }
    if (status != PH_OK) {
        ph_wipe(key, sizeof key);
        refuse(session, PH_REFUSED_FAILED, status);
        return;
    }
    derive(&session->offered, key, body);
    put_key_id(key, body + 2 * PH_SESSION_NONCE_BYTES);
    ph_wipe(key, sizeof key);
    send_frame(session, 2 + 2 * PH_SESSION_NONCE_BYTES + PH_SESSION_KEY_ID_BYTES);
}

static void pair(ph_session *session, int64_t time) {
    const int64_t since = session->button;
    uint8_t *key = begin_frame(session, PH_FRAME_PAIRED);
    if (since == PH_NEVER || time < since || time - since > PH_PAIRING_TIME) {
        refuse(session, PH_REFUSED_BUTTON, 0);
        return;
    }
    ph_status status = session->calls.random(session->calls.context, key, PH_SESSION_KEY_BYTES);
    if (status == PH_OK) {
        status = session->calls.store_key(session->calls.context, key);
    }
    if (status != PH_OK) {
        ph_wipe(key, PH_SESSION_KEY_BYTES);
        refuse(session, PH_REFUSED_FAILED, status);
        return;
    }
    session->button = PH_NEVER;
    ph_wipe(&session->running, sizeof session->running);
    ph_wipe(&session->offered, sizeof session->offered);
    send_frame(session, 2 + PH_SESSION_KEY_BYTES);
    ph_wipe(key, PH_SESSION_KEY_BYTES);
    session->calls.paired(session->calls.context);
}

/* Requests */

static void reply(ph_session *session, uint32_t counter, const uint8_t *request, int32_t bytes) {
    uint8_t *text = session->out + PH_SESSION_HEADER_BYTES;
    const int32_t count = session->calls.answer(session->calls.context, request, bytes, text + 4, PH_MESSAGE_BYTES - 4);
    ph_put_u32(text, counter);
    send_sealed(session, PH_FRAME_REPLY, count + 4);
}

/* frame [bytes]: without its checksum */
static void take_request(ph_session *session, uint8_t *frame, int32_t bytes) {
    const uint32_t number = ph_get_u32(frame + 2), counter = ph_get_u32(frame + 6);
    const bool is_running = session->running.there && number == session->running.number;
    ph_session_keys *keys = is_running ? &session->running : &session->offered;
    uint8_t nonce[PH_AEAD_NONCE_BYTES], *text = frame + PH_SESSION_HEADER_BYTES;
    const int32_t count = bytes - PH_SESSION_HEADER_BYTES - PH_AEAD_TAG_BYTES;
    if (!keys->there || number != keys->number) {
        refuse(session, PH_REFUSED_SESSION, number);
    } else if (counter < keys->expected) {
        refuse(session, PH_REFUSED_REPLAYED, counter);
    } else if (counter > keys->expected || counter == LATEST_COUNTER) {
        refuse(session, PH_REFUSED_ORDER, keys->expected);
    } else {
        put_nonce(counter, nonce);
        if (!ph_aead_open(keys->owner_key, nonce, frame, PH_SESSION_HEADER_BYTES, text, (size_t)count, text + count)) {
            refuse(session, PH_REFUSED_FORGED, counter);
            return;
        }
        keys->expected++;
        if (!is_running) {
            session->running = session->offered;
            ph_wipe(&session->offered, sizeof session->offered);
            session->calls.began(session->calls.context);
        }
        reply(session, counter, text, count);
    }
}

static void take_frame(ph_session *session, uint8_t *frame, int32_t bytes, int64_t time) {
    const int32_t body = bytes - 2 - CRC_BYTES;
    if (body < 0 || ph_get_u32(frame + bytes - CRC_BYTES) != ph_crc32(0, frame, (size_t)(bytes - CRC_BYTES))) {
        refuse_damaged(session, time);
        return;
    }
    session->noise = 0;
    if (frame[1] & 0x80) {
        return; /* our own words */
    } else if (frame[0] != PH_SESSION_VERSION) {
        refuse(session, PH_REFUSED_VERSION, PH_SESSION_VERSION);
    } else if (frame[1] == PH_FRAME_HELLO && body == PH_SESSION_NONCE_BYTES) {
        welcome(session, frame + 2);
    } else if (frame[1] == PH_FRAME_PAIR && body == 0) {
        pair(session, time);
    } else if (frame[1] == PH_FRAME_REQUEST && body >= PH_SESSION_HEADER_BYTES - 2 + PH_AEAD_TAG_BYTES) {
        take_request(session, frame, bytes - CRC_BYTES);
    } else {
        refuse(session, PH_REFUSED_TYPE, frame[1]);
    }
}

void ph_session_open(ph_session *session, const ph_session_calls *calls) {
    memset(session, 0, sizeof *session);
    session->calls = *calls;
    session->button = PH_NEVER;
    ph_cobs_begin(&session->reader, session->in, PH_FRAME_BYTES);
}

void ph_session_press(ph_session *session, int64_t time) {
    session->button = time;
}

void ph_session_take(ph_session *session, const uint8_t *from, int32_t bytes, int64_t time) {
    for (int32_t i = 0; i < bytes; i++) {
        switch (ph_cobs_take(&session->reader, from[i])) {
        case PH_COBS_FRAME:
            take_frame(session, session->in, session->reader.count, time);
            break;
        case PH_COBS_DAMAGED:
            refuse_damaged(session, time);
            break;
        case PH_COBS_MORE:
            break;
        }
    }
}
