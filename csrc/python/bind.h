// What each file of this folder adds to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace peephole {

void bind_convolutions(nanobind::module_ &m);
void bind_pools(nanobind::module_ &m);
void bind_layers(nanobind::module_ &m);
void bind_recording(nanobind::module_ &m);
void bind_kernels(nanobind::module_ &m);
void bind_cascade(nanobind::module_ &m);
void bind_similarity(nanobind::module_ &m);
void bind_app_look(nanobind::module_ &m);
void bind_app_quality(nanobind::module_ &m);
void bind_app_tilt(nanobind::module_ &m);
void bind_app_decisions(nanobind::module_ &m);
void bind_app_tracking(nanobind::module_ &m);
void bind_app_watch(nanobind::module_ &m);
void bind_app_gallery(nanobind::module_ &m);
void bind_app_device(nanobind::module_ &m);

} // namespace peephole
