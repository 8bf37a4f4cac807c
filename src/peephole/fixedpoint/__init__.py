"""Fixed-point arithmetic: formats, quantizer, the integer program and its NumPy interpreter."""
