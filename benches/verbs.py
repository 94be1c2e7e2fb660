"""The same work as verbs.rhai in plain CPython, in the same protocol: dicts in a list, as most people would write it."""
import sys
from time import process_time

COUNT = 100000
PLANS = ["starter", "growth", "enterprise", None]
STATUSES = ["onboarding", "active", "at_risk", "churned", "archived"]

rows = [
    {
        "object": "customer", "id": f"clx{at * 7919 % COUNT}", "display_id": at, "name": f"Customer {at}",
        "domain": f"c{at}.example.com", "slug": f"customer-{at}", "plan": PLANS[at % 4], "status": STATUSES[at * 31 % 5],
        "mrr": at * 7919 % 100003, "monthly_orders": at % 500, "hubspot_company_id": f"hs_{at}",
        "stripe_customer_id": f"cus_{at}", "created_at": f"2026-05-26T12:{at % 60}:00Z",
        "updated_at": "2026-05-26T12:00:00.000Z", "metadata": None,
    }
    for at in range(COUNT)
]
right = [{"customer_id": row["id"], "note": "x"} for row in rows[:2000]]


def group():
    groups = {}
    for row in rows:
        groups.setdefault(row["status"], []).append(row)
    return groups


def count():
    counts = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return counts


def unique():
    seen = {}
    for row in rows:
        seen.setdefault(row["monthly_orders"], row)
    return list(seen.values())


def join():
    by_id = {row["customer_id"]: row for row in right}
    return [{**row, "right": by_id[row["id"]]} for row in rows if row["id"] in by_id]


VERBS = {
    "where": lambda: [row for row in rows if row["plan"] == "growth" and 0 <= row["mrr"] < 50000],
    "filter": lambda: [row for row in rows if row["plan"] == "growth"],
    "map": lambda: [row["mrr"] for row in rows],
    "pluck": lambda: [row["mrr"] for row in rows],
    "sum": lambda: sum(row["mrr"] for row in rows),
    "max_by": lambda: max(rows, key=lambda row: row["mrr"]),
    "count_by": count,
    "group_by": group,
    "sort_by": lambda: sorted(rows, key=lambda row: row["mrr"], reverse=True),
    "unique_by": unique,
    "index_by": lambda: {row["id"]: row for row in rows},
    "join": join,
    "any": lambda: any(row["plan"] == "none" for row in rows),
}
for _ in range(int(sys.argv[1])):
    for verb, work in VERBS.items():
        begun = process_time()
        result = work()
        took = process_time() - begun
        del result
        print(verb, took * 1000)
