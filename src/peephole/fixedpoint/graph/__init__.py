"""The typed graph between networks of others and float networks.

Two front ends, `torch_program` and `onnx_model`, build it (`nodes`, `builder`, `windows`); `passes` fold batch norm,
constants, padding and clips into the layers beside them; `lowering` lays the rest out as layers and tensors.
"""
