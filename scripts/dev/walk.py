"""A plain loop over the same list, as one would write it in Python: one connection, one page after the other."""
import http.client
import json
import os
from urllib.parse import urlsplit

base = urlsplit(os.environ["PIVOTAL_BASE_URL"])
headers = {"Authorization": "Bearer " + os.environ["PIVOTAL_API_KEY"]}
connection = http.client.HTTPConnection(base.netloc)
rows, cursor = 0, ""
while True:
    connection.request("GET", f"{base.path}/customers?limit=100{cursor}", headers=headers)
    page = json.loads(connection.getresponse().read())
    for row in page["data"]:
        rows += 1
    if not page["has_more"]:
        break
    cursor = "&cursor=" + page["next_cursor"]
# Rows that share a time with the last one of a page are lost in such a loop.
print(rows)
