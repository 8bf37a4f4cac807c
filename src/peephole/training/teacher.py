"""The teacher run while the student learns: a MobileFaceNet (Chen et al., 2018) that is never committed or shipped.

The layers are those of the "y1" network described beside the research pack's `teacher.npz`, whose names the modules
bear. It looks at the very faces that the student sees, so that augmented and mixed faces have true targets.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from peephole.array_files import open_arrays

# Values of the teacher's descriptors.
VALUES = 128
# Batch norm's epsilons, of all layers and of the last one, as the weights need them.
EPSILON, LAST_EPSILON = 1e-3, 2e-5
# Faces that are described at once: on a CPU few, which stay in its cache (8 ms a face on a core, 14 with 64 at once).
CHUNK, CHUNK_ELSEWHERE = 16, 1024


class _Layer(nn.Module):
    """Convolution without bias, batch norm, and PReLU where wanted: [N,I,H,W] -> [N,O,H',W']."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, depthwise: bool = False, slope: bool = True
    ) -> None:
        super().__init__()
        padding = kernel // 2 if kernel < 7 else 0  # the 7x7 window takes the whole map
        groups = inputs if depthwise else 1
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.prelu = nn.PReLU(outputs) if slope else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's map."""
        y: Tensor = self.prelu(self.bn(self.conv(x)))
        return y


class _Bottleneck(nn.Module):
    """Expand by 1x1, filter by 3x3 channel by channel, project by 1x1 without PReLU; add the input where told."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int = 1, residual: bool = False) -> None:
        super().__init__()
        self.sep = _Layer(inputs, middle, 1)
        self.dw = _Layer(middle, middle, 3, stride, depthwise=True)
        self.proj = _Layer(middle, outputs, 1, slope=False)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map."""
        y: Tensor = self.proj(self.dw(self.sep(x)))
        return x + y if self.residual else y


def _repeated(count: int, channels: int, middle: int) -> nn.Sequential:
    return nn.Sequential(*(_Bottleneck(channels, middle, channels, residual=True) for _ in range(count)))


class Teacher(nn.Module):
    """Aligned grey faces to the teacher's descriptors of unit length, without gradients; always in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Layer(3, 64, 3, 2)
        self.conv2_dw = _Layer(64, 64, 3, depthwise=True)
        self.down23 = _Bottleneck(64, 128, 64, 2)
        self.res3 = _repeated(4, 64, 128)
        self.down34 = _Bottleneck(64, 256, 128, 2)
        self.res4 = _repeated(6, 128, 256)
        self.down45 = _Bottleneck(128, 512, 128, 2)
        self.res5 = _repeated(2, 128, 256)
        self.conv6_sep = _Layer(128, 512, 1)
        self.conv6_dw = _Layer(512, 512, 7, depthwise=True, slope=False)
        self.fc = nn.Linear(512, VALUES)
        self.fc_bn = nn.BatchNorm1d(VALUES, eps=LAST_EPSILON)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> "Teacher":
        """Stay in eval mode whatever is asked."""
        return super().train(False)

    def features(self, images: Tensor) -> Tensor:
        """Return descriptors [N,128], not normalised, of RGB images [N,3,112,112] with values 0..255."""
        x = (images - 127.5) * 0.0078125
        for layer in self.children():
            x = layer(x.flatten(1) if layer is self.fc else x)
        return x

    @torch.no_grad()
    def forward(self, faces: Tensor) -> Tensor:
        """Return descriptors [N,128] of unit length of grey faces uint8 [N,1,112,112], cut by the template window."""
        return torch.cat([normalize(self.features(part)) for part in self._as_rgb(faces)])

    @staticmethod
    def _as_rgb(faces: Tensor) -> Iterator[Tensor]:
        for part in torch.split(faces, CHUNK if faces.device.type == "cpu" else CHUNK_ELSEWHERE):
            yield part.float().expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def load_teacher(path: Path) -> Teacher:
    """Read the teacher's weights. Raises `FileNotFoundError`, or `ValueError` for a file of another network."""
    teacher, otherwise = Teacher(), "not the weights of the teacher (teacher.npz of the research pack)"
    with open_arrays(path, "the teacher's weights", otherwise) as arrays:
        state = {name: torch.from_numpy(values) for name, values in arrays.items() if not name.startswith("pre.")}
        answer = teacher.load_state_dict(state, strict=False)
    missing = [name for name in answer.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or answer.unexpected_keys:
        raise ValueError(f"{path}: not the teacher's weights: {(missing + answer.unexpected_keys)[0]} does not fit")
    return teacher.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs
