#include "app/voting.h"

#include "peephole/distance.h"

/* What deciding works on, in the caller's scratch. */
typedef struct {
    int32_t owners;
    int32_t count;     /* of the looks that are compared */
    uint64_t *median;  /* [owners] */
    uint64_t *nearest; /* [owners, count], or [count * (count - 1) / 2] */
    int32_t *row;      /* [count] */
    int32_t *vote;     /* [count] whom each look alone would name, PH_NOBODY for nobody */
} ph_ballot;

static size_t distances_in(size_t owners, size_t looks) {
    const size_t pairs = looks < 2 ? 0 : looks * (looks - 1) / 2;
    return owners + (owners * looks > pairs ? owners * looks : pairs);
}

size_t ph_voting_scratch_bytes(int32_t owners, int32_t looks) {
    if (owners < 0 || looks < 0) {
        return 0;
    }
    return distances_in((size_t)owners, (size_t)looks) * sizeof(uint64_t) + 2 * (size_t)looks * sizeof(int32_t);
}

static ph_ballot lay_out(int32_t owners, int32_t looks, void *scratch) {
    uint64_t *median = scratch;
    int32_t *row = (int32_t *)(void *)(median + distances_in((size_t)owners, (size_t)looks));
    return (ph_ballot){owners, 0, median, median + owners, row, row + looks};
}

static int better(const ph_look *a, const ph_look *b) {
    return a->quality.value != b->quality.value ? a->quality.value > b->quality.value : a->time < b->time;
}

int32_t ph_voters(const ph_looks *looks, int32_t votes, int32_t *row) {
    int32_t good = 0;
    for (int32_t i = 0; i < looks->count; i++) {
        if (looks->look[i].quality.fault != PH_FAULT_NONE) {
            continue;
        }
        int32_t place = good++;
        for (; place > 0 && better(&looks->look[i], &looks->look[row[place - 1]]); place--) {
            row[place] = row[place - 1];
        }
        row[place] = i;
    }
    return good < votes ? good : votes < 0 ? 0 : votes;
}

/* Fills `vote`, and then `median` from the same distances, which it puts in order. */
static void tally(ph_ballot *ballot, uint64_t known) {
    for (int32_t i = 0; i < ballot->count; i++) {
        uint64_t least = PH_NO_DISTANCE;
        ballot->vote[i] = PH_NOBODY;
        for (int32_t owner = 0; owner < ballot->owners; owner++) {
            const uint64_t distance = ballot->nearest[(size_t)owner * (size_t)ballot->count + (size_t)i];
            if (distance < least) {
                least = distance;
                ballot->vote[i] = distance <= known ? owner : (int32_t)PH_NOBODY;
            }
        }
    }
    for (int32_t owner = 0; owner < ballot->owners; owner++) {
        ballot->median[owner] = ph_median(ballot->count, ballot->nearest + (size_t)owner * (size_t)ballot->count);
    }
}

/* Compares the looks that stand in ballot->row. */
static ph_status compare(ph_ballot *ballot, const ph_looks *looks, const ph_references *references, uint64_t known,
                         ph_match *match) {
    *match = (ph_match){PH_NOBODY, PH_NO_DISTANCE, PH_NO_DISTANCE};
    if (ballot->count == 0 || references->count == 0) {
        for (int32_t i = 0; i < ballot->count; i++) {
            ballot->vote[i] = PH_NOBODY;
        }
        return PH_OK;
    }
    if (looks->values != references->values) {
        return PH_BAD_SHAPE;
    }
    const ph_status status = ph_nearest_distances(references, ballot->owners, ballot->count, ballot->row,
                                                  looks->descriptor, ballot->nearest);
    if (status == PH_OK) {
        tally(ballot, known);
        *match = ph_rank(ballot->owners, ballot->median);
    }
    return status;
}

/* How many looks alone would name that owner. */
static int32_t agreeing(const ph_ballot *ballot, int32_t owner) {
    int32_t count = 0;
    for (int32_t i = 0; i < ballot->count; i++) {
        count += ballot->vote[i] == owner;
    }
    return count;
}

/* The most looks that would name the same person. */
static int32_t most_agreeing(const ph_ballot *ballot) {
    int32_t most = 0;
    for (int32_t i = 0; i < ballot->count; i++) {
        const int32_t count = ballot->vote[i] == (int32_t)PH_NOBODY ? 0 : agreeing(ballot, ballot->vote[i]);
        most = count > most ? count : most;
    }
    return most;
}

/* The median squared distance of all pairs of votes. */
static uint64_t spread(const ph_ballot *ballot, const ph_looks *looks) {
    int32_t pairs = 0;
    for (int32_t i = 1; i < ballot->count; i++) {
        for (int32_t j = 0; j < i; j++) {
            ph_squared_l2_s16(looks->values, looks->descriptor + (size_t)ballot->row[i] * (size_t)looks->values,
                              looks->descriptor + (size_t)ballot->row[j] * (size_t)looks->values,
                              &ballot->nearest[pairs++]);
        }
    }
    return pairs > 0 ? ph_median(pairs, ballot->nearest) : 0;
}

static ph_reason reason_near(const ph_ballot *ballot, const ph_match *match, const ph_bars *bars,
                             const ph_policy *policy) {
    const int32_t agree = agreeing(ballot, match->owner);
    if (ballot->count < policy->known_sightings) {
        return PH_TOO_FEW_LOOKS;
    }
    if (agree < policy->known_sightings || 2 * agree <= ballot->count) {
        return PH_LOOKS_DISAGREE;
    }
    return ph_margin(match) < bars->margin ? PH_TWO_PEOPLE_ALIKE : PH_LOOKS_AGREE;
}

static ph_reason reason_far(const ph_ballot *ballot, const ph_looks *looks, const ph_match *match, const ph_bars *bars,
                            const ph_policy *policy) {
    if (ballot->count < policy->stranger_sightings) {
        return PH_TOO_FEW_LOOKS;
    }
    /* Looks enough to name somebody, outvoted by others: two people in one visit. */
    if (most_agreeing(ballot) >= policy->known_sightings || spread(ballot, looks) > bars->stranger) {
        return PH_LOOKS_DISAGREE;
    }
    return match->owner == PH_NOBODY ? PH_NOBODY_ENROLLED : PH_FAR_FROM_EVERYBODY;
}

static ph_reason reason_of(const ph_ballot *ballot, const ph_looks *looks, const ph_match *match, const ph_bars *bars,
                           const ph_policy *policy) {
    if (match->distance != PH_NO_DISTANCE && match->distance <= bars->known) {
        return reason_near(ballot, match, bars, policy);
    }
    if (match->distance != PH_NO_DISTANCE && match->distance <= bars->stranger) {
        return PH_BETWEEN_BARS;
    }
    return reason_far(ballot, looks, match, bars, policy);
}

static ph_kind kind_of(ph_reason reason) {
    switch (reason) {
    case PH_LOOKS_AGREE:
        return PH_KNOWN;
    case PH_FAR_FROM_EVERYBODY:
    case PH_NOBODY_ENROLLED:
        return PH_STRANGER;
    default:
        return PH_UNSURE;
    }
}

ph_status ph_decide(const ph_looks *looks, const ph_references *people, int32_t owners, const ph_bars *bars,
                    const ph_policy *policy, void *scratch, ph_decision *decision) {
    if (owners < 0 || looks->count < 0 || people->count < 0) {
        return PH_BAD_SHAPE;
    }
    ph_ballot ballot = lay_out(owners, looks->count, scratch);
    ballot.count = ph_voters(looks, policy->votes, ballot.row);
    const int32_t votes = ballot.count;
    /* Poor looks decide nothing, but whom they are nearest to is still worth telling. */
    for (int32_t i = 0; votes == 0 && i < looks->count; i++) {
        ballot.row[i] = i;
        ballot.count = i + 1;
    }
    ph_match match;
    const ph_status status = compare(&ballot, looks, people, bars->known, &match);
    if (status != PH_OK) {
        return status;
    }
    const ph_reason reason = votes > 0          ? reason_of(&ballot, looks, &match, bars, policy)
                             : looks->count > 0 ? PH_POOR_LOOKS
                                                : PH_TOO_FEW_LOOKS;
    const ph_kind kind = kind_of(reason);
    const uint16_t person = kind == PH_KNOWN ? match.owner : (uint16_t)PH_NOBODY;
    *decision = (ph_decision){kind, reason, person, match.owner, PH_NOBODY, match.distance, ph_margin(&match)};
    return PH_OK;
}

ph_status ph_same_stranger(const ph_looks *looks, const ph_references *strangers, int32_t owners, const ph_bars *bars,
                           const ph_policy *policy, void *scratch, ph_match *match) {
    if (owners < 0 || looks->count < 0 || strangers->count < 0) {
        return PH_BAD_SHAPE;
    }
    ph_ballot ballot = lay_out(owners, looks->count, scratch);
    ballot.count = ph_voters(looks, policy->votes, ballot.row);
    const ph_status status = compare(&ballot, looks, strangers, bars->same_stranger, match);
    if (status == PH_OK && (match->distance == PH_NO_DISTANCE || match->distance > bars->same_stranger)) {
        *match = (ph_match){PH_NOBODY, PH_NO_DISTANCE, PH_NO_DISTANCE};
    }
    return status;
}
