"""A GPU that is none: tensors moved to "cuda" stay on the CPU, and mixing them with others fails as on a real one.

`begin()` puts it in force in this process. It sees calls from Python; what PyTorch does inside them is as ever.
"""

import accelerate
import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda")
MAY_MIX = {"copy_", "__getitem__", "__setitem__", "__set__", "set_", "_has_compatible_shallow_copy_type"}
"""Functions that take tensors of several devices: copies, and indexing by a tensor on the CPU."""


def on_gpu(tensor) -> bool:
    """Whether a tensor counts as one on the GPU."""
    return getattr(tensor, "_on_stand_in", False)


def marked(tensor):
    """The tensor, which counts as one on the GPU from now on."""
    tensor._on_stand_in = True
    return tensor


def _is_gpu(device) -> bool:
    return device is not None and torch.device(device).type == "cuda"


class StandIn(TorchFunctionMode):
    """Follows which tensors are on the GPU."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = getattr(function, "__name__", "")
        first = args[0] if args else None
        if function == torch.Tensor.device.__get__:
            return GPU if on_gpu(first) else function(*args, **kwargs)
        if function == torch.Tensor.is_cuda.__get__:
            return on_gpu(first)
        if name in ("numpy", "__array__") and on_gpu(first):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")
        if function is torch.Tensor.to:
            return self._moved(*args, **kwargs)
        if function in (torch.Tensor.cpu, torch.Tensor.cuda):
            return self._moved(first, "cpu" if function is torch.Tensor.cpu else "cuda")
        if function == torch.Tensor.data.__set__:
            first._on_stand_in = on_gpu(args[1])
            return function(*args, **kwargs)
        if name == "__deepcopy__":  # its second argument has all that was copied before
            return marked(function(*args, **kwargs)) if on_gpu(first) else function(*args, **kwargs)
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        anywhere = any(map(on_gpu, given))
        if anywhere and name not in MAY_MIX and any(t.dim() and not on_gpu(t) for t in given):
            shapes = [(tuple(t.shape), "cuda" if on_gpu(t) else "cpu") for t in given]
            raise RuntimeError(f"{resolve_name(function) or name}: tensors on different devices: {shapes}")
        asked = kwargs.get("device")
        if _is_gpu(asked):
            kwargs["device"] = "cpu"
        out = function(*args, **kwargs)
        if _is_gpu(asked) or (anywhere and not (asked is not None and torch.device(asked).type == "cpu")):
            tree_map(lambda leaf: marked(leaf) if isinstance(leaf, torch.Tensor) else leaf, out)
        return out

    def _moved(self, tensor, *args, **kwargs):
        """`Tensor.to`: to the CPU whatever is asked for, as a copy where the device changes."""
        if args and isinstance(args[0], torch.Tensor):  # to(other)
            device, rest = GPU if on_gpu(args[0]) else torch.device("cpu"), (args[0].dtype,)
        else:
            device, dtype, non_blocking, layout = torch._C._nn._parse_to(*args, **kwargs)
            rest, kwargs = (dtype,) if dtype is not None else (), {}
            if layout is not None:
                kwargs["memory_format"] = layout
        out = torch.Tensor.to(tensor, *rest, **kwargs) if rest or kwargs else tensor
        wanted = on_gpu(tensor) if device is None else _is_gpu(device)
        if wanted != on_gpu(tensor) and out is tensor:
            out = tensor.clone() if not tensor.requires_grad else tensor * 1
        return marked(out) if wanted else out


def begin() -> None:
    """From now on, this process has a GPU that stands in."""
    accelerate.Accelerator.device = property(lambda self: GPU)
    new = torch.nn.Parameter.__new__

    def parameter(cls, data=None, requires_grad=True):
        made = new(cls, data, requires_grad)
        return marked(made) if data is not None and on_gpu(data) else made

    torch.nn.Parameter.__new__ = parameter
    StandIn().__enter__()
