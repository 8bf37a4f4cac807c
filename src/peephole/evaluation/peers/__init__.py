"""What other quantizers lose on the same network, the same calibration faces and the same protocol."""
