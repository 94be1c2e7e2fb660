#!/usr/bin/env python3
"""Updates the customers whose ids stand on standard input, eight requests in flight, each thread on a connection of its
own: what a plain script does, without retries, a journal or a report. The argument is their new plan. Prints how long it took."""

import http.client
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local
from urllib.parse import urlsplit

base = urlsplit(os.environ["PIVOTAL_BASE_URL"])
headers = {"Authorization": "Bearer " + os.environ["PIVOTAL_API_KEY"], "Content-Type": "application/json"}
own = local()


def update(customer):
    if not hasattr(own, "connection"):
        own.connection = http.client.HTTPConnection(base.hostname, base.port)
    body = json.dumps({"plan": sys.argv[1]})
    own.connection.request("PATCH", f"{base.path}/customers/{customer}", body, headers)
    answer = own.connection.getresponse()
    customer = json.loads(answer.read())
    assert answer.status == 200, customer


ids = sys.stdin.read().split()
begun = time.monotonic()
with ThreadPoolExecutor(8) as pool:
    for _ in pool.map(update, ids):
        pass
print(f"{time.monotonic() - begun:.2f}")
