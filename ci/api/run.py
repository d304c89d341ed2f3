"""Starts a demo on free ports, lets schemathesis call its API with a platform key and with an organization's, stops it."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
START_SECONDS = 60
STOP_SECONDS = 40
# Far below what the demo is told to allow, so that nobody has to wait, and 429 does not hide what else is wrong.
RATE = "150/s"
LIMITS = {"MENFANG__API__REQUESTS_PER_SECOND": "300", "MENFANG__API__BURST": "600"}
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
]


class Demo:
    """A demo with data of its own, for as long as the block lasts."""

    def __enter__(self):
        self.data = tempfile.TemporaryDirectory(prefix="menfang-api-")
        self.log = pathlib.Path(self.data.name, "log")
        anywhere = "127.0.0.1:0"
        command = [TARGET / "debug/menfang", "demo", "--json", "--data", pathlib.Path(self.data.name, "demo")]
        for flag in ["--listen", "--sandbox-listen", "--ops-listen"]:
            command += [flag, anywhere]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **LIMITS})
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
            line = self.process.stdout.readline() if ready else b""
            if not line:
                raise SystemExit(f"the demo did not start:\n{self.log.read_text()}")
            self.facts = json.loads(line)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors = [line for line in self.log.read_text().splitlines() if '"level":"ERROR"' in line]
        self.data.cleanup()

    def organization(self, name):
        """A new organization: its id and a key. What is done to it harms neither the demo's own nor the other run's."""
        request = urllib.request.Request(
            f"{self.facts['url']}/api/v1/organizations",
            data=json.dumps({"name": name, "edition": "standard"}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.facts['platform_key']}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            made = json.load(answer)
        return made["organization"]["id"], made["api_key"]


def call_all(url, who, key, organization):
    """Calls every route with one key; whether all is well."""
    print(f"\n== every route, with a key of {who} ==", flush=True)
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{url}/api/openapi.json",
        "--include-path-regex",
        r"^/api/(v1/|openapi\.json$)",
        "--header",
        f"Authorization: Bearer {key}",
        "--checks",
        ",".join(CHECKS),
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        os.environ.get("EXAMPLES", "20"),
        "--rate-limit",
        RATE,
        "--request-timeout",
        "20",
        "--suppress-health-check",
        "too_slow,filter_too_much",
        "--continue-on-failure",
        "--warnings",
        "off",
        "--no-color",
    ]
    seed = os.environ.get("SEED")
    command += ["--seed", seed, "--generation-database", "none"] if seed else ["--generation-deterministic"]
    env = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(ROOT / "ci/api/hooks.py"),
        "MENFANG_ORGANIZATION": organization,
        "MENFANG_KEY": key,
        "NO_PROXY": "127.0.0.1",
    }
    # In a folder without a schemathesis.toml, and where it may write.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, cwd=folder, env=env, check=False).returncode == 0


def main():
    with Demo() as demo:
        url = demo.facts["url"]
        first, _ = demo.organization("Called by the platform")
        second, own_key = demo.organization("Called by itself")
        well = [
            call_all(url, "the platform", demo.facts["platform_key"], first),
            call_all(url, "an organization", own_key, second),
        ]
    for line in demo.errors:
        print(f"the server logged an error: {line}")
    if not all(well) or demo.errors or demo.process.returncode != 0:
        print(f"api tests: FAILED (the demo ended with {demo.process.returncode})")
        return 1
    print("api tests: no 5xx, and no answer that is not described")
    return 0


if __name__ == "__main__":
    # So that whoever ends this ends the demo too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
