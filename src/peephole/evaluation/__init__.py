"""Measuring a recogniser: verification on pairs of pictures, and the thresholds that follow."""
