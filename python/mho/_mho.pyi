# SPDX-License-Identifier: Apache-2.0
# The extension (python/src): functions of handles, for the modules beside it alone.
from typing import Any

def __getattr__(name: str) -> Any: ...
