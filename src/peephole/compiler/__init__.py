"""From an integer program to a memory plan and to C: passes, planner, tiler and emitter.

Knows `fixedpoint`, which knows nothing of it. In the order in which a program goes through:

schedule: steps and buffers, by way of `segments` (which layers run together), `streaming` (in which rows), `overlap`
(what lies over what) and, for comparison, `concatenation` (with copies).
memory: buffers, levels, and the rules that every plan keeps. planner: their offsets, by `heuristic` and `exact`, which
see the problem as `blocks`. device: the plan of the whole device.
tiled_schedule: what each layer does in L1, by `tiler`, `tiles` and the prices of `cost`.
executor: a schedule run in real bytes at the planned offsets. tables, picture: a plan for the eye. emit: C.
peers: what other planners need for the same networks.
"""
