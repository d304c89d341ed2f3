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
# Limits so high that 429 does not hide what else is wrong; that they hold has its own tests.
SETTINGS = {
    "MENFANG__API__REQUESTS_PER_SECOND": "300",
    "MENFANG__API__BURST": "600",
    "MENFANG__API__FAILED_KEYS_PER_MINUTE": "10000",
    "MENFANG__ACCOUNTS__SIGN_INS_PER_PHONE": "100",
    "MENFANG__ACCOUNTS__SIGN_INS_PER_ADDRESS": "10000",
}


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
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **SETTINGS})
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

    def ask(self, path, body, key=None, base=None):
        """Posts JSON, or gets when there is nothing to post; gives the JSON that is answered."""
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((base or self.facts["url"] + "/api/v1") + path, data=data, headers=headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def organization(self, name):
        """A new organization: its id and a key. What is done to it harms neither the demo's own nor the other run's."""
        made = self.ask("/organizations", {"name": name, "edition": "standard"}, self.facts["platform_key"])
        return made["organization"]["id"], made["api_key"]

    def member(self, organization, key, phone):
        """A registered member of an organization: phone and password."""
        password = "correct horse battery"
        invited = self.ask(f"/organizations/{organization}/members", {"phone": phone}, key)
        invitation = invited["invitation"]["token"]
        self.ask("/accounts/codes", {"phone": phone, "invitation": invitation})
        inbox = self.ask(f"/sandbox/sms?phone=%2B86{phone}", None, base=self.facts["sandbox_url"])
        proof = {"phone": phone, "code": inbox["items"][-1]["code"], "invitation": invitation}
        self.ask("/accounts/register", {**proof, "password": password, "name": "Li Lei"})
        return phone, password


def call_all(url, who, key, organization, member):
    """Calls every route with one key, and those of people as a member; whether all is well."""
    print(f"\n== every route, with a key of {who} ==", flush=True)
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", ROOT / "ci/api/schemathesis.toml"]
    command += ["run", f"{url}/api/openapi.json", "--include-path-regex", r"^/api/(v1/|openapi\.json$)", "--no-color"]
    command += ["--max-examples", os.environ.get("EXAMPLES", "12")]
    seed = os.environ.get("SEED")
    command += ["--seed", seed, "--generation-database", "none"] if seed else ["--generation-deterministic"]
    phone, password = member
    env = {
        **os.environ,
        "MENFANG_HOOKS": str(ROOT / "ci/api/hooks.py"),
        "MENFANG_KEY": key,
        "MENFANG_ORGANIZATION": organization,
        "MENFANG_PHONE": phone,
        "MENFANG_PASSWORD": password,
        "NO_PROXY": "127.0.0.1",
    }
    # Where it may write.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, cwd=folder, env=env, check=False).returncode == 0


def main():
    with Demo() as demo:
        url = demo.facts["url"]
        platform_key = demo.facts["platform_key"]
        first, its_key = demo.organization("Called by the platform")
        second, own_key = demo.organization("Called by itself")
        # One phone may sign in only so often, so each run has a member of its own.
        one, other = demo.member(first, its_key, "13900000001"), demo.member(second, own_key, "13900000002")
        well = [
            call_all(url, "the platform", platform_key, first, one),
            call_all(url, "an organization", own_key, second, other),
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
