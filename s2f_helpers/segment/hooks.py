"""MMEngine hooks for whoever waits: a live plot, a word to the phone, and a stop where a loss is no number."""

from __future__ import annotations

import datetime
import logging
import os
import time
from collections.abc import Callable
from functools import partial

import matplotlib.pyplot as plt
import requests
import torch
from mmdet.registry import HOOKS
from mmengine.dist import master_only
from mmengine.hooks import Hook

from s2f_helpers.common.live import LiveFigure, draw_losses
from s2f_helpers.common.types import S2FError

__all__ = ["FiniteLoss", "LiveLosses", "TelegramMessage"]

API = "https://api.telegram.org"
NIGHT = (23, 7)  # hours between which messages make no sound
LONGEST_WAIT = 10  # seconds, when the service asks for patience
LETTERS = 300  # of an error's text


@HOOKS.register_module()
class FiniteLoss(Hook):
    """Stop a training whose loss is infinite or no number: it would go on to write such weights."""

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Look at the sum of the losses.

        Raises:
            S2FError: with the step and what to change.
        """
        if not torch.isfinite(torch.as_tensor(outputs["loss"])):
            rate = max(runner.optim_wrapper.get_lr()["lr"])
            raise S2FError(
                f"the loss is not finite at step {runner.iter + 1}, learning rate {rate:.2g}: most often the rate is "
                "too high for so few pictures a step. Take a tenth of it, in a new folder."
            )


@HOOKS.register_module()
class LiveLosses(Hook):
    """Draw the losses in the notebook while Mask R-CNN learns, always in the same place.

    Args:
        every: steps between two drawings.

    Attributes:
        history: the losses by name, one dict a step.
    """

    def __init__(self, every: int = 20) -> None:
        self.every = every
        self.history: list[dict[str, float]] = []
        self._figure = LiveFigure()

    @master_only
    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        self.history.append({name: float(value) for name, value in outputs.items() if "loss" in name})
        if self.every_n_train_iters(runner, self.every):
            self._draw(runner.iter + 1)

    @master_only
    def after_train(self, runner) -> None:
        if self.history and len(self.history) % self.every:
            self._draw(runner.iter)

    def _draw(self, step: int) -> None:
        figure, axis = plt.subplots(figsize=(9, 3), dpi=72, layout="compressed")
        draw_losses(axis, self.history, step)
        self._figure.show(figure)


@HOOKS.register_module()
class TelegramMessage(Hook):
    """Tell a person's Telegram that a training has ended. No service, no network, no token: it trains on.

    The bot's token and the chat come from ``S2F_TELEGRAM_TOKEN`` and ``S2F_TELEGRAM_CHAT`` and are written nowhere.
    From 23:00 to 07:00 local time the message makes no sound. https://core.telegram.org/bots/api#sendmessage

    Args:
        api: address of the service.
        timeout: seconds to wait for it.
        clock: the local time.
    """

    def __init__(
        self, api: str = API, timeout: float = 10.0, clock: Callable[[], datetime.datetime] = datetime.datetime.now
    ) -> None:
        self.api, self.timeout, self.clock = api, timeout, clock
        self._scores: dict[str, float] = {}

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        self._scores = {name: value for name, value in (metrics or {}).items() if name.endswith("_mAP")}

    @master_only
    def after_train(self, runner) -> None:
        scores = "".join(f", {name.split('/')[-1]} {value:.3f}" for name, value in self._scores.items())
        runner.logger.info(self._send(f"Training finished: {runner.iter} steps{scores}."))

    @master_only
    def stopped(self, runner, error: Exception) -> None:
        """Tell that ``error`` ended the training; :func:`s2f_helpers.segment.train.train` calls this."""
        said = f"{type(error).__name__}: {error}"[:LETTERS]
        runner.logger.info(self._send(f"Training stopped by an error at step {runner.iter}. {said}"))

    def _send(self, text: str) -> str:
        """Send it, once more where the service asks for patience; says how that went, without the token."""
        token, chat = os.environ.get("S2F_TELEGRAM_TOKEN"), os.environ.get("S2F_TELEGRAM_CHAT")
        if not token or not chat:
            return "No Telegram message: S2F_TELEGRAM_TOKEN and S2F_TELEGRAM_CHAT are not set."
        hour = self.clock().hour
        message = {"chat_id": chat, "text": text, "disable_notification": hour >= NIGHT[0] or hour < NIGHT[1]}
        post = partial(requests.post, f"{self.api}/bot{token}/sendMessage", json=message, timeout=self.timeout,
                       allow_redirects=False)  # fmt: skip
        log = logging.getLogger("urllib3.connectionpool")  # it logs addresses when someone debugs
        before, log.disabled = log.disabled, True
        try:
            answer = post()
            if answer.status_code == 429:
                time.sleep(min(LONGEST_WAIT, float(answer.headers.get("Retry-After", 1))))
                answer = post()
        except (requests.RequestException, ValueError) as error:  # its text has the address, and so the token
            return f"No Telegram message: the service did not answer ({type(error).__name__})."
        finally:
            log.disabled = before
        if answer.status_code == 200:
            return "Telegram message sent."
        return f"No Telegram message: the service answered {answer.status_code} (400: check the chat; 401: the token)."
