"""Half precision where the hardware knows it, and as much of it as there is where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def in_bfloat16(device: torch.device) -> Iterator[None]:
    """Runs operations in bfloat16 by autocast.

    On a CPU whose vector instructions know no bfloat16 (x86 without AVX-512) oneDNN has no LSTM in it and raises; there
    it is left out, and torch's own cells have their products in bfloat16, as those of a GRU have anywhere.

    Args:
        device: where the operations run.
    """
    with torch.autocast(device.type, torch.bfloat16):
        if device.type != "cpu" or not onednn_lacks_bfloat16():
            yield
            return
        before = torch._C._get_mkldnn_enabled()  # torch.backends.mkldnn.flags sets others too, and warns of them
        torch._C._set_mkldnn_enabled(False)
        try:
            yield
        finally:
            torch._C._set_mkldnn_enabled(before)


def onednn_lacks_bfloat16() -> bool:
    """Whether oneDNN is there and this CPU has no bfloat16 for it."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return not torch.ops.mkldnn._is_mkldnn_bf16_supported()
