"""From faces in frames to visits with a decision; the state machine is pure.

`doorbell.Doorbell` joins it to detector, network and storage.
"""
