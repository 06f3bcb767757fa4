"""A headless Chromium and one page in it, spoken to through a pipe in the DevTools protocol."""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
    "--mute-audio",
)
TIMEOUT_S = 240.0


def find_chromium() -> str | None:
    """The path of the browser, where there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Page:
    """A page; `requests` are the addresses that it has asked for, `complaints` what its console was told."""

    def __init__(self, program: str, profile: Path, width: int, height: int):
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        # The browser reads from descriptor 3 and writes to 4; higher numbers are never among those.
        high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (to_browser, from_browser)]
        os.close(to_browser), os.close(from_browser)
        options = [*OPTIONS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        self._browser = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{high[0]} 4>&{high[1]}', "bash", program, *options],
            pass_fds=high,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for descriptor in high:
            os.close(descriptor)
        os.set_blocking(self._read, False)
        self._count, self._pending, self._session = 0, b"", ""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser with all its processes."""
        os.killpg(self._browser.pid, signal.SIGKILL)
        self._browser.wait()
        os.close(self._write)
        os.close(self._read)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            for answer in self._messages():
                if answer.get("id") == self._count:
                    assert "error" not in answer, f"{method}: {answer['error']}"
                    return answer["result"]
        raise TimeoutError(f"no answer to {method}")

    def open(self, address: str) -> None:
        """Load a page, up to the first picture."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && typeof viewer === 'object'")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited if need be."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Return when a JavaScript expression is true."""
        end = time.monotonic() + TIMEOUT_S
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"{condition} never came true; {self.complaints}"
            time.sleep(0.05)

    def click(self, x: float, y: float) -> None:
        """Press and release the mouse on a pixel."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_on(self, selector: str) -> None:
        """Click on the middle of an element."""
        middle = f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('{selector}')"
        self.click(*self.evaluate(middle + ".getBoundingClientRect())"))

    def screenshot(self, path: Path) -> Path:
        """Write the page as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return path

    def _messages(self) -> list[dict[str, Any]]:
        """What has come since the last call; events are noted."""
        try:
            self._pending += os.read(self._read, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
            return []
        *whole, self._pending = self._pending.split(b"\0")
        messages = [json.loads(each) for each in whole]
        for message in messages:
            parameters = message.get("params", {})
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            elif message.get("method") == "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            elif message.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            elif message.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                self.complaints.append(str(parameters["args"]))
        return messages
