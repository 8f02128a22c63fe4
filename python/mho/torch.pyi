# SPDX-License-Identifier: Apache-2.0
from typing import Any, TypeVar, overload

from torch import Tensor, nn

from . import Hardware, Network, _Hw

__all__ = ["CrossbarConv2d", "CrossbarLinear", "convert", "from_torch"]

_Module = TypeVar("_Module", bound=nn.Module)

def from_torch(module: nn.Module, example: Tensor | tuple[Tensor, ...], **options: Any) -> Network: ...

class _Array:
    x_max: float | None
    seed: int
    redraw: bool
    threads: int
    @property
    def hw(self) -> Hardware: ...
    @hw.setter
    def hw(self, value: _Hw) -> None: ...

class CrossbarLinear(_Array, nn.Linear):
    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = ...,
        *,
        hw: _Hw = ...,
        x_max: float | None = ...,
        seed: int = ...,
        redraw: bool = ...,
        threads: int = ...,
    ) -> None: ...
    def forward(self, input: Tensor) -> Tensor: ...
    def __call__(self, input: Tensor) -> Tensor: ...

class CrossbarConv2d(_Array, nn.Conv2d):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = ...,
        padding: str | int | tuple[int, int] = ...,
        dilation: int | tuple[int, int] = ...,
        groups: int = ...,
        bias: bool = ...,
        padding_mode: str = ...,
        *,
        hw: _Hw = ...,
        x_max: float | None = ...,
        seed: int = ...,
        redraw: bool = ...,
        threads: int = ...,
    ) -> None: ...
    def forward(self, input: Tensor) -> Tensor: ...
    def __call__(self, input: Tensor) -> Tensor: ...

@overload
def convert(  # type: ignore
    module: nn.Linear, hw: _Hw = ..., *, x_max: float | None = ..., seed: int = ..., redraw: bool = ..., threads: int = ...
) -> CrossbarLinear: ...
@overload
def convert(  # type: ignore
    module: nn.Conv2d, hw: _Hw = ..., *, x_max: float | None = ..., seed: int = ..., redraw: bool = ..., threads: int = ...
) -> CrossbarConv2d: ...
@overload
def convert(
    module: _Module, hw: _Hw = ..., *, x_max: float | None = ..., seed: int = ..., redraw: bool = ..., threads: int = ...
) -> _Module: ...
