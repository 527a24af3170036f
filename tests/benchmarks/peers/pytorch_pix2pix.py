"""The networks and the step of the PyTorch pix2pix, written anew from their published shapes; needs torch alone.

    python pytorch_pix2pix.py --threads=2

Generator unet_256 with 64 filters (54.414 M parameters), basic discriminator (2.769 M), batch normalization, dropout,
the vanilla GAN loss with L1 weight 100, Adam(2e-4, betas .5 and .999): D's update, then G's against the updated D. In
bfloat16 the networks and losses run in `torch.autocast`. Reads lines `step 4 bfloat16 3` (or `forward`, batch,
precision, repetitions) and answers each with
the seconds of one by the clock and of the processor, until its input ends.
"""

# mypy: disable-error-code="import-not-found, no-untyped-call"

import contextlib
import sys
import time
from typing import Any

import torch
from torch import nn

GENERATOR_PARAMETERS, DISCRIMINATOR_PARAMETERS = 54_413_955, 2_768_705

_L1_WEIGHT = 100.0


class _Level(nn.Module):
    """One level of the U-Net with all levels below it: `[batch, outer, s, s]` to the same, next to its input."""

    def __init__(
        self, outer: int, inner: int, *, below: Any = None, outermost: bool = False, dropout: bool = False
    ) -> None:
        super().__init__()
        down = nn.Conv2d(outer, inner, 4, 2, 1, bias=False)
        up = nn.ConvTranspose2d(inner * (2 if below else 1), outer, 4, 2, 1, bias=outermost)
        if outermost:
            parts = [down, below, nn.ReLU(True), up, nn.Tanh()]
        elif below is None:
            parts = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, nn.BatchNorm2d(outer)]
        else:
            parts = [nn.LeakyReLU(0.2, True), down, nn.BatchNorm2d(inner), below, nn.ReLU(True), up]
            parts += [nn.BatchNorm2d(outer), *([nn.Dropout(0.5)] if dropout else [])]
        self._parts, self._outermost = nn.Sequential(*parts), outermost

    def forward(self, x: Any) -> Any:
        return self._parts(x) if self._outermost else torch.cat([x, self._parts(x)], 1)


def build_generator() -> Any:
    """Builds unet_256: `[batch, 3, 256, 256]` to the same."""
    level = _Level(512, 512)
    for _ in range(3):
        level = _Level(512, 512, below=level, dropout=True)
    for width in (256, 128, 64):
        level = _Level(width, width * 2, below=level)
    return _initialized(_Level(3, 64, below=level, outermost=True), GENERATOR_PARAMETERS)


def build_discriminator() -> Any:
    """Builds the basic PatchGAN: condition and target, `[batch, 6, 256, 256]`, to logits `[batch, 1, 30, 30]`."""
    parts = [nn.Conv2d(6, 64, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for width, stride in ((64, 2), (128, 2), (256, 1)):
        parts += [nn.Conv2d(width, width * 2, 4, stride, 1, bias=False), nn.BatchNorm2d(width * 2)]
        parts += [nn.LeakyReLU(0.2, True)]
    return _initialized(nn.Sequential(*parts, nn.Conv2d(512, 1, 4, 1, 1)), DISCRIMINATOR_PARAMETERS)


def _initialized(network: Any, parameters: int) -> Any:
    count = sum(weight.numel() for weight in network.parameters())
    assert count == parameters, count
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return network


class Pix2Pix:
    """Networks, optimizers and training step of one precision."""

    def __init__(self, precision: str) -> None:
        self._generator, self._discriminator = build_generator(), build_discriminator()
        networks = (self._generator, self._discriminator)
        self._optimizers = [torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in networks]
        self._gan_loss, self._l1_loss = nn.BCEWithLogitsLoss(), nn.L1Loss()
        self._is_low = precision == "bfloat16"

    def step(self, picture: Any, target: Any) -> None:
        """Updates D, then G."""
        generator_optimizer, discriminator_optimizer = self._optimizers
        self._generator.train()
        with self._precision():
            generated = self._generator(picture)
        self._discriminator.requires_grad_(True)
        discriminator_optimizer.zero_grad()
        with self._precision():
            losses = [self._judge(picture, generated.detach(), 0.0), self._judge(picture, target, 1.0)]
        (0.5 * sum(losses)).backward()
        discriminator_optimizer.step()
        self._discriminator.requires_grad_(False)
        generator_optimizer.zero_grad()
        with self._precision():
            loss = self._judge(picture, generated, 1.0) + _L1_WEIGHT * self._l1_loss(generated, target)
        loss.backward()
        generator_optimizer.step()

    def forward(self, picture: Any, target: Any) -> None:
        """Generates, in inference mode."""
        del target
        self._generator.eval()
        with torch.inference_mode(), self._precision():
            self._generator(picture)

    def _judge(self, picture: Any, judged: Any, label: float) -> Any:
        logits = self._discriminator(torch.cat([picture, judged], 1))
        return self._gan_loss(logits, torch.full_like(logits, label))

    def _precision(self) -> Any:
        return torch.autocast("cpu", torch.bfloat16) if self._is_low else contextlib.nullcontext()


def main() -> None:
    """Answers the lines of the standard input."""
    torch.set_num_threads(int(sys.argv[1].removeprefix("--threads=")))
    print(torch.__version__, flush=True)
    peers = {precision: Pix2Pix(precision) for precision in ("float32", "bfloat16")}
    for line in sys.stdin:
        what, batch, precision, repetitions = line.split()
        call = getattr(peers[precision], what)
        pictures = [torch.rand(int(batch), 3, 256, 256) * 2 - 1 for _ in range(2)]
        before = time.perf_counter(), time.process_time()
        for _ in range(int(repetitions)):
            call(*pictures)
        passed = time.perf_counter() - before[0], time.process_time() - before[1]
        print(*(seconds / int(repetitions) for seconds in passed), flush=True)


if __name__ == "__main__":
    main()
