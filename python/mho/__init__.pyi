# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict

from numpy import float32, float64
from numpy.typing import ArrayLike, NDArray

_Path: TypeAlias = str | PathLike[str]
_Value: TypeAlias = bool | int | float | str | PathLike[str] | Mapping[str, Any]
_Progress: TypeAlias = bool | None | Callable[[str, int, int, str], Any]
_Style: TypeAlias = Literal["binary", "float"]
_Data: TypeAlias = _Path | None | tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | list[Any]
_Net: TypeAlias = Network | _Path | bytes
_Hw: TypeAlias = Hardware | _Path

__version__: str

class Error(Exception):
    status: str
    exit_code: int

class UsageError(Error, ValueError): ...
class ConfigError(Error, ValueError): ...
class DomainError(Error, ValueError): ...
class NotModeledError(Error, NotImplementedError): ...
class FileError(Error, OSError): ...
class FormatError(Error, ValueError): ...
class NoDataError(Error, LookupError): ...
class NoModelError(Error, LookupError): ...
class Interrupted(Error): ...
class Note(UserWarning): ...
class OutOfMemory(Error, MemoryError): ...

class Epoch(TypedDict):
    epoch: int
    epochs: int
    train_error: float
    test_error: float
    loss: float
    learning_rate: float
    seconds: float

class Network:
    history: list[Epoch]
    quantization: Result
    def __init__(self, source: _Path | bytes | bytearray | memoryview) -> None: ...
    @staticmethod
    def names() -> list[str]: ...
    @classmethod
    def from_yaml(cls, text: str, place: _Path = ...) -> Network: ...
    @classmethod
    def trained(cls, name: str, style: _Style = ..., data: str = ...) -> Network: ...
    def styled(self, style: _Style = ..., block: str | None = ..., bits: str | None = ...) -> Network: ...
    def with_input(
        self,
        scale: float | str | None = ...,
        *,
        mean: float | Sequence[float] | None = ...,
        std: float | Sequence[float] | None = ...,
        range: tuple[float, float] | str | None = ...,
        layout: Literal["NCHW", "NHWC", "flat"] | None = ...,
    ) -> Network: ...
    @property
    def input(self) -> str: ...
    def save(self, path: _Path) -> None: ...
    def __call__(self, *inputs: ArrayLike, threads: int = ..., progress: _Progress = ...) -> Any: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def input_shape(self) -> tuple[int, int, int]: ...
    @property
    def output_shape(self) -> tuple[int, int, int]: ...
    @property
    def input_scale(self) -> float: ...
    @property
    def has_parameters(self) -> bool: ...
    @property
    def macs(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    @property
    def layers(self) -> list[dict[str, Any]]: ...

class Hardware(Mapping[str, bool | int | float | str]):
    def __init__(self, name: Hardware | _Path = ..., /, **fields: Any) -> None: ...
    @classmethod
    def from_yaml(cls, text: str, place: _Path = ..., **fields: Any) -> Hardware: ...
    def replace(self, **fields: Any) -> Hardware: ...
    def ideal(self) -> Hardware: ...
    @staticmethod
    def names() -> list[str]: ...
    @property
    def name(self) -> str: ...
    @property
    def arch(self) -> str: ...
    @property
    def identity(self) -> int: ...
    @property
    def idle(self) -> dict[str, str]: ...
    def unit(self, key: str) -> str: ...
    def help(self, key: str) -> str: ...
    def origin(self, key: str) -> tuple[str, str]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __getitem__(self, key: str) -> bool | int | float | str: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...

class Record(Mapping[str, Any]):
    def __init__(self, values: Mapping[str, Any]) -> None: ...
    def __getitem__(self, key: str) -> Any: ...
    def __getattr__(self, key: str) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def to_dict(self) -> dict[str, Any]: ...

class Result(Record):
    def save_html(self, path: _Path) -> None: ...
    def to_dataframe(self, part: str | None = ...) -> Any: ...

class Sweep(list[Result]):
    def to_dict(self) -> list[dict[str, Any]]: ...
    def save_html(self, path: _Path) -> None: ...
    def to_dataframe(self) -> Any: ...

class Comparison(Result):
    @property
    def results(self) -> list[Result]: ...
    def to_dataframe(self, part: str | None = ...) -> Any: ...

class Exploration(list[Record]):
    def __init__(self, name: str, rows: list[dict[str, Any]], report: dict[str, Any]) -> None: ...
    name: str
    report: Record
    @property
    def front(self) -> list[Record]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def save_html(self, path: _Path) -> None: ...
    def to_dataframe(self) -> Any: ...

class Chip:
    @property
    def network(self) -> Network: ...
    @property
    def hardware(self) -> Hardware: ...
    @property
    def seed(self) -> int: ...
    @property
    def trial(self) -> int: ...
    def __init__(
        self,
        net: _Net,
        hw: _Hw = ...,
        calibration: _Data | ArrayLike = ...,
        *,
        seed: int = ...,
        trial: int = ...,
        threads: int = ...,
        progress: _Progress = ...,
    ) -> None: ...
    def program(self, seed: int | None = ..., trial: int = ..., *, progress: _Progress = ...) -> dict[str, int]: ...
    def scores(
        self, x: ArrayLike, *, number: int = ..., threads: int | None = ..., progress: _Progress = ...
    ) -> NDArray[float32]: ...
    def labels(self, x: ArrayLike, **keywords: Any) -> NDArray[Any]: ...

class Crossbar:
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def hardware(self) -> Hardware: ...
    @property
    def x_max(self) -> float: ...
    @property
    def signed(self) -> bool: ...
    @property
    def seed(self) -> int: ...
    @property
    def trial(self) -> int: ...
    def __init__(
        self,
        weights: ArrayLike,
        hw: _Hw = ...,
        *,
        x_max: float = ...,
        calibration: ArrayLike | None = ...,
        signed: bool = ...,
        seed: int = ...,
        trial: int = ...,
        threads: int = ...,
        progress: _Progress = ...,
    ) -> None: ...
    def program(self, seed: int | None = ..., trial: int = ...) -> dict[str, int]: ...
    def __rmatmul__(self, x: ArrayLike) -> NDArray[float32]: ...
    def mvm(self, x: ArrayLike, *, out: NDArray[float32] | None = ..., threads: int | None = ...) -> NDArray[float32]: ...

def evaluate(
    net: _Net,
    hw: _Hw = ...,
    data: _Data = ...,
    *,
    images: int = ...,
    trials: int = ...,
    seed: int = ...,
    calibrate_on: Literal["train", "test"] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Result: ...
def simulate(
    net: _Net,
    hw: _Hw = ...,
    data: _Data = ...,
    *,
    images: int = ...,
    trials: int = ...,
    seed: int = ...,
    calibrate_on: Literal["train", "test"] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Result: ...
def sweep(
    net: _Net | None,
    hw: _Hw = ...,
    axes: Mapping[str, str | Sequence[Any] | NDArray[Any]] | None = ...,
    data: _Data = ...,
    *,
    images: int = ...,
    trials: int = ...,
    seed: int = ...,
    ci: float = ...,
    prices: bool = ...,
    calibrate_on: Literal["train", "test"] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Sweep: ...
def explore(
    space: _Path | Mapping[str, Any],
    store: _Path | None = ...,
    *,
    resume: bool = ...,
    network: Network | _Path | None = ...,
    hw: _Hw | None = ...,
    data: _Data = ...,
    set: Mapping[str, _Value] | None = ...,
    images: int = ...,
    trials: int = ...,
    seed: int | None = ...,
    calibrate_on: Literal["train", "test"] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Exploration: ...
def query(store: _Path, sql: str, *, threads: int = ..., progress: _Progress = ...) -> list[dict[str, Any]]: ...
def compare(
    net: _Net,
    hw: Sequence[_Hw] | Mapping[str, _Hw],
    data: _Data = ...,
    *,
    images: int = ...,
    trials: int = ...,
    seed: int = ...,
    calibrate_on: Literal["train", "test"] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Comparison: ...
def map(net: _Net, hw: _Hw = ..., *, threads: int = ..., progress: _Progress = ...) -> Result: ...
def buffer(
    net: _Net, hw: _Hw | None = ..., *, explain: bool = ..., threads: int = ..., progress: _Progress = ...
) -> Result: ...
def quantize(
    net: _Net,
    data: _Data = ...,
    *,
    method: Literal["fixed", "threshold"] = ...,
    test_images: int = ...,
    threads: int = ...,
    progress: _Progress = ...,
    **fields: bool | int | float | str,
) -> Network: ...
def quantize_fields(method: Literal["fixed", "threshold"] = ...) -> dict[str, tuple[str, str]]: ...
def infer(
    net: _Net, data: _Data = ..., *, images: int = ..., threads: int = ..., progress: _Progress = ...
) -> Result: ...
def search(
    net: _Net,
    hw: _Hw = ...,
    *,
    sizes: Sequence[int] = ...,
    within: float | None = ...,
    data: _Data = ...,
    images: int = ...,
    trials: int = ...,
    epochs: int = ...,
    seed: int = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Result: ...
def report(store: _Path, path: _Path, *, threads: int = ..., progress: _Progress = ...) -> None: ...
def cost(
    net: _Net, hw: _Hw = ..., *, explain: bool = ..., threads: int = ..., progress: _Progress = ...
) -> Result: ...
def pipeline(net: _Net, hw: _Hw = ..., *, threads: int = ..., progress: _Progress = ...) -> Result: ...
def train(
    net: _Net,
    data: _Data = ...,
    *,
    style: _Style | None = ...,
    block: str | None = ...,
    bits: str | None = ...,
    epochs: int | None = ...,
    seed: int | None = ...,
    checkpoint: _Path | None = ...,
    resume: bool = ...,
    epoch: Callable[[Epoch], Any] | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
    **fields: bool | int | float,
) -> Network: ...
def train_fields() -> dict[str, tuple[str, str]]: ...
def from_torch(module: Any, example: Any, **options: Any) -> Network: ...
def circuit(
    g: ArrayLike,
    v: ArrayLike,
    *,
    r_row: float = ...,
    r_col: float = ...,
    r_driver: float = ...,
    r_sense: float = ...,
    both_sides: bool = ...,
    floating: ArrayLike | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> NDArray[float64]: ...
def circuit_transfer(
    g: ArrayLike,
    *,
    r_row: float = ...,
    r_col: float = ...,
    r_driver: float = ...,
    r_sense: float = ...,
    both_sides: bool = ...,
    floating: ArrayLike | None = ...,
    approximate: bool = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> Any: ...
def circuit_voltages(
    g: ArrayLike,
    v: ArrayLike,
    *,
    r_row: float = ...,
    r_col: float = ...,
    r_driver: float = ...,
    r_sense: float = ...,
    both_sides: bool = ...,
    floating: ArrayLike | None = ...,
    threads: int = ...,
    progress: _Progress = ...,
) -> tuple[NDArray[float64], NDArray[float64], float]: ...
