#include "bind.h"

NB_MODULE(_core, m) {
    m.doc() = "The C kernels of peephole; every array is checked before a kernel sees it.";
    // Threads that still wait for a camera when the process ends keep their frames; that is no leak to tell the owner.
    nanobind::set_leak_warnings(false);
    peephole::bind_convolutions(m);
    peephole::bind_pools(m);
    peephole::bind_layers(m);
    peephole::bind_recording(m);
    peephole::bind_kernels(m);
    peephole::bind_cascade(m);
    peephole::bind_similarity(m);
    peephole::bind_app_look(m);
    peephole::bind_app_quality(m);
    peephole::bind_app_tilt(m);
    peephole::bind_app_decisions(m);
    peephole::bind_app_tracking(m);
    peephole::bind_app_watch(m);
    peephole::bind_app_gallery(m);
    peephole::bind_app_device(m);
}
