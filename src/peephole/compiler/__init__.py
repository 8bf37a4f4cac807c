"""From an integer program to a memory plan and to C: passes, planner, tiler and emitter.

Knows `fixedpoint`, which knows nothing of it.
"""
