"""The float network and its file."""

from pathlib import Path

import numpy as np
import pytest

from peephole.fixedpoint.float_network import FloatNetwork
from programs import smooth_images, tiny_network


def test_a_convolution_by_hand() -> None:
    network = tiny_network()
    images = smooth_images(3, 17)
    made = network.activations(images)
    x = (images.astype(float) - 128) / 128
    stem = network.layers[0]
    patch = x[1, 4:7, 6:9]
    expected = max(0.0, float((patch * stem.weight[2, ..., 0]).sum() + stem.bias[2]))  # type: ignore[union-attr]
    assert made["conv1"][1, 2, 3, 2] == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(made["mean"][:, 0, 0], made["fire"].mean((1, 2)), rtol=1e-5)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    network = tiny_network()
    network.save(tmp_path / "f.safetensors")
    images = smooth_images(3, 17)
    loaded = FloatNetwork.load(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(loaded.descriptors(images), network.descriptors(images))
    assert loaded.descriptors(images[:0]).shape == (0, 5)


def test_a_truncated_and_a_foreign_file(tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    tiny_network().save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"f\.safetensors: truncated"):
        FloatNetwork.load(path)
    with pytest.raises(FileNotFoundError):
        FloatNetwork.load(tmp_path / "gone.safetensors")


def test_images_of_another_size() -> None:
    with pytest.raises(ValueError, match=r"the network takes grey uint8 \[N,17,17\]"):
        tiny_network().descriptors(smooth_images(2, 16))
