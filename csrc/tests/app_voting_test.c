/* Anna (0) lies at 0 and Ben (1) at 100; known within 10 (squared 100), stranger beyond 30 (900). */
#include "app/voting.h"

#include "check.h"

#include <string.h>

static const int16_t places_of_two[] = {0, 0, 100, 0};
static const uint16_t owners_of_two[] = {0, 1};
static const ph_references family = {2, 2, owners_of_two, places_of_two};
static const ph_bars bars = {.known = 100, .stranger = 900, .same_stranger = 50, .margin = 20};

enum { MOST = 8 };

typedef struct {
    ph_looks looks;
    ph_look look[MOST];
    int16_t descriptor[MOST * 2];
} scene;

static ph_policy policy_of_tests(void) {
    ph_policy policy = PH_DEFAULT_POLICY;
    policy.votes = 7;
    return policy;
}

static void show(scene *scene, int32_t count, const int16_t *places, ph_fault fault) {
    memset(scene, 0, sizeof *scene);
    scene->looks = (ph_looks){2, MOST, count, scene->look, scene->descriptor};
    for (int32_t i = 0; i < count; i++) {
        scene->look[i].time = i;
        scene->look[i].quality = (ph_quality){80, 50, 9, 500, fault};
        scene->descriptor[2 * i] = places[i];
    }
}

static ph_decision decide(const scene *scene, const ph_references *people, int32_t owners) {
    const ph_policy policy = policy_of_tests();
    ph_decision decision = {0};
    void *scratch = allocate(ph_voting_scratch_bytes(owners, scene->looks.count), 1);
    CHECK_EQUAL(ph_decide(&scene->looks, people, owners, &bars, &policy, scratch, &decision), PH_OK);
    free(scratch);
    return decision;
}

static void a_family(void) {
    const struct {
        int32_t count;
        int16_t places[MOST];
        ph_kind kind;
        uint16_t person;
        ph_reason reason;
    } cases[] = {
        {3, {0, 1, 2}, PH_KNOWN, 0, PH_LOOKS_AGREE},
        {4, {101, 99, 100, 102}, PH_KNOWN, 1, PH_LOOKS_AGREE},
        {2, {0, 1}, PH_UNSURE, PH_NOBODY, PH_TOO_FEW_LOOKS},
        {4, {50, 50, 50, 51}, PH_STRANGER, PH_NOBODY, PH_FAR_FROM_EVERYBODY},
        {3, {50, 50, 51}, PH_UNSURE, PH_NOBODY, PH_TOO_FEW_LOOKS},
        {4, {20, 21, 22, 23}, PH_UNSURE, PH_NOBODY, PH_BETWEEN_BARS},
        {5, {0, 50, 50, 50, 51}, PH_STRANGER, PH_NOBODY, PH_FAR_FROM_EVERYBODY},
        {5, {0, 1, 50, 50, 51}, PH_UNSURE, PH_NOBODY, PH_LOOKS_DISAGREE},
        {4, {0, 1, 2, 50}, PH_KNOWN, 0, PH_LOOKS_AGREE},
        {7, {0, 1, 2, 50, 50, 50, 51}, PH_UNSURE, PH_NOBODY, PH_LOOKS_DISAGREE},
        {6, {0, 1, 2, 100, 101, 102}, PH_UNSURE, PH_NOBODY, PH_LOOKS_DISAGREE},
        /* Not each other's to such a degree: only the looks that name Anna tell of two people. */
        {7, {0, 1, 2, 31, 31, 31, 31}, PH_UNSURE, PH_NOBODY, PH_LOOKS_DISAGREE},
        {4, {50, -50, 150, -100}, PH_UNSURE, PH_NOBODY, PH_LOOKS_DISAGREE},
        {0, {0}, PH_UNSURE, PH_NOBODY, PH_TOO_FEW_LOOKS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene scene;
        show(&scene, cases[i].count, cases[i].places, PH_FAULT_NONE);
        const ph_decision decision = decide(&scene, &family, 2);
        CHECK_EQUAL(decision.kind, cases[i].kind);
        CHECK_EQUAL(decision.person, cases[i].person);
        CHECK_EQUAL(decision.reason, cases[i].reason);
        CHECK_EQUAL(decision.stranger, PH_NOBODY);
    }
}

static void distances_are_told(void) {
    scene scene;
    show(&scene, 3, (const int16_t[]){0, 1, 3}, PH_FAULT_NONE);
    ph_decision decision = decide(&scene, &family, 2);
    CHECK_EQUAL(decision.distance, 1);
    CHECK_EQUAL(decision.margin, 99 * 99 - 1);
    show(&scene, 4, (const int16_t[]){40, 40, 40, 40}, PH_FAULT_NONE);
    decision = decide(&scene, &family, 2);
    CHECK_EQUAL(decision.kind, PH_STRANGER);
    CHECK_EQUAL(decision.nearest, 0);
    CHECK_EQUAL(decision.distance, 1600);
    /* Numbers below `owners` that nobody has take no part. */
    const uint16_t sparse[] = {3, 9};
    const ph_references gaps = {2, 2, sparse, places_of_two};
    decision = decide(&scene, &gaps, 12);
    CHECK_EQUAL(decision.nearest, 3);
    CHECK_EQUAL(decision.margin, 3600 - 1600);
}

static void nobody_or_nothing_to_compare(void) {
    const ph_references nobody = {0, 0, NULL, NULL};
    scene scene;
    show(&scene, 4, (const int16_t[]){1, 1, 1, 1}, PH_FAULT_NONE);
    ph_decision decision = decide(&scene, &nobody, 0);
    CHECK_EQUAL(decision.reason, PH_NOBODY_ENROLLED);
    CHECK(decision.distance == PH_NO_DISTANCE && decision.margin == PH_NO_DISTANCE);
    show(&scene, 4, (const int16_t[]){1, 1, 1, 1}, PH_FAULT_BLURRED);
    decision = decide(&scene, &family, 2);
    CHECK_EQUAL(decision.reason, PH_POOR_LOOKS);
    CHECK_EQUAL(decision.nearest, 0);
    CHECK_EQUAL(decision.distance, 1);
}

static void two_alike(void) {
    const int16_t places[] = {0, 0, 1, 0};
    const ph_references twins = {2, 2, owners_of_two, places};
    scene scene;
    show(&scene, 3, (const int16_t[]){0, 0, 0}, PH_FAULT_NONE);
    CHECK_EQUAL(decide(&scene, &twins, 2).reason, PH_TWO_PEOPLE_ALIKE);
    /* Half of the looks are nearer to the one, half to the other. */
    const int16_t five_apart[] = {0, 0, 5, 0};
    const ph_references siblings = {2, 2, owners_of_two, five_apart};
    show(&scene, 6, (const int16_t[]){0, 0, 0, 4, 4, 4}, PH_FAULT_NONE);
    CHECK_EQUAL(decide(&scene, &siblings, 2).reason, PH_LOOKS_DISAGREE);
    /* All are just as near to either. */
    const int16_t ten_apart[] = {0, 0, 10, 0};
    const ph_references cousins = {2, 2, owners_of_two, ten_apart};
    show(&scene, 3, (const int16_t[]){5, 5, 5}, PH_FAULT_NONE);
    CHECK_EQUAL(decide(&scene, &cousins, 2).reason, PH_TWO_PEOPLE_ALIKE);
    /* 16 away from the one and 36 from the other: a margin that is just wide enough. */
    show(&scene, 3, (const int16_t[]){4, 4, 4}, PH_FAULT_NONE);
    CHECK_EQUAL(decide(&scene, &cousins, 2).reason, PH_LOOKS_AGREE);
}

static void the_best_vote(void) {
    scene scene;
    show(&scene, 5, (const int16_t[]){1, 2, 3, 4, 5}, PH_FAULT_NONE);
    scene.look[1].quality.fault = PH_FAULT_FLAT;
    scene.look[3].quality.value = 900;
    scene.look[4].time = -1;
    int32_t row[5];
    CHECK_EQUAL(ph_voters(&scene.looks, 3, row), 3);
    CHECK(row[0] == 3 && row[1] == 4 && row[2] == 0);
    CHECK_EQUAL(ph_voters(&scene.looks, 9, row), 4);
    CHECK_EQUAL(ph_voters(&scene.looks, -1, row), 0);
}

static void strangers_by_the_stricter_bar(void) {
    const ph_policy policy = policy_of_tests();
    void *scratch = allocate(ph_voting_scratch_bytes(2, 3), 1);
    scene scene;
    ph_match match;
    show(&scene, 3, (const int16_t[]){7, 7, 7}, PH_FAULT_NONE);
    CHECK_EQUAL(ph_same_stranger(&scene.looks, &family, 2, &bars, &policy, scratch, &match), PH_OK);
    CHECK_EQUAL(match.owner, 0);
    CHECK_EQUAL(match.distance, 49);
    show(&scene, 3, (const int16_t[]){8, 8, 8}, PH_FAULT_NONE);
    CHECK_EQUAL(ph_same_stranger(&scene.looks, &family, 2, &bars, &policy, scratch, &match), PH_OK);
    CHECK_EQUAL(match.owner, PH_NOBODY);
    show(&scene, 3, (const int16_t[]){0, 0, 0}, PH_FAULT_TURNED);
    CHECK_EQUAL(ph_same_stranger(&scene.looks, &family, 2, &bars, &policy, scratch, &match), PH_OK);
    CHECK_EQUAL(match.owner, PH_NOBODY);
    free(scratch);
}

static void what_does_not_fit_is_refused(void) {
    const ph_policy policy = policy_of_tests();
    const ph_references longer = {3, 1, owners_of_two, places_of_two};
    void *scratch = allocate(ph_voting_scratch_bytes(2, 3), 1);
    scene scene;
    ph_decision decision;
    show(&scene, 3, (const int16_t[]){0, 0, 0}, PH_FAULT_NONE);
    CHECK_EQUAL(ph_decide(&scene.looks, &longer, 2, &bars, &policy, scratch, &decision), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_decide(&scene.looks, &family, 1, &bars, &policy, scratch, &decision), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_decide(&scene.looks, &family, -1, &bars, &policy, scratch, &decision), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_voting_scratch_bytes(-1, 3), 0);
    CHECK_EQUAL(ph_voting_scratch_bytes(3, 4), 15 * sizeof(uint64_t) + 8 * sizeof(int32_t));
    CHECK_EQUAL(ph_voting_scratch_bytes(2, -1), 0);
    free(scratch);
}

static void distances_beyond_32_bits(void) {
    const int16_t far[] = {32767, 32767};
    const int16_t here[] = {-32768, -32768};
    const ph_references references = {2, 1, owners_of_two, far};
    uint64_t nearest = 0;
    CHECK_EQUAL(ph_nearest_distances(&references, 1, 1, (const int32_t[]){0}, here, &nearest), PH_OK);
    CHECK_EQUAL(nearest, 2 * INT64_C(65535) * 65535);
    const int32_t row[] = {0};
    const ph_references nobody = {2, 0, owners_of_two, far}, fewer = {2, -1, owners_of_two, far};
    CHECK_EQUAL(ph_nearest_distances(&nobody, 1, 1, row, here, &nearest), PH_OK);
    CHECK_EQUAL(nearest, PH_NO_DISTANCE);
    CHECK_EQUAL(ph_nearest_distances(&nobody, 0, 1, row, here, &nearest), PH_OK);
    CHECK_EQUAL(ph_nearest_distances(&fewer, 1, 1, row, here, &nearest), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_nearest_distances(&references, -1, 1, row, here, &nearest), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_nearest_distances(&references, 1, -1, row, here, &nearest), PH_BAD_SHAPE);
    uint64_t distances[] = {4, 1, 3, 2};
    CHECK_EQUAL(ph_median(4, distances), 3);
    CHECK_EQUAL(ph_median(1, distances), 1);
    const ph_match match = ph_rank(4, (const uint64_t[]){7, 5, 5, PH_NO_DISTANCE});
    CHECK_EQUAL(match.owner, 1);
    CHECK_EQUAL(match.runner_up, 5);
}

int main(void) {
    a_family();
    distances_are_told();
    nobody_or_nothing_to_compare();
    two_alike();
    the_best_vote();
    strangers_by_the_stricter_bar();
    what_does_not_fit_is_refused();
    distances_beyond_32_bits();
    FINISH();
}
