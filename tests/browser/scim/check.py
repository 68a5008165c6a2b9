"""Checks a SCIM server from outside, and prints what was found as JSON: a list of status, title and reason."""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

http = Client(
    base_url=os.environ["SCIM_URL"],
    headers={"Authorization": f"Bearer {os.environ['SCIM_KEY']}"},
    timeout=60,
)
results = check_server(SyncSCIMClient(http))
found = [
    {
        "status": result.status.name,
        "title": result.title,
        "type": result.resource_type,
        "reason": result.reason,
    }
    for result in results
]
json.dump(found, sys.stdout)
