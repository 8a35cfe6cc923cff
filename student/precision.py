"""Half precision where the hardware knows it, and as much of it as there is where it does not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def in_bfloat16(device: torch.device) -> Iterator[None]:
    """Runs operations in bfloat16 by autocast.

    On a CPU whose vector instructions know no bfloat16 (x86 without AVX-512) oneDNN has no LSTM in it and raises; there
    it is left out, and torch's own recurrences run in float32, all else as elsewhere.

    Args:
        device: where the operations run.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.autocast(device.type, torch.bfloat16))
        if device.type == "cpu" and onednn_lacks_bfloat16():
            with warnings.catch_warnings():  # one about Intel's GPUs, of whoever sets a flag of oneDNN
                warnings.simplefilter("ignore")
                stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        yield


def onednn_lacks_bfloat16() -> bool:
    """Whether oneDNN is there and this CPU has no bfloat16 for it."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return not torch.ops.mkldnn._is_mkldnn_bf16_supported()
