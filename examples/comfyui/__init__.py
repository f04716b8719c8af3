"""ComfyUI nodes: upscale depth, and load and save it with 16 bits; the work is done by `dsdmsr`."""

from pathlib import Path
from typing import get_args

import comfy.utils
import folder_paths
import torch
from comfy.cli_args import args

from dsdmsr.io.image_batches import Zero, maps_of, read_batch, write_frames
from dsdmsr.upscaling.image_batches import BatchOptions, upscale_batch


def _arrays(*tensors):
    return (None if tensor is None else tensor.cpu().numpy() for tensor in tensors)


class UpscaleDepth:
    """Upscale grey depth or inverse depth; holes stay holes."""

    RETURN_TYPES, RETURN_NAMES = ("IMAGE", "MASK"), ("image", "holes")
    FUNCTION, CATEGORY, DESCRIPTION = "upscale", "depth", __doc__

    @classmethod
    def INPUT_TYPES(cls):
        required = {"image": ("IMAGE",), **BatchOptions.inputs()}
        return {"required": required, "optional": {"holes": ("MASK",)}}

    def upscale(self, image, holes=None, **options):
        progress = comfy.utils.ProgressBar(len(image)).update_absolute
        done = upscale_batch(*_arrays(image, holes), progress=progress, **options)
        return tuple(map(torch.from_numpy, done))


class LoadDepth:
    """Load a depth file from the input folder with all its bits: 8 or 16 become 0 to 1."""

    RETURN_TYPES, RETURN_NAMES = ("IMAGE", "MASK"), ("image", "holes")
    FUNCTION, CATEGORY, DESCRIPTION = "load", "depth", __doc__

    @classmethod
    def INPUT_TYPES(cls):
        files = sorted(p.name for p in Path(folder_paths.get_input_directory()).glob("[!.]*.*"))
        zero = (list(get_args(Zero)), {"tooltip": "What 0 means in the file."})
        return {"required": {"image": (files, {"image_upload": True}), "zero": zero}}

    def load(self, image, zero):
        path = Path(folder_paths.get_annotated_filepath(image))
        return tuple(map(torch.from_numpy, read_batch(path, zero=zero)))

    @classmethod
    def IS_CHANGED(cls, image, zero):
        return Path(folder_paths.get_annotated_filepath(image)).stat().st_mtime_ns


class SaveDepth:
    """Save depth of 0 to 1 as PNG files of 16 bits, in which 0 is a hole if there are any."""

    RETURN_TYPES, OUTPUT_NODE = (), True
    FUNCTION, CATEGORY, DESCRIPTION = "save", "depth", __doc__

    @classmethod
    def INPUT_TYPES(cls):
        required = {"images": ("IMAGE",), "filename_prefix": ("STRING", {"default": "depth"})}
        hidden = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
        return {"required": required, "optional": {"holes": ("MASK",)}, "hidden": hidden}

    def save(self, images, filename_prefix, holes=None, prompt=None, extra_pnginfo=None):
        maps, output = maps_of(*_arrays(images, holes)), folder_paths.get_output_directory()
        place = folder_paths.get_save_image_path(filename_prefix, output, *maps[0].shape[::-1])
        folder, name, first, subfolder, _ = place
        notes = {} if args.disable_metadata else {"prompt": prompt, **(extra_pnginfo or {})}
        files = write_frames(Path(folder), name, first, maps, notes)
        shown = [{"filename": f, "subfolder": subfolder, "type": "output"} for f in files]
        return {"ui": {"images": shown}}


NODE_CLASS_MAPPINGS = {f"dsdmsr {n.FUNCTION}": n for n in (UpscaleDepth, LoadDepth, SaveDepth)}
