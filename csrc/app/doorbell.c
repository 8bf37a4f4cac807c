#include "app/doorbell.h"

#include "app/doorbell_parts.h"

ph_event ph_doorbell_event(const ph_doorbell *bell, ph_event_kind kind) {
    return (ph_event){
        .kind = kind, .time = bell->watch.time, .distance = PH_NO_DISTANCE, .margin = PH_NO_DISTANCE, .status = PH_OK};
}

void ph_doorbell_tell(ph_doorbell *bell, const ph_event *event) {
    if (bell->parts.tell != NULL) {
        bell->parts.tell(bell->parts.listener, event);
    }
}

void ph_doorbell_note(ph_doorbell *bell, ph_problem problem, ph_status status) {
    const bool failed = status != PH_OK;
    if (bell->trouble[problem] != failed) {
        bell->trouble[problem] = failed;
        ph_event event = ph_doorbell_event(bell, PH_EVENT_PROBLEM);
        event.on = failed;
        event.problem = problem;
        event.status = status;
        ph_doorbell_tell(bell, &event);
    }
}

static void tell_door(ph_doorbell *bell, bool on) {
    ph_event event = ph_doorbell_event(bell, PH_EVENT_DOOR);
    event.on = on;
    event.visit = bell->door_visit;
    bell->parts.port->door(bell->parts.port->context, on);
    ph_doorbell_tell(bell, &event);
}

void ph_doorbell_unlock(ph_doorbell *bell, uint32_t visit) {
    if (bell->parts.door_open <= 0) {
        return;
    }
    const bool locked = bell->door_until == PH_NEVER;
    bell->door_until = bell->watch.time + bell->parts.door_open;
    if (locked) {
        bell->door_visit = visit;
        tell_door(bell, true);
    }
}

void ph_doorbell_lock(ph_doorbell *bell) {
    if (bell->door_until != PH_NEVER) {
        bell->door_until = PH_NEVER;
        tell_door(bell, false);
    }
}

/* People who have a reference: each comparison with one adds a chance of an error. */
static uint32_t people_compared(const ph_gallery *gallery) {
    uint32_t people = 0;
    for (int32_t row = 0; row < gallery->people_count; row++) {
        people += gallery->people[row].references > 0;
    }
    return people;
}

ph_status ph_doorbell_refresh(ph_doorbell *bell) {
    const ph_gallery *gallery = bell->parts.gallery;
    const ph_policy *policy = &bell->parts.policy;
    int32_t quality;
    ph_status status = ph_quality_value(policy, 0, 0, 0, &quality); /* refuses what no look could be judged by */
    if (status == PH_OK) {
        status = ph_find_bars(policy, &bell->parts.calibration, people_compared(gallery), &bell->known.bars);
    }
    if (status != PH_OK) {
        return status;
    }
    bell->known.people = ph_gallery_known(gallery);
    bell->known.people_owners = gallery->people_count;
    bell->known.strangers = ph_gallery_seen(gallery);
    bell->known.stranger_owners = gallery->strangers_count;
    bell->changes = gallery->changes;
    bell->fresh = true;
    ph_watch_decide_again(&bell->watch);
    return PH_OK;
}

ph_status ph_doorbell_keep_fresh(ph_doorbell *bell) {
    return bell->fresh && bell->changes == bell->parts.gallery->changes ? PH_OK : ph_doorbell_refresh(bell);
}

static void end_visits(ph_doorbell *bell) {
    const ph_watch_calls calls = ph_doorbell_calls(bell);
    /* A visit that cannot be decided is dropped, and the next one is ended. */
    while (bell->watch.tracker.count > 0) {
        ph_doorbell_note(bell, PH_PROBLEM_FRAME, ph_watch_end_all(&bell->watch, &calls));
    }
}

void ph_doorbell_finish(ph_doorbell *bell) {
    end_visits(bell);
    ph_doorbell_catch_up(bell, true);
    ph_doorbell_lock(bell);
}

static ph_status over(ph_doorbell *bell) {
    ph_doorbell_finish(bell);
    bell->state = PH_OVER;
    return PH_END;
}

static ph_status wake_up(ph_doorbell *bell) {
    const ph_port *port = bell->parts.port;
    const ph_wake wake = port->sleep(port->context);
    if (wake == PH_WAKE_OVER) {
        return over(bell);
    }
    if (wake == PH_WAKE_SERIAL) {
        return PH_OK;
    }
    bell->state = PH_WATCHING;
    bell->last_face = port->time(port->context);
    if (wake == PH_WAKE_BUTTON) {
        ph_event event = ph_doorbell_event(bell, PH_EVENT_BUTTON);
        event.time = bell->last_face;
        ph_doorbell_tell(bell, &event);
    }
    return PH_OK;
}

static ph_status look_at_frame(ph_doorbell *bell, int64_t time) {
    const ph_watch_calls calls = ph_doorbell_calls(bell);
    bool set_back = false;
    ph_status status = ph_watch_set_clock(&bell->watch, &bell->parts.policy, &calls, time, &set_back);
    if (set_back) {
        bell->last_face = time;
        bell->retry = PH_NEVER;
        ph_doorbell_lock(bell); /* when it was unlocked is of another clock */
    }
    if (status == PH_OK) {
        status = ph_doorbell_keep_fresh(bell);
    }
    if (status == PH_OK) {
        status = ph_watch_frame(&bell->watch, &bell->parts.policy, &bell->known, &calls, time);
    }
    return status;
}

/* The clock goes on while the camera gives nothing: visits end. */
static void wait_for_camera(ph_doorbell *bell, ph_status camera, int64_t time) {
    const ph_watch_calls calls = ph_doorbell_calls(bell);
    const ph_status status = ph_watch_wait(&bell->watch, &bell->parts.policy, &calls, time);
    ph_doorbell_note(bell, PH_PROBLEM_CAMERA, camera);
    if (status != PH_OK) {
        ph_doorbell_note(bell, PH_PROBLEM_FRAME, status);
    }
}

/* What time alone brings: the door is locked again, and when nobody is there any more it is time to sleep. */
static void pass_time(ph_doorbell *bell, int64_t time) {
    if (bell->door_until != PH_NEVER && time >= bell->door_until) {
        ph_doorbell_lock(bell);
    }
    const int64_t alone = time - bell->last_face;
    if (alone > bell->parts.policy.gap && alone >= bell->parts.idle_after && bell->door_until == PH_NEVER) {
        end_visits(bell);
        const ph_status tidied = ph_gallery_tidy(bell->parts.gallery);
        if (tidied != PH_OK || bell->waiting == 0) {
            ph_doorbell_note(bell, PH_PROBLEM_STORAGE, tidied);
        }
        bell->state = PH_IDLE;
    }
}

ph_status ph_doorbell_step(ph_doorbell *bell) {
    const ph_port *port = bell->parts.port;
    if (bell->state == PH_OVER) {
        return PH_END;
    }
    ph_doorbell_catch_up(bell, false);
    if (bell->state == PH_IDLE) {
        return wake_up(bell);
    }
    int64_t time = 0;
    const ph_status camera = port->frame(port->context, bell->parts.frame, &time);
    if (camera == PH_END) {
        return over(bell);
    }
    if (camera == PH_OK) {
        ph_doorbell_note(bell, PH_PROBLEM_CAMERA, PH_OK);
        ph_doorbell_note(bell, PH_PROBLEM_FRAME, look_at_frame(bell, time));
        time = bell->watch.time > time ? bell->watch.time : time;
        bell->last_face = bell->watch.count > 0 ? time : bell->last_face;
    } else {
        time = port->time(port->context);
        wait_for_camera(bell, camera, time);
    }
    pass_time(bell, time);
    return PH_OK;
}
