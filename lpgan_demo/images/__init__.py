"""Images: decode any input to RGB, convert it to network input and back, cut out and rectify regions, draw."""

from .drawing import side_by_side
from .geometry import UNIT_SQUARE, crop_box, map_points, nudge, overlap, rectify, straighten, warp_crop
from .load import MAX_ASPECT, MAX_PIXELS, load_image
from .pixels import MIN_SIDE, binarise, encode_png, network_input, resize, through_jpeg, to_array, to_images, to_tensor

__all__ = [
    "MAX_ASPECT",
    "MAX_PIXELS",
    "MIN_SIDE",
    "UNIT_SQUARE",
    "binarise",
    "crop_box",
    "encode_png",
    "load_image",
    "map_points",
    "network_input",
    "nudge",
    "overlap",
    "rectify",
    "resize",
    "side_by_side",
    "through_jpeg",
    "straighten",
    "to_array",
    "to_images",
    "to_tensor",
    "warp_crop",
]
