"""torchvision's models and transforms, also beside a PyTorch that it was not compiled for.

Its package then finds its compiled operators missing and refuses to be imported, because of two
that transforms and models never call. Declared without an implementation they are enough.
"""

import torch

_MISSING = ("nms", "qnms")
_ARGUMENTS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

try:
    from torchvision import models
    from torchvision.transforms import v2
except RuntimeError:  # operator torchvision::nms does not exist
    # The declarations last as long as this object.
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for _name in _MISSING:
        _LIBRARY.define(_name + _ARGUMENTS)
    from torchvision import models
    from torchvision.transforms import v2

__all__ = ["models", "v2"]
