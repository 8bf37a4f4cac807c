#include "app/look.h"

#include "app/crop.h"
#include "app/pose.h"

static const int32_t unturned[6] = {1 << 16, 0, 0, 0, 1 << 16, 0};

/* How a face stands upright: its box there, and the matrix from there to the frame. */
typedef struct {
    ph_box box;
    int32_t matrix[6]; /* [2,3] Q16 */
} upright;

static ph_status turn_upright(const ph_seen *seen, upright *view) {
    if (seen->tilt == 0) {
        view->box = seen->box;
        for (int i = 0; i < 6; i++) {
            view->matrix[i] = unturned[i];
        }
        return PH_OK;
    }
    view->box = (ph_box){0, 0, seen->box.width, seen->box.width};
    return ph_turned_matrix(seen->box, seen->box.width, 1, 1, seen->tilt, view->matrix);
}

static bool is_sound(const ph_recogniser *recogniser) {
    return recogniser->landmark_size >= 1 && recogniser->landmark_size <= PH_MOST_CROP_SIDE && recogniser->size >= 1 &&
           recogniser->size <= PH_MOST_CROP_SIDE && recogniser->landmark_frac_bits >= 0 &&
           recogniser->landmark_frac_bits <= 15 && recogniser->landmark_looks >= 1;
}

static size_t largest_crop(const ph_recogniser *recogniser) {
    const int32_t side = recogniser->size > recogniser->landmark_size ? recogniser->size : recogniser->landmark_size;
    return (size_t)side * (size_t)side;
}

size_t ph_look_scratch_bytes(const ph_recogniser *recogniser) {
    return is_sound(recogniser) ? largest_crop(recogniser) + PH_SHARPNESS_SCRATCH : 0;
}

/* Cuts a square out of the upright view, straight from the frame. */
static ph_status cut(const upright *view, ph_image_size size, const uint8_t *frame, const int32_t *matrix, int32_t side,
                     uint8_t *crop) {
    int32_t through[6];
    const ph_status status = ph_compose_matrices(view->matrix, matrix, through);
    return status == PH_OK ? ph_warp_affine_u8(size, frame, through, (ph_image_size){side, side}, crop) : status;
}

/* One look of the landmark network, at the square of the upright view that the matrix leads to. */
static ph_status look_once(const ph_recogniser *recogniser, const upright *view, ph_image_size size,
                           const uint8_t *frame, const int32_t *matrix, uint8_t *crop, ph_face_points *found) {
    int16_t told[2 * PH_LANDMARKS];
    ph_status status = cut(view, size, frame, matrix, recogniser->landmark_size, crop);
    if (status == PH_OK) {
        status = recogniser->run_landmarks(recogniser->context, crop, told);
    }
    if (status != PH_OK) {
        return status;
    }
    status = ph_warp_points_s16(recogniser->landmark_size, (uint8_t)recogniser->landmark_frac_bits, told, matrix,
                                found->points);
    if (status == PH_BAD_ARGUMENT) { /* farther away than can be told */
        *found = (ph_face_points){{0}, PH_DOUBT_ORDER};
        return PH_OK;
    }
    found->doubt = ph_doubt_about(found->points, view->box);
    return status;
}

ph_status ph_find_points(const ph_recogniser *recogniser, ph_image_size size, const uint8_t *frame, const ph_seen *seen,
                         uint8_t *scratch, ph_face_points *found) {
    upright view;
    int32_t matrix[6];
    ph_status status = is_sound(recogniser) ? turn_upright(seen, &view) : PH_BAD_SHAPE;
    if (status == PH_OK) {
        status = ph_square_matrix(view.box, recogniser->landmark_size, ph_landmark_rule, matrix);
    }
    if (status == PH_OK) {
        status = look_once(recogniser, &view, size, frame, matrix, scratch, found);
    }
    for (int32_t look = 1; look < recogniser->landmark_looks && status == PH_OK && found->doubt == PH_DOUBT_NONE;
         look++) {
        status = ph_similarity_fit_s32(found->points, recogniser->landmark_template, matrix);
        if (status == PH_OK) {
            status = look_once(recogniser, &view, size, frame, matrix, scratch, found);
        }
    }
    return status;
}

ph_status ph_cut_face(const ph_recogniser *recogniser, ph_image_size size, const uint8_t *frame, const ph_seen *seen,
                      const ph_face_points *found, uint8_t *crop) {
    upright view;
    int32_t matrix[6];
    ph_status status = is_sound(recogniser) ? turn_upright(seen, &view) : PH_BAD_SHAPE;
    if (status == PH_OK) {
        status = recogniser->aligned && found->doubt == PH_DOUBT_NONE
                     ? ph_similarity_fit_s32(found->points, recogniser->template_points, matrix)
                     : ph_square_matrix(view.box, recogniser->size, ph_recogniser_rule, matrix);
    }
    return status == PH_OK ? cut(&view, size, frame, matrix, recogniser->size, crop) : status;
}

ph_status ph_look_at(const ph_recogniser *recogniser, const ph_policy *policy, ph_image_size size, const uint8_t *frame,
                     const ph_seen *seen, uint8_t *scratch, ph_face_points *found, ph_quality *quality,
                     int16_t *descriptor) {
    ph_status status = ph_find_points(recogniser, size, frame, seen, scratch, found);
    if (status == PH_OK) {
        status = ph_cut_face(recogniser, size, frame, seen, found, scratch);
    }
    if (status != PH_OK) {
        return status;
    }
    const bool known = found->doubt == PH_DOUBT_NONE;
    const ph_image_size side = {recogniser->size, recogniser->size};
    status =
        ph_assess(policy, seen->box.width, seen->neighbours, known && ph_is_turned(found->points, policy->most_turned),
                  side, scratch, scratch + largest_crop(recogniser), quality);
    if (status != PH_OK) {
        return status;
    }
    if (recogniser->aligned && !known && quality->fault == PH_FAULT_NONE) {
        quality->fault = PH_FAULT_UNALIGNED;
    }
    return recogniser->run_recogniser(recogniser->context, scratch, descriptor);
}
