/* The decision over a visit: several looks vote, and the reason is always given.

   A single look errs at the calibrated rate, and a visit gives it many chances. So a person's distance is the median
   over the best looks: a stranger is taken for somebody only if more than half of the looks err the same way. The order
   of the looks never matters. */
#ifndef PEEPHOLE_APP_VOTING_H
#define PEEPHOLE_APP_VOTING_H

#include <stddef.h>

#include "app/bars.h"
#include "app/matching.h"
#include "app/policy.h"
#include "app/types.h"

PH_BEGIN_C

typedef enum { PH_UNSURE, PH_KNOWN, PH_STRANGER } ph_kind;

/* Why; in this order `REASONS` of src/peephole/doorbell/voting.py says each in a sentence. */
typedef enum {
    PH_LOOKS_AGREE,
    PH_FAR_FROM_EVERYBODY,
    PH_NOBODY_ENROLLED,
    PH_TOO_FEW_LOOKS,
    PH_POOR_LOOKS,
    PH_BETWEEN_BARS,
    PH_LOOKS_DISAGREE,
    PH_TWO_PEOPLE_ALIKE,
    PH_ASSIGNED, /* from here on: by what the owner did since */
    PH_DISCARDED,
    PH_PERSON_REMOVED,
} ph_reason;

typedef struct {
    ph_kind kind;
    ph_reason reason;
    uint16_t person;   /* when known, else PH_NOBODY */
    uint16_t nearest;  /* person, whatever the kind; PH_NOBODY when nobody is enrolled or nothing could be compared */
    uint16_t stranger; /* PH_NOBODY until it is settled which one it was */
    uint64_t distance; /* squared, to the nearest person; PH_NO_DISTANCE where there is none */
    uint64_t margin;   /* to the second nearest, less `distance`; PH_NO_DISTANCE where there is none */
} ph_decision;

/* Bytes of scratch, aligned to 8 bytes, that deciding about `looks` looks takes; owners: one more than the largest
   number of an owner among the references. 0 for sizes below zero. */
size_t ph_voting_scratch_bytes(int32_t owners, int32_t looks);

/* The looks that vote: good ones, the best by quality (never by likeness), at most `votes`; the older one of equally
   good ones. Writes their rows, best first, and returns how many there are. */
int32_t ph_voters(const ph_looks *looks, int32_t votes, int32_t *row); /* [looks->count] */

/* Decides who a visit was, from every look kept of it; `stranger` stays open. */
ph_status ph_decide(const ph_looks *looks, const ph_references *people, int32_t owners, const ph_bars *bars,
                    const ph_policy *policy, void *scratch, ph_decision *decision);

/* The stranger seen before whose looks these are, by the stricter bar; PH_NOBODY as owner for somebody new. */
ph_status ph_same_stranger(const ph_looks *looks, const ph_references *strangers, int32_t owners, const ph_bars *bars,
                           const ph_policy *policy, void *scratch, ph_match *match);

PH_END_C

#endif
