"""Sends template messages by wechatpy from a pool of threads: what is asked on stdin, what it took on stdout, both JSON."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient

asked = json.load(sys.stdin)
WeChatClient.API_BASE_URL = asked["url"] + "/cgi-bin/"
# The token is given, because wechatpy would fetch one from WeChat's own address.
client = WeChatClient(asked["appid"], "", access_token=asked["token"])
# A connection for each thread; by default some of them would be thrown away.
client._http.mount("http://", HTTPAdapter(pool_maxsize=asked["threads"]))
DATA = {"thing1": {"value": "Order 42"}, "time2": {"value": "2026-11-22 18:00"}}


def send(openid):
    return client.message.send_template(openid, asked["template"], DATA)["errcode"] == 0


with ThreadPoolExecutor(asked["threads"]) as pool:
    # The threads are there before the clock runs.
    list(pool.map(time.sleep, [0.01] * asked["threads"]))
    begun, cpu = time.perf_counter(), time.process_time()
    sent = sum(pool.map(send, asked["openids"]))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
if sent != len(asked["openids"]):
    sys.exit("not every message was taken")
json.dump({"sent": sent, "seconds": seconds, "cpu": cpu}, sys.stdout)
