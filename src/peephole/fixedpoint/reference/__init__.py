"""The kernels in pure NumPy: slow, plain, and what the C kernels of the same names must equal bit for bit."""

from peephole.fixedpoint.reference.add_s8 import add_s8
from peephole.fixedpoint.reference.add_s16 import add_s16
from peephole.fixedpoint.reference.average_pool_s8 import average_pool_s8
from peephole.fixedpoint.reference.average_pool_s16 import average_pool_s16
from peephole.fixedpoint.reference.conv2d_s8 import conv2d_s8
from peephole.fixedpoint.reference.conv2d_s16 import conv2d_s16
from peephole.fixedpoint.reference.copy_channels_s8 import copy_channels_s8
from peephole.fixedpoint.reference.copy_channels_s16 import copy_channels_s16
from peephole.fixedpoint.reference.depthwise_conv2d_s8 import depthwise_conv2d_s8
from peephole.fixedpoint.reference.depthwise_conv2d_s16 import depthwise_conv2d_s16
from peephole.fixedpoint.reference.global_average_pool_s8 import global_average_pool_s8
from peephole.fixedpoint.reference.global_average_pool_s16 import global_average_pool_s16
from peephole.fixedpoint.reference.integral_u8 import integral_u8
from peephole.fixedpoint.reference.l2_normalize_s8 import l2_normalize_s8
from peephole.fixedpoint.reference.l2_normalize_s16 import l2_normalize_s16
from peephole.fixedpoint.reference.max_pool_s8 import max_pool_s8
from peephole.fixedpoint.reference.max_pool_s16 import max_pool_s16
from peephole.fixedpoint.reference.resize_u8 import resize_u8
from peephole.fixedpoint.reference.shuffle_channels_s8 import shuffle_channels_s8
from peephole.fixedpoint.reference.shuffle_channels_s16 import shuffle_channels_s16
from peephole.fixedpoint.reference.similarity_fit_s32 import similarity_fit_s32
from peephole.fixedpoint.reference.squared_l2_s16 import squared_l2_many_s16, squared_l2_s16
from peephole.fixedpoint.reference.upsample_s8 import upsample_s8
from peephole.fixedpoint.reference.upsample_s16 import upsample_s16
from peephole.fixedpoint.reference.warp_affine_u8 import warp_affine_u8
from peephole.fixedpoint.reference.warp_points_s16 import warp_points_s16

__all__ = [
    "add_s8",
    "add_s16",
    "average_pool_s8",
    "average_pool_s16",
    "conv2d_s8",
    "conv2d_s16",
    "copy_channels_s8",
    "copy_channels_s16",
    "depthwise_conv2d_s8",
    "depthwise_conv2d_s16",
    "global_average_pool_s8",
    "global_average_pool_s16",
    "integral_u8",
    "l2_normalize_s8",
    "l2_normalize_s16",
    "max_pool_s8",
    "max_pool_s16",
    "resize_u8",
    "shuffle_channels_s8",
    "shuffle_channels_s16",
    "similarity_fit_s32",
    "squared_l2_many_s16",
    "squared_l2_s16",
    "upsample_s8",
    "upsample_s16",
    "warp_affine_u8",
    "warp_points_s16",
]
