"""Fixed-point arithmetic: formats, quantizer, the integer program and its NumPy interpreter.

From a network to a program, in this order:

importer, graph: torch and ONNX to a `float_network` of `float_layers`; `window` is how their kernels move. pixels: how
images enter.
quantize: calibrates (`ranges`), evens channels out (`equalise`), gives tensors and weights their formats
(`tensor_formats`, `network_formats`, `mixed` by the choice of `sensitivity`) and rounds (`rounding`, `averages`).
report: what that cost.
program: the result, of `layers`; `validation` has its rules, `proof` its accumulators' bounds, `storage` its file,
`describe` its tables. samples: floats as it takes them. legacy: the old system's network as one.
interpreter: runs it, on the kernels of `reference` or on those in C.
"""
