#include "app/tilt.h"

#include <stddef.h>

#include "peephole/tensor.h"

#define ONE (INT64_C(1) << 30) /* of sine and cosine */
#define MOST_TURN 90           /* degrees */
#define SURE 24                /* overlapping hits from which on a face is upright enough */
#define FARTHEST (4 * PH_TILT_PATCH)

/* round(2^30 * sin(d degrees)) */
static const int32_t sine_q30[MOST_TURN + 1] = {
    0,          18739379,   37473049,   56195305,   74900443,   93582766,   112236583,  130856211,  149435979,
    167970228,  186453311,  204879599,  223243478,  241539355,  259761657,  277904834,  295963357,  313931728,
    331804471,  349576144,  367241333,  384794656,  402230767,  419544355,  436730145,  453782903,  470697435,
    487468587,  504091252,  520560366,  536870912,  553017922,  568996477,  584801711,  600428808,  615873009,
    631129609,  646193961,  661061475,  675727625,  690187940,  704438018,  718473518,  732290163,  745883746,
    759250125,  772385229,  785285058,  797945680,  810363241,  822533958,  834454122,  846120104,  857528349,
    868675383,  879557810,  890172315,  900515665,  910584710,  920376381,  929887697,  939115760,  948057759,
    956710970,  965072759,  973140576,  980911966,  988384560,  995556083,  1002424350, 1008987269, 1015242840,
    1021189159, 1026824413, 1032146887, 1037154959, 1041847103, 1046221891, 1050277989, 1054014162, 1057429273,
    1060522280, 1063292242, 1065738315, 1067859754, 1069655912, 1071126243, 1072270298, 1073087729, 1073578288,
    1073741824};

static int64_t sine(int32_t degrees) {
    return degrees < 0 ? -sine_q30[-degrees] : sine_q30[degrees];
}

static int64_t cosine(int32_t degrees) {
    return sine_q30[MOST_TURN - (degrees < 0 ? -degrees : degrees)];
}

/* dividend / divisor, halves upwards; divisor > 0 and even. */
static int64_t rounded(int64_t dividend, int64_t divisor) {
    const int64_t half_more = dividend + divisor / 2;
    const int64_t quotient = half_more / divisor;
    return quotient - (half_more % divisor < 0);
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b) {
    return a < b ? b : a;
}

bool ph_same_place(ph_box a, ph_box b) {
    const int64_t width = smaller(a.x + a.width, b.x + b.width) - larger(a.x, b.x);
    const int64_t height = smaller(a.y + a.height, b.y + b.height) - larger(a.y, b.y);
    const int64_t shared = larger(width, 0) * larger(height, 0);
    /* shared / (both - shared) >= 3 / 10 */
    return 13 * shared >= 3 * ((int64_t)a.width * a.height + (int64_t)b.width * b.height);
}

static bool comes_before(const ph_seen *a, const ph_seen *b) {
    if (a->neighbours != b->neighbours) {
        return a->neighbours > b->neighbours;
    }
    return a->box.x != b->box.x ? a->box.x < b->box.x : a->box.y < b->box.y;
}

int32_t ph_keep_distinct(int32_t count, ph_seen *faces) {
    for (int32_t i = 1; i < count; i++) { /* insertion: there are a handful */
        const ph_seen one = faces[i];
        int32_t at = i;
        for (; at > 0 && comes_before(&one, &faces[at - 1]); at--) {
            faces[at] = faces[at - 1];
        }
        faces[at] = one;
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        bool same = false;
        for (int32_t j = 0; j < kept && !same; j++) {
            same = ph_same_place(faces[i].box, faces[j].box);
        }
        if (!same) {
            faces[kept++] = faces[i];
        }
    }
    return kept;
}

ph_status ph_turned_matrix(ph_box around, int32_t size, int32_t step, int32_t step_of, int32_t degrees,
                           int32_t *matrix) {
    if (!ph_is_side(size) || !ph_is_side(step) || !ph_is_side(step_of)) {
        return PH_BAD_SHAPE;
    }
    if (degrees < -MOST_TURN || degrees > MOST_TURN) {
        return PH_BAD_ARGUMENT;
    }
    const int64_t across = step * cosine(degrees), down = step * sine(degrees); /* Q30, times step_of: below 2^45 */
    const int64_t divisor = step_of * (ONE >> 16);
    const int64_t a = rounded(across, divisor), b = rounded(down, divisor);
    /* Pixel centres lie at whole numbers; the copy's middle, (size - 1) / 2, falls on the box's. Both are doubled: the
       box's is below 2^17, so its product is below 2^62, and the copy's below 2^15 * 2^46. */
    const int64_t middle = size - 1;
    const int64_t box_x = 2 * (int64_t)around.x + around.width - 1, box_y = 2 * (int64_t)around.y + around.height - 1;
    const int64_t x = rounded(box_x * step_of * ONE - middle * (across - down), 2 * divisor);
    const int64_t y = rounded(box_y * step_of * ONE - middle * (across + down), 2 * divisor);
    if (a > INT32_MAX || b > INT32_MAX || b < -INT32_MAX || x > INT32_MAX || x < INT32_MIN || y > INT32_MAX ||
        y < INT32_MIN) {
        return PH_BAD_ARGUMENT;
    }
    const int64_t rows[6] = {a, -b, x, b, a, y};
    for (int i = 0; i < 6; i++) {
        matrix[i] = (int32_t)rows[i];
    }
    return PH_OK;
}

/* The place of a face of the turned copy in the frame, around the same middle; false where it is in none. */
static bool in_frame(const ph_hit *face, ph_box last, int32_t degrees, ph_box *box) {
    const int64_t side = rounded((int64_t)face->side * last.width, PH_TILT_SIDE);
    /* Twice the way from the copy's middle to the face's, in the copy's pixels. */
    const int64_t across = 2 * (int64_t)face->x + face->side - PH_TILT_PATCH;
    const int64_t down = 2 * (int64_t)face->y + face->side - PH_TILT_PATCH;
    if (across > FARTHEST || across < -FARTHEST || down > FARTHEST || down < -FARTHEST || side < 1 ||
        side > INT16_MAX) {
        return false;
    }
    /* 2^10 * 2^31 * 2^15 and 2^17 * 2^7 * 2^30: below 2^57 */
    const int64_t right = (across * cosine(degrees) - down * sine(degrees)) * last.width;
    const int64_t below = (across * sine(degrees) + down * cosine(degrees)) * last.width;
    const int64_t unit = PH_TILT_SIDE * ONE;
    const int64_t x = rounded((2 * (int64_t)last.x + last.width - side) * unit + right, 2 * unit);
    const int64_t y = rounded((2 * (int64_t)last.y + last.height - side) * unit + below, 2 * unit);
    if (x > INT16_MAX || x < INT16_MIN || y > INT16_MAX || y < INT16_MIN) {
        return false;
    }
    *box = (ph_box){(int16_t)x, (int16_t)y, (int16_t)side, (int16_t)side};
    return true;
}

/* Between two frames a face grows or shrinks to at most 8/5 and moves by at most 3/5 of its side. */
static bool is_plausible(ph_box last, ph_box box) {
    if (5 * larger(last.width, box.width) > 8 * smaller(last.width, box.width)) {
        return false;
    }
    /* doubled */
    const int64_t right = 2 * (int64_t)(box.x - last.x) + box.width - last.width;
    const int64_t down = 2 * (int64_t)(box.y - last.y) + box.height - last.height;
    return 25 * (right * right + down * down) <= 36 * (int64_t)last.width * last.width;
}

static bool is_new(ph_box box, int32_t count, const ph_box *others) {
    for (int32_t i = 0; i < count; i++) {
        if (ph_same_place(box, others[i])) {
            return false;
        }
    }
    return true;
}

static int32_t size_of(int32_t value) {
    return value < 0 ? -value : value;
}

/* The surest of some faces, of equally sure ones the one whose tilt has changed least; its tilt becomes the mean of the
   turns at which the detector sees the same face, weighted by how surely: around them lies its true tilt. */
static ph_seen best_of(int32_t count, const ph_seen *found, int32_t tilt) {
    ph_seen best = found[0];
    for (int32_t i = 1; i < count; i++) {
        const int32_t change = size_of(found[i].tilt - tilt), least = size_of(best.tilt - tilt);
        if (found[i].neighbours > best.neighbours || (found[i].neighbours == best.neighbours && change < least)) {
            best = found[i];
        }
    }
    int64_t weight = 0, sum = 0;
    for (int32_t i = 0; i < count; i++) {
        if (ph_same_place(found[i].box, best.box)) {
            weight += found[i].neighbours;
            sum += (int64_t)found[i].tilt * found[i].neighbours;
        }
    }
    best.tilt = weight > 0 ? (int32_t)rounded(2 * sum, 2 * weight) : best.tilt;
    return best;
}

ph_status ph_look_for(const ph_detector *detector, ph_image_size size, const uint8_t *frame, ph_box last, int32_t tilt,
                      int32_t count, const ph_box *others, ph_tilt_scratch *scratch, bool *there, ph_seen *seen) {
    const int32_t turns[3] = {tilt, tilt - PH_TILT_STEP, tilt + PH_TILT_STEP};
    const ph_image_size patch = {PH_TILT_PATCH, PH_TILT_PATCH};
    int32_t found = 0;
    *there = false;
    for (int turn = 0; turn < 3; turn++) {
        const int32_t degrees = turns[turn];
        if (degrees == 0 || degrees < -PH_MOST_TILT || degrees > PH_MOST_TILT) {
            continue; /* upright is what the detector has looked for already */
        }
        int32_t matrix[6], faces;
        ph_status status = ph_turned_matrix(last, PH_TILT_PATCH, last.width, PH_TILT_SIDE, degrees, matrix);
        if (status == PH_OK) {
            status = ph_warp_affine_u8(size, frame, matrix, patch, scratch->patch);
        }
        if (status == PH_OK) {
            status = detector->detect(detector->context, patch, scratch->patch, PH_TILT_FACES, scratch->faces, &faces);
        }
        if (status != PH_OK) {
            return status;
        }
        for (int32_t i = 0; i < faces && found < PH_TILT_FACES; i++) {
            ph_box box;
            if (in_frame(&scratch->faces[i], last, degrees, &box) && is_plausible(last, box) &&
                is_new(box, count, others)) {
                scratch->found[found++] = (ph_seen){box, scratch->faces[i].neighbours, degrees};
            }
        }
    }
    if (found > 0) {
        *there = true;
        *seen = best_of(found, scratch->found, tilt);
    }
    return PH_OK;
}

ph_status ph_straighten(const ph_detector *detector, ph_image_size size, const uint8_t *frame, ph_tilt_scratch *scratch,
                        ph_seen *seen) {
    if (seen->tilt != 0 || seen->neighbours >= SURE) {
        return PH_OK;
    }
    bool there;
    ph_seen turned;
    const ph_status status = ph_look_for(detector, size, frame, seen->box, 0, 0, NULL, scratch, &there, &turned);
    if (status == PH_OK && there && turned.neighbours > seen->neighbours) {
        *seen = turned;
    }
    return status;
}
