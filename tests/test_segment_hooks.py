"""The hooks for whoever waits: live losses, a message at the end, a stop where a loss is no number."""

from __future__ import annotations

import datetime
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from s2f_helpers.common.types import S2FError
from s2f_helpers.segment import FiniteLoss, LiveLosses, TelegramMessage

TOKEN = "123456:SECRET-not-for-any-log"


def runner_at(step: int):
    """As much of mmengine's runner as a hook looks at."""
    log = logging.getLogger("runner")
    return SimpleNamespace(iter=step, logger=log, optim_wrapper=SimpleNamespace(get_lr=lambda: {"lr": [0.01, 0.02]}))


class Telegram(ThreadingHTTPServer):
    """Answers with the statuses it is given, in turn; "late" answers too late."""

    def __init__(self, *answers):
        self.answers, self.messages = list(answers), []
        super().__init__(("127.0.0.1", 0), Reply)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Reply(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.messages.append((self.path, body))
        status = self.server.answers.pop(0)
        if status == "late":
            time.sleep(1.5)
            return
        self.send_response(status)
        self.send_header("Retry-After", "0.01")
        self.end_headers()
        self.wfile.write(b'{"ok": %s}' % (b"true" if status == 200 else b"false"))

    def log_message(self, *_):
        pass


@pytest.fixture
def telegram(monkeypatch):
    monkeypatch.setenv("S2F_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("S2F_TELEGRAM_CHAT", "42")
    servers = []

    def start(*answers):
        servers.append(Telegram(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def at(hour: int, minute: int = 0):
    return lambda: datetime.datetime(2026, 11, 26, hour, minute)


def test_the_end_of_a_training_is_told_with_its_scores(telegram, caplog):
    server = telegram(200)
    hook = TelegramMessage(api=server.address, clock=at(12))
    hook.after_val_epoch(None, {"coco/segm_mAP": 0.512, "coco/segm_mAP_50": 0.9})
    with caplog.at_level(logging.DEBUG):
        hook.after_train(runner_at(2400))
    ((path, message),) = server.messages
    assert path == f"/bot{TOKEN}/sendMessage" and message["chat_id"] == "42"
    assert message["text"] == "Training finished: 2400 steps, segm_mAP 0.512."
    assert "message sent" in caplog.text and TOKEN not in caplog.text


def test_an_error_is_told(telegram):
    server = telegram(200)
    TelegramMessage(api=server.address, clock=at(12)).stopped(runner_at(7), ValueError("x" * 9999))
    text = server.messages[0][1]["text"]
    assert text.startswith("Training stopped by an error at step 7. ValueError: xxx") and len(text) < 500


@pytest.mark.parametrize(
    ("hour", "minute", "silent"), [(22, 59, False), (23, 0, True), (3, 0, True), (6, 59, True), (7, 0, False)]
)
def test_nights_are_silent(telegram, hour, minute, silent):
    server = telegram(200)
    TelegramMessage(api=server.address, clock=at(hour, minute)).after_train(runner_at(1))
    assert server.messages[0][1]["disable_notification"] is silent


@pytest.mark.parametrize(
    ("answers", "said"),
    [((401,), "answered 401"), ((429, 200), "message sent"), ((429, 429), "answered 429"), ((500,), "answered 500"),
     ((302,), "answered 302"), (("late",), "ReadTimeout")],
)  # fmt: skip
def test_a_failing_service_stops_nothing_and_learns_no_more(telegram, caplog, answers, said):
    server = telegram(*answers)
    with caplog.at_level(logging.DEBUG):
        TelegramMessage(api=server.address, timeout=0.3, clock=at(12)).after_train(runner_at(1))
    assert said in caplog.text and TOKEN not in caplog.text and len(server.messages) == len(answers)


@pytest.mark.parametrize("api", ["http://127.0.0.1:9", "no address"])
def test_no_service_at_all_stops_nothing(telegram, caplog, api):
    with caplog.at_level(logging.DEBUG):
        TelegramMessage(api=api, timeout=0.3).after_train(runner_at(1))
    assert "did not answer" in caplog.text and TOKEN not in caplog.text


def test_without_a_token_nothing_is_sent(telegram, monkeypatch, caplog):
    server = telegram()
    monkeypatch.delenv("S2F_TELEGRAM_TOKEN")
    with caplog.at_level(logging.INFO):
        TelegramMessage(api=server.address).after_train(runner_at(1))
    assert not server.messages and "S2F_TELEGRAM_TOKEN and S2F_TELEGRAM_CHAT are not set" in caplog.text


def test_losses_are_kept_and_drawn_in_one_place(monkeypatch):
    shown = []

    class Place:
        def update(self, figure):
            shown.append(figure)

    monkeypatch.setattr("s2f_helpers.common.live.display", lambda figure, display_id: shown.append(figure) or Place())
    hook = LiveLosses(every=2)
    for step in range(5):
        outputs = {"loss": torch.tensor(1.0 / (step + 1)), "loss_mask": 0.5, "acc": torch.tensor(90.0)}
        hook.after_train_iter(runner_at(100 + step), step, None, outputs)
    hook.after_train(runner_at(105))
    assert [losses["loss"] for losses in hook.history] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert all(losses.keys() == {"loss", "loss_mask"} for losses in hook.history)
    titles = [figure.axes[0].get_title() for figure in shown]
    assert [title.split(",")[0] for title in titles] == [f"losses at step {step}" for step in (102, 104, 105)]
    assert shown[-1].axes[0].lines[0].get_xdata().tolist() == [101, 102, 103, 104, 105]


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_no_number_stops_with_what_to_do(loss):
    hook = FiniteLoss()
    hook.after_train_iter(runner_at(3), 0, None, {"loss": torch.tensor(2.0)})
    with pytest.raises(S2FError, match=r"not finite at step 4, learning rate 0\.02: .* a tenth"):
        hook.after_train_iter(runner_at(3), 0, None, {"loss": torch.tensor(loss)})
